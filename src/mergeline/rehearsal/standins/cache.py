"""Stand-in for actions/cache/restore and actions/cache/save: folders kept by key, within the scopes GitHub allows.

Nothing here is yours to edit. A run reads the entries of its own ref, of the branch it would be merged into and of the
default branch, and writes only those of its own ref: a pull request cannot put anything where main would read it.
`seed` holds what lies in the checkout that is rehearsed; it stands for what main's last run left.
"""

import hashlib
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from mergeline.rehearsal.standins.common import read_input, set_output


def main() -> None:
    """Restore or save what the inputs `path`, `key` and `restore-keys` say."""
    {"restore": restore, "save": save}[sys.argv[1]]()


def restore() -> None:
    """Bring back the newest entry whose key fits, and say by `cache-hit` whether it is the very key."""
    key, paths = read_input("key"), read_paths()
    set_output("cache-primary-key", key)
    found = find_entry(key, paths)
    if found:
        for number, path in enumerate(paths):
            copy(found / str(number), path)
        matched = (found / "key").read_text()
        set_output("cache-matched-key", matched)
        set_output("cache-hit", "true" if matched == key else "false")
        print(f"cache: restored '{matched}'")
        return
    seeded = [path for path in paths if read_input("restore-keys") and copy(store() / "seed" / path, path)]
    set_output("cache-hit", "false" if seeded else "")
    print(f"cache: restored {', '.join(map(str, seeded))} from the rehearsed checkout" if seeded else "cache: nothing")


def save() -> None:
    """Keep the folders under the key, unless the key is taken in this scope."""
    key, paths = read_input("key"), read_paths()
    entry = scope(os.environ["GITHUB_REF"]) / name_entry(key, paths)
    if entry.exists():
        print(f"cache: '{key}' is there already")
        return
    entry.mkdir(parents=True)
    kept = [str(path) for number, path in enumerate(paths) if copy(path, entry / str(number))]
    (entry / "key").write_text(key)
    print(f"cache: saved '{key}': {', '.join(kept) or 'nothing'}")


def find_entry(key: str, paths: list[Path]) -> Path | None:
    """Return the entry with `key`, else the newest whose key begins with one of `restore-keys`, or None."""
    entries = [entry for entry in visible_entries() if entry.name.startswith(version(paths))]
    entries.sort(key=lambda entry: -(entry / "key").stat().st_mtime)
    keys = {entry: (entry / "key").read_text() for entry in entries}
    prefixes = [line.strip() for line in read_input("restore-keys").splitlines() if line.strip()]
    exact = (entry for entry in entries if keys[entry] == key)
    similar = (entry for prefix in prefixes for entry in entries if keys[entry].startswith(prefix))
    return next(exact, None) or next(similar, None)


def visible_entries() -> Iterator[Path]:
    """Yield the entries of every scope that this run may read."""
    base = os.environ.get("GITHUB_BASE_REF", "")
    names = dict.fromkeys([os.environ["GITHUB_REF"], f"refs/heads/{base or 'main'}", "refs/heads/main"])
    for name in names:
        yield from (entry for entry in scope(name).glob("*") if (entry / "key").exists())


def read_paths() -> list[Path]:
    """Return the input `path`, line by line."""
    return [Path(line.strip()) for line in read_input("path").splitlines() if line.strip()]


def copy(source: Path, target: Path) -> bool:
    """Copy a folder or file over `target`; return whether there was one."""
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True, copy_function=_copy_file)
    elif source.is_file():
        target.parent.mkdir(parents=True, exist_ok=True)
        _copy_file(str(source), str(target))
    return source.exists()


def _copy_file(source: str, target: str) -> None:
    # A file of DVC's cache is read-only and never changes: the one that is there is the same.
    if not Path(target).exists():
        shutil.copy2(source, target)


def store() -> Path:
    """Return the folder of all entries."""
    return Path(os.environ["REHEARSAL_CACHE"])


def scope(ref: str) -> Path:
    """Return the folder of the entries of `ref`."""
    return store() / "scopes" / quote(ref, safe="")


def name_entry(key: str, paths: list[Path]) -> str:
    """Return the folder name of an entry; as on GitHub, other paths make another entry of the same key."""
    return f"{version(paths)}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"


def version(paths: list[Path]) -> str:
    """Return a digest of the list of paths."""
    return hashlib.sha256("\n".join(map(str, paths)).encode()).hexdigest()[:16]


if __name__ == "__main__":
    main()
