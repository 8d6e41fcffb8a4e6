"""The edge of every command: one place where an error becomes a message and an exit status.

Nothing here is yours to edit. A command module has a parser, a `main(argv) -> int` and pure functions, and ends in
`if __name__ == "__main__": run(main)`.
"""

import errno
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

from mergeline.errors import MergelineError

DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def run(main: Callable[[], int]) -> None:
    """Exit with what `main` returns; print a `MergelineError` without a traceback and exit 1.

    Under GitHub Actions the message is also an `::error::` annotation and a paragraph of the step summary.
    Ctrl-C exits 130, a full disk says so and exits 1: outputs are written whole or not at all (`files.py`).
    How long a stage took is noted for MLflow, beside what DVC hashes (`durations.py`).
    """
    started = time.time_ns()
    try:
        status = main()
    except MergelineError as error:
        report_error(error)
        status = 1
    except KeyboardInterrupt:
        print("\ninterrupted: nothing is half-written, run the same command again", file=sys.stderr)
        status = 130
    except OSError as error:
        if error.errno not in DISK_FULL:
            raise
        report_error(
            MergelineError(
                f"the disk, or what you may use of it, is full: {error.strerror}",
                where=str(error.filename or "while writing an output"),
                fix="free some space and run the same command again; nothing is half-written",
            )
        )
        status = 1
    if status == 0 and "DVC_STAGE" in os.environ:
        from mergeline.durations import note_duration

        note_duration(started)
    sys.exit(status)


def report_error(error: MergelineError) -> None:
    """Print `error` to stderr, and to GitHub Actions where that is what runs us."""
    print(error, file=sys.stderr)
    if os.environ.get("GITHUB_ACTIONS") == "true":
        escaped = str(error).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
        print(f"::error::{escaped}")
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary:
        with Path(summary).open("a", encoding="utf-8") as handle:
            handle.write(f"\n```text\n{error}\n```\n")
