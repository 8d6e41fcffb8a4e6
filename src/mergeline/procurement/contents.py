"""What a folder of raw files holds: hashes as DVC computes them, and a stamp that spares hashing the next time.

Nothing here is yours to edit: raw files come from `src/usecase/source.py`.
"""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from mergeline.files import write_json

STAMPS = Path(".mergeline")


@dataclass(frozen=True)
class Stamp:
    """What the machinery itself last put into a data folder, or found there and checked.

    Attributes
    ----------
    hash : str
        Hash of the folder.
    batches : list of str
        Batches it holds.
    cached : str
        Path of the folder's object in the DVC cache; "" until it is there.
    files : dict of str to list of int
        Signature of each file (`read_signatures`).
    busy : bool
        DVC is writing into the folder: whatever it holds came from the cache.
    """

    hash: str = ""
    batches: list[str] = field(default_factory=list)
    cached: str = ""
    files: dict[str, list[int]] = field(default_factory=dict)
    busy: bool = False

    def vouches_for(self, directory: Path) -> bool:
        """Return whether `directory` holds nothing that another hand than the machinery's has put there."""
        return self.busy or read_signatures(directory) == self.files


def read_signatures(directory: Path) -> dict[str, list[int]]:
    """Return size (bytes), mtime (ns) and inode of each file below `directory`, by relative path."""
    signatures = {}
    for folder, _, names in os.walk(directory):
        for name in names:
            path = Path(folder, name)
            status = path.stat()
            signature = [status.st_size, status.st_mtime_ns, status.st_ino]
            signatures[path.relative_to(directory).as_posix()] = signature
    return signatures


def hash_files(directory: Path) -> dict[str, str]:
    """Return the MD5 of each file below `directory`, by relative path, sorted."""
    found = {}
    for relative in sorted(read_signatures(directory)):
        with (directory / relative).open("rb") as handle:
            found[relative] = hashlib.file_digest(handle, "md5").hexdigest()
    return found


def compute_directory_hash(files: Mapping[str, str]) -> str:
    """Return the hash that DVC gives to a folder of `files` (relative path to MD5).

    Notes
    -----
    Source: dvc-data 3, `Tree.as_bytes`: the MD5 of the JSON list of the files, sorted by path. A test compares the two.
    """
    return hashlib.md5(render_listing(files)).hexdigest() + ".dir"


def render_listing(files: Mapping[str, str]) -> bytes:
    """Return the JSON list of `files` that DVC hashes and keeps as the folder's object."""
    entries = [{"md5": files[relative], "relpath": relative} for relative in sorted(files)]
    return json.dumps(entries, sort_keys=True).encode()


def compare(promised: Mapping[str, str], found: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the paths that are "changed", "missing" or "not promised" in `found`; the empty kinds are left out."""
    differences = {
        "changed": [path for path in found if path in promised and promised[path] != found[path]],
        "missing": [path for path in promised if path not in found],
        "not promised": [path for path in found if path not in promised],
    }
    return {kind: paths for kind, paths in differences.items() if paths}


def describe(differences: Mapping[str, Sequence[str]]) -> str:
    """Return the paths of `differences` in words, at most five of a kind."""
    return "; ".join(
        f"{kind}: {', '.join(paths[:5])}{f' and {len(paths) - 5} more' if len(paths) > 5 else ''}"
        for kind, paths in differences.items()
    )


def read_stamp(directory: Path) -> Stamp:
    """Return the stamp of `directory`, an empty one if there is none that can be read."""
    try:
        return Stamp(**json.loads(_stamp_path(directory).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return Stamp()


def write_stamp(directory: Path, stamp: Stamp) -> None:
    """Keep `stamp` as the stamp of `directory`."""
    write_json(_stamp_path(directory), asdict(stamp))


def _stamp_path(directory: Path) -> Path:
    return STAMPS / f"{directory.name}.stamp.json"
