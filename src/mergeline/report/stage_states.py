"""Which stages the tree's reports really come from: `dvc.lock` against the tree, and against the base's `dvc.lock`.

Nothing here is yours to edit: stages are declared in `dvc.yaml`. `dvc status` answers the first question too, but not
the second, and takes seconds; this reads the same files.
"""

import hashlib
from collections.abc import Iterable, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from mergeline.procurement.contents import compute_directory_hash

Content = Mapping[str, Any]


def compute_stage_states(
    pipeline: Content, lock: Content, base_lock: Content | None, params: Content, known: Mapping[str, str], folder: Path
) -> list[dict[str, Any]]:
    """Return each stage of `dvc.yaml` with what speaks against its reports and what the change did to its inputs.

    Parameters
    ----------
    pipeline, lock, base_lock, params : mapping
        Content of dvc.yaml, of dvc.lock now and at the base (None: unknown), of params.yaml.
    known : mapping of str to str
        Hashes of paths that need no hashing: the data, by their `.dvc` file.
    folder : Path
        Top of the repository.

    Returns
    -------
    list of dict
        `name`; `stale`, the reasons why its outputs are not what the tree makes (empty if they are); `changed`, its
        inputs that differ from the base's (None without a base).
    """
    recorded, before = lock.get("stages") or {}, (base_lock or {}).get("stages") or {}
    made = {out["path"]: out.get("md5", "") for entry in recorded.values() for out in entry.get("outs") or []}
    ignored = read_ignored(folder)
    states: list[dict[str, Any]] = []
    behind: set[str] = set()
    for name, stage in (pipeline.get("stages") or {}).items():
        entry = recorded.get(name)
        stale = ["never reproduced"] if entry is None else []
        for path in map(_name, stage.get("deps") or []):
            if path in behind:
                stale.append(f"waits for {path}")
            elif entry is not None:
                now = known.get(path) or made.get(path) or hash_path(folder / path, ignored)
                stale += [path] if now != _hashes(entry, "deps").get(path) else []
        if entry is not None:
            stale += _compare_words(stage, entry, params)
            kept = [out for out in _list_outs(stage) if not isinstance(out, str) and _is_kept(out)]
            stale += [
                path
                for path in map(_name, kept)
                if hash_path(folder / path, ignored) != _hashes(entry, "outs").get(path)
            ]
        if stale:
            behind.update(map(_name, _list_outs(stage)))
        changed = None if base_lock is None else compare_inputs(before.get(name), entry)
        states.append({"name": str(name), "stale": stale, "changed": changed})
    return states


def compare_inputs(before: Content | None, now: Content | None) -> list[str]:
    """Return the inputs (paths, parameter groups, the command) that differ between two entries of `dvc.lock`."""
    if before is None or now is None:
        return [] if before is now else ["new stage" if before is None else "not reproduced"]
    changed = ["command"] if before.get("cmd") != now.get("cmd") else []
    pairs = (_hashes(before, "deps"), _hashes(now, "deps")), (_groups(before), _groups(now))
    for old, new in pairs:
        changed += [key for key in sorted({*old, *new}) if old.get(key) != new.get(key)]
    return changed


def hash_path(path: Path, ignored: Iterable[str] = ()) -> str | None:
    """Return the hash that DVC gives to a file or folder; None if there is none."""
    if path.is_file():
        return hashlib.md5(path.read_bytes()).hexdigest()
    if not path.is_dir():
        return None
    patterns = list(ignored)
    files = {}
    for file in path.rglob("*"):
        relative = file.relative_to(path)
        skipped = any(fnmatch(part, pattern) for part in relative.parts for pattern in patterns)
        if file.is_file() and not skipped:
            files[relative.as_posix()] = hashlib.md5(file.read_bytes()).hexdigest()
    return compute_directory_hash(files)


def read_ignored(folder: Path) -> list[str]:
    """Return the patterns of `.dvcignore`."""
    file = folder / ".dvcignore"
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def _compare_words(stage: Content, entry: Content, params: Content) -> list[str]:
    stale = ["command"] if " ".join(str(stage.get("cmd")).split()) != " ".join(str(entry.get("cmd")).split()) else []
    groups = _groups(entry)
    return stale + [
        f"parameters {group}"
        for group in stage.get("params") or []
        if isinstance(group, str) and groups.get(f"parameters {group}") != _look_up(params, group)
    ]


def _look_up(params: Any, dotted: str) -> Any:
    for key in dotted.split("."):
        params = params.get(key) if isinstance(params, Mapping) else None
    return params


def _groups(entry: Content) -> dict[str, Any]:
    files = (entry.get("params") or {}).values()
    return {f"parameters {group}": value for content in files for group, value in content.items()}


def _hashes(entry: Content, kind: str) -> dict[str, str]:
    return {item["path"]: item.get("md5", "") for item in entry.get(kind) or []}


def _list_outs(stage: Content) -> list[Any]:
    return [out for kind in ("outs", "metrics", "plots") for out in stage.get(kind) or []]


def _is_kept(out: Content) -> bool:
    return all(isinstance(options, Mapping) and options.get("cache") is False for options in out.values())


def _name(item: Any) -> str:
    return str(item if isinstance(item, str) else next(iter(item)))
