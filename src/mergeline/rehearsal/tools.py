"""Which `cml` the reporting job gets: this machine's own, the stand-in, or none.

Nothing here is yours to edit.
"""

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from mergeline.errors import MergelineError


def choose_cml(wish: str, given: Mapping[str, str]) -> Path | str:
    """Return the cml to use: for "auto" the one on PATH if there is one, else the stand-in; otherwise what is wished.

    Raises
    ------
    MergelineError
        If a path is wished that is no program.
    """
    if wish == "auto":
        found = shutil.which("cml", path=given.get("PATH"))
        return Path(found) if found else "stand-in"
    if wish in ("stand-in", "missing"):
        return wish
    if not shutil.which(wish):
        raise MergelineError(f"'{wish}' is not a program", where="--cml", fix="write auto, stand-in, or a path to cml")
    return Path(wish).resolve()


def describe_cml(cml: Path | str) -> str:
    """Return a sentence that says which cml it is."""
    if isinstance(cml, Path):
        return f"the real cml at {cml}"
    return "a stand-in that makes the calls of CML 0.20.6 (no cml on PATH)" if cml == "stand-in" else "none"


def lay_out_cml(cml: Path | str, scratch: Path, src: Path) -> str:
    """Make a folder that holds `cml` and nothing else; return it, or "" if cml is to be missing."""
    if cml == "missing":
        return ""
    folder = scratch / "cml"
    folder.mkdir()
    if isinstance(cml, Path):
        (folder / "cml").symlink_to(cml)
    else:
        run = f"exec '{sys.executable}' -S -m mergeline.rehearsal.standins.cml \"$@\""
        (folder / "cml").write_text(f"#!/bin/sh\nPYTHONPATH='{src}' {run}\n")
        (folder / "cml").chmod(0o755)
    return str(folder)
