"""Locking the requirements: `pyproject.toml`'s groups become hashed, universal lock files that name no index.

Nothing here is yours to edit: packages are chosen in `pyproject.toml`, and told apart in `docs/dependencies.md`.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from mergeline.command import run
from mergeline.errors import MergelineError
from mergeline.shell import run_python

COMPILE = ["-m", "uv", "pip", "compile", "--universal", "--python-version", "3.11", "--generate-hashes"]
PLAIN = ["--no-header", "--no-annotate", "--quiet"]


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(prog="python -m mergeline.lock", description=__doc__.splitlines()[0])
    parser.add_argument("--upgrade", action="store_true", help="take the newest releases that pyproject.toml allows")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Write requirements/dev.lock, serve.lock and uv.lock and return 0."""
    options = make_parser().parse_args(argv)
    upgrade = ["--upgrade"] if options.upgrade else []
    compile_lock(["--group", "pyproject.toml:dev", *upgrade], Path("requirements/dev.lock"))
    # The image takes the very versions that the tests ran with.
    compile_lock(
        ["--group", "pyproject.toml:serve", "--constraint", "requirements/dev.lock"], Path("requirements/serve.lock")
    )
    pinned = next(line for line in Path("requirements/dev.lock").read_text().splitlines() if line.startswith("uv=="))
    seed = Path(".mergeline/uv.in")
    seed.parent.mkdir(exist_ok=True)
    seed.write_text(pinned.rstrip(" \\") + "\n")
    compile_lock([str(seed)], Path("requirements/uv.lock"))
    print("requirements/*.lock are up to date; next: make setup test")
    return 0


def compile_lock(arguments: Sequence[str], output: Path) -> None:
    """Resolve `arguments` into the lock file `output`."""
    if run_python([*COMPILE, *PLAIN, *arguments, "--output-file", str(output)]):
        raise MergelineError(
            "the requirements cannot be resolved", where="pyproject.toml", fix="loosen the pin that uv names above"
        )


if __name__ == "__main__":
    run(main)
