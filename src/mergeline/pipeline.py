"""Reproducing the pipeline: `dvc repro`, with a word on what happened, and the check of the committed `dvc.lock`.

Nothing here is yours to edit: stages are declared in `dvc.yaml`, their parameters in `params.yaml`.
"""

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from mergeline.command import run
from mergeline.errors import MergelineError
from mergeline.shell import run_git, run_python

LOCK = Path("dvc.lock")
MODEL = Path("artifacts/model")
REPRODUCED = ("dvc.lock", "data.dvc", "reports")


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(prog="python -m mergeline.pipeline", description=__doc__.splitlines()[0])
    parser.add_argument("--verify-lock", action="store_true", help="fail if the commit does not hold what came out")
    parser.add_argument("--force", action="store_true", help="run every stage again, whatever is cached")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Return 0 once every stage's outputs are what its inputs make; with --verify-lock, once the commit says so too."""
    options = make_parser().parse_args(argv)
    before = LOCK.read_bytes() if LOCK.exists() else b""
    started = time.monotonic()
    if not MODEL.exists():
        # DVC's run cache does not restore a stage that has an output in git; a checkout restores what is cached.
        run_python(["-m", "dvc", "checkout", "--quiet", "--allow-missing"], quiet=True)
    if run_python(["-m", "dvc", "repro", *(["--force"] if options.force else [])]):
        print("the pipeline stopped; what failed stands above. Outputs of the stages before it are whole and kept.")
        return 1
    seconds = time.monotonic() - started
    changed = before != (LOCK.read_bytes() if LOCK.exists() else b"")
    print(f"pipeline: {'dvc.lock was brought up to date' if changed else 'up to date with dvc.lock'} ({seconds:.1f} s)")
    if options.verify_lock:
        verify_committed()
    return 0


def verify_committed(folder: Path = Path()) -> None:
    """Check that the commit holds exactly what the pipeline made.

    Raises
    ------
    MergelineError
        If `dvc.lock`, `data.dvc` or a file below `reports/` differs from the commit.
    """
    changed = run_git("status", "--porcelain", "--", *REPRODUCED, folder=folder).splitlines()
    if changed:
        names = ", ".join(line[3:] for line in changed[:5]) + (" …" if len(changed) > 5 else "")
        raise MergelineError(
            f"the commit does not hold what its code, data and parameters make: {len(changed)} files differ ({names})",
            where="dvc.lock and reports/",
            fix="run `make`, then: git add dvc.lock data.dvc reports && git commit",
        )
    print("dvc.lock and reports/ are what this commit's code, data and parameters make")


if __name__ == "__main__":
    run(main)
