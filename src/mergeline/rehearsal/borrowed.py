"""An environment that borrows the packages of another one: made in milliseconds, and nothing in it can harm the other.

Nothing here is yours to edit. It has its own `bin`, `pyvenv.cfg` and `site-packages`; a `.pth` line leads to the other
environment's packages, whose own `.pth` files are not followed, so code comes from this workspace's `src` and not from
the checkout that is rehearsed. Installing into it changes it alone.
"""

import os
import shutil
from pathlib import Path

KEPT_OUT = ("python", "activate", "Activate", "pip")
STAMP = "mergeline-lock.sha256"


def borrow(lender: Path, target: Path, src: Path) -> None:
    """Make `target` an environment with the packages of the environment `lender`, and `src` on its path."""
    library = find_packages(lender)
    own = target / library.relative_to(lender)
    own.mkdir(parents=True)
    (own / "borrowed.pth").write_text(f"{src.resolve()}\n{library}\n")
    programs = target / "bin"
    programs.mkdir()
    for program in sorted((lender / "bin").iterdir()):
        copy_program(program, programs / program.name, lender, target.resolve())
    shutil.copy2(lender / "pyvenv.cfg", target / "pyvenv.cfg")
    if (lender / STAMP).exists():
        # With its old time: `make` then compares its content with the lock, and builds only if they differ.
        shutil.copy2(lender / STAMP, target / STAMP)


def copy_program(program: Path, target: Path, lender: Path, owner: Path) -> None:
    """Give the borrowing environment `program`: scripts with its own Python, anything else as a link."""
    if program.name.startswith("python"):
        target.symlink_to(os.path.realpath(program))
    elif program.name.startswith(KEPT_OUT):
        return
    elif is_script(program):
        script = program.read_text(encoding="utf-8", errors="surrogateescape")
        own = script.replace(f"{lender}/bin/python", f"{owner}/bin/python", 1)
        target.write_text(own, encoding="utf-8", errors="surrogateescape")
        target.chmod(0o755)
    else:
        target.symlink_to(program)


def is_script(program: Path) -> bool:
    """Return whether `program` is text that names its interpreter."""
    with program.open("rb") as handle:
        return handle.read(2) == b"#!"


def find_packages(environment: Path) -> Path:
    """Return the `site-packages` of `environment`."""
    return next(environment.glob("lib/python3*/site-packages"))
