"""Stand-in for actions/setup-python: a Python of this machine, with the packages of its environment at hand.

Nothing here is yours to edit. On GitHub `make setup` then installs from the lock; here `.venv` is already there and
borrows the packages of the rehearsed checkout, so that `make setup` has nothing to do as long as the lock is the same.
"""

import os
from pathlib import Path

from mergeline.rehearsal.borrowed import borrow
from mergeline.rehearsal.standins.common import add_path, read_input, set_output


def main() -> None:
    """Put the Python of input `python-version` on the PATH, and a borrowed `.venv` into the workspace."""
    pythons = Path(os.environ["REHEARSAL_PYTHONS"])
    asked = read_input("python-version")
    version = asked if (pythons / asked).exists() else (pythons / "default").resolve().name
    if version != asked:
        print(f"::notice::Python {asked} is not available here: this job ran on {version}")
    add_path(pythons / version / "bin")
    set_output("python-version", version)
    venv = pythons / version / "venv"
    if venv.exists() and Path("src").is_dir() and not Path(".venv").exists():
        borrow(venv.resolve(), Path(".venv"), Path("src"))
        print(f"Python {version}, with the packages of the rehearsed checkout's environment")


if __name__ == "__main__":
    main()
