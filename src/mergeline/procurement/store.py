"""The DVC cache and remote, as far as one folder needs them; nothing is believed that was not read and hashed.

Nothing here is yours to edit: `dvc remote add -d NAME URL` shares the data. DVC copies a damaged object from a remote
into the cache, and from there into the workspace, without a word and with exit status 0; hence the checks.
"""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from mergeline.errors import MergelineError
from mergeline.shell import QUIET


@dataclass(frozen=True)
class Store:
    """Where this repository's DVC keeps objects.

    Attributes
    ----------
    cache : Path
        Folder of the cache.
    remote : str
        Name of the default remote; "" if none is configured.
    """

    cache: Path
    remote: str

    def find_object(self, oid: str) -> Path:
        """Return the path that the object with hash `oid` has in the cache."""
        return self.cache / "files" / "md5" / oid[:2] / oid[2:]

    def read_listing(self, oid: str) -> dict[str, str]:
        """Return the files (relative path to MD5) of the folder with hash `oid`; empty if the cache cannot tell."""
        path = self.find_object(oid)
        if not is_intact(path, oid):
            return {}
        return {entry["relpath"]: entry["md5"] for entry in json.loads(path.read_bytes())}

    def find_damage(self, oid: str) -> list[str]:
        """Return the files of the folder with hash `oid` that the cache lacks or holds damaged; none if it is whole."""
        listing = self.read_listing(oid)
        if not listing:
            return ["the list of files"]
        return [relative for relative, md5 in listing.items() if not is_intact(self.find_object(md5), md5)]

    def drop_damaged(self, oids: Iterable[str]) -> None:
        """Remove those of the objects `oids` from the cache that are not what their names say.

        DVC neither notices nor replaces them: it would go on to hand them out.
        """
        for oid in oids:
            path = self.find_object(oid)
            if path.exists() and not is_intact(path, oid):
                path.unlink()


def is_intact(path: Path, oid: str) -> bool:
    """Return whether there is a file at `path` whose MD5 is `oid`."""
    if not path.is_file():
        return False
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "md5").hexdigest() == oid.removesuffix(".dir")


def find_store() -> Store:
    """Return the store of the DVC repository in the current folder.

    Raises
    ------
    MergelineError
        If DVC cannot read its configuration.
    """
    done = _call("config", "--list")
    _check(done, fix="run the command from the top of the repository; mend .dvc/config")
    settings = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    return Store(Path(settings.get("cache.dir", ".dvc/cache")), settings.get("core.remote", ""))


def pull_objects(pointer: Path) -> None:
    """Let DVC bring what `pointer` names from the remote into the cache; whether it did, `find_damage` tells."""
    _run("fetch", str(pointer))


def checkout(pointer: Path) -> None:
    """Let DVC make the folder of `pointer` from the cache; whether it did, the folder's hash tells."""
    _run("checkout", "--quiet", "--force", str(pointer))


def commit(pointer: Path) -> str:
    """Let DVC put the folder of `pointer` into the cache, and return the first error it reports; "" if there is none.

    Raises
    ------
    MergelineError
        If DVC exits with an error.
    """
    done = _call("commit", "--quiet", "--force", str(pointer))
    _check(done, fix="mend what DVC names and run the same command again")
    return _first_error(done.stderr)


def _run(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "dvc", *arguments], env={**os.environ, **QUIET}, check=False)


def _call(*arguments: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "dvc", *arguments]
    return subprocess.run(command, env={**os.environ, **QUIET}, check=False, capture_output=True, text=True)


def _check(done: "subprocess.CompletedProcess[str]", fix: str) -> None:
    if done.returncode:
        arguments = done.args[3:]
        raise MergelineError(
            f"dvc {arguments[0]} failed: {_first_error(done.stderr) or f'exit status {done.returncode}'}",
            where=f"dvc {' '.join(arguments)}",
            fix=fix,
        )


def _first_error(words: str) -> str:
    return next((line.removeprefix("ERROR: ") for line in words.splitlines() if line.startswith("ERROR: ")), "")
