"""Which files of this repository a module imports, directly or through others."""

import ast
from functools import cache
from pathlib import Path

SRC = Path(__file__).resolve().parents[2] / "src"


@cache
def find_imports(path: Path) -> frozenset[Path]:
    """Return the files below src/ that the module at `path` imports anywhere in it, itself excluded."""
    found: set[Path] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            file = SRC / Path(*name.split(".")).with_suffix(".py")
            if name.split(".")[0] in ("mergeline", "usecase") and file.is_file():
                found.add(file)
    return frozenset(found - {path})


def find_closure(path: Path) -> set[Path]:
    """Return the file at `path` and all files below src/ that importing it can lead to."""
    seen, waiting = {path}, [path]
    while waiting:
        for file in find_imports(waiting.pop()) - seen:
            seen.add(file)
            waiting.append(file)
    return seen
