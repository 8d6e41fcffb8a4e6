"""`data.dvc`: the hash that `data/` must have, and the list of its files that lets a reviewer see what moved.

Nothing here is yours to edit: `python -m mergeline.stages.procure --update` writes the file. DVC's own part is `outs`;
the list of files stands under `meta`, which DVC keeps and does not read. A list that does not add up to the hash (after
a `dvc add` by hand) is not believed.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML

from mergeline.errors import MergelineError
from mergeline.files import write_text
from mergeline.params import read_yaml
from mergeline.procurement.contents import compute_directory_hash


@dataclass(frozen=True)
class Promise:
    """What a `.dvc` file promises of a folder.

    Attributes
    ----------
    hash : str
        DVC's hash of the folder, with ".dir" at its end.
    files : dict of str to str
        Relative path to MD5; empty if the `.dvc` file does not list them.
    batches : list of str
        Names of the batches, oldest first; empty if the `.dvc` file does not list them.
    """

    hash: str
    files: dict[str, str]
    batches: list[str]


def find_pointer(directory: Path) -> Path:
    """Return the path of the `.dvc` file of `directory`."""
    return directory.with_name(directory.name + ".dvc")


def read_promise(pointer: Path) -> Promise:
    """Return what the file at `pointer` promises.

    Raises
    ------
    MergelineError
        If it is not a `.dvc` file of one folder.
    """
    content = read_yaml(pointer)
    try:
        (out,) = content["outs"]
        promised = str(out["md5"])
    except (KeyError, TypeError, ValueError) as error:
        raise MergelineError(
            "not a `.dvc` file of one folder: `outs` must be a list of one entry with `md5`",
            where=str(pointer),
            fix=f"restore it: git checkout -- {pointer}",
        ) from error
    meta = content.get("meta")
    listed = meta.get("files") if isinstance(meta, dict) else None
    files = {str(path): str(md5) for path, md5 in listed.items()} if isinstance(listed, dict) else {}
    if compute_directory_hash(files) != promised:
        return Promise(promised, {}, [])
    return Promise(promised, files, [str(name) for name in meta.get("batches") or []])


def write_promise(pointer: Path, directory: Path, files: Mapping[str, str], batches: Sequence[str]) -> None:
    """Write to `pointer` that `directory` holds `files` of `batches`; what else the file says is kept."""
    yaml = YAML()
    content = yaml.load(pointer.read_text(encoding="utf-8")) if pointer.exists() else {}
    out = {
        "md5": compute_directory_hash(files),
        "size": sum((directory / path).stat().st_size for path in files),
        "nfiles": len(files),
        "hash": "md5",
        "path": directory.name,
    }
    content["outs"] = [{**(content["outs"][0] if content.get("outs") else {}), **out}]
    listed = {"batches": list(batches), "files": {path: files[path] for path in sorted(files)}}
    content["meta"] = {**(content.get("meta") or {}), **listed}
    text = io.StringIO()
    yaml.dump(content, text)
    write_text(pointer, text.getvalue())
