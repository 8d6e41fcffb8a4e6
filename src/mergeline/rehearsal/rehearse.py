"""Rehearse this repository's workflows on this machine: pull requests, checks, comments and merges, without GitHub.

Nothing here is yours to edit. It runs the workflow files as they are in the work tree, uncommitted edits included, with
act and a stand-in for GitHub, offline and without docker. What it cannot show is listed in docs/rehearsal.md.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from mergeline.command import run
from mergeline.errors import MergelineError
from mergeline.files import write_json, write_text
from mergeline.rehearsal.page import build_index, build_pull_page
from mergeline.rehearsal.preflight import inspect
from mergeline.rehearsal.promises import Ledger
from mergeline.rehearsal.reading import to_text
from mergeline.rehearsal.setting import simulating
from mergeline.rehearsal.simulation import Simulation
from mergeline.rehearsal.story import tell
from mergeline.rehearsal.table import build_conclusion, build_record, build_table
from mergeline.rehearsal.tools import choose_cml, describe_cml


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(
        prog="python -m mergeline.rehearsal.rehearse",
        description=__doc__.splitlines()[0],
        epilog="Exit status: 0 if every promise was kept, 1 otherwise.",
    )
    parser.add_argument("--source", type=Path, default=Path(), help="the checkout (default: the current folder)")
    parser.add_argument("--output", type=Path, help="folder for the pages (default: a new one among temporary files)")
    parser.add_argument(
        "--venv",
        type=Path,
        action="append",
        help="environment whose packages the jobs borrow, one per Python version (default: the one that runs this)",
    )
    parser.add_argument("--cml", default="auto", help="auto (the one on PATH, else a stand-in), stand-in, or a path")
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE", help="give jobs a variable")
    parser.add_argument("--limit", type=float, default=3600, help="seconds per workflow run (default: %(default)s)")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Return 0 if every promise was kept."""
    options = make_parser().parse_args(argv)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    extra = dict(read_setting(setting) for setting in options.env)
    findings = inspect(options.source)
    for finding in findings:
        print(f"{'error' if finding.is_error else 'note'}: {finding.where}: {finding.text}")
    if any(finding.is_error for finding in findings):
        raise MergelineError(
            "the workflows hold something that cannot be rehearsed",
            where=".github/workflows",
            fix="mend what is named above; docs/rehearsal.md says what can be rehearsed",
        )
    cml = choose_cml(options.cml, os.environ)
    intro = f"Comments are posted by {describe_cml(cml)}."
    intro += f" Jobs are given {', '.join(options.env)}." if options.env else ""
    print(intro)
    output = options.output or Path(tempfile.mkdtemp(prefix="mergeline-rehearsal-"))
    ledger = Ledger()
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mergeline-scratch-") as scratch:
        environments = options.venv or [Path(sys.prefix)]
        scene = simulating(
            options.source, Path(scratch), environments=environments, cml=cml, extra=extra, limit=options.limit
        )
        with scene as simulation:
            try:
                tell(simulation, ledger)
            finally:
                write_pages(simulation, ledger, intro, output)
    print(f"\n{build_table(simulation.runs)}\n\n{build_conclusion(simulation.runs, ledger)}")
    print(f"{time.monotonic() - started:.0f} s; pages: {output / 'index.html'}; logs: {output / 'logs'}")
    return 1 if ledger.broken() else 0


def write_pages(simulation: Simulation, ledger: Ledger, intro: str, output: Path) -> None:
    """Write the pages, the results for machines, the logs and the calls to GitHub into `output`."""
    pulls = list(simulation.hub.pulls.values())
    write_text(output / "index.html", build_index(pulls, simulation.runs, ledger, intro))
    for pull in pulls:
        runs = [run for run in simulation.runs if run.source.get("head_sha") == pull["head"]["sha"]]
        page = build_pull_page(pull, runs, simulation.hub.comments_on(pull["number"]))
        write_text(output / f"pull-{pull['number']}.html", page)
    write_json(output / "rehearsal.json", build_record(simulation.runs, ledger))
    simulation.hub.write_calls(output / "calls.jsonl")
    for log in sorted((simulation.scratch / "logs").glob("*.jsonl")):
        write_text(output / "logs" / f"{log.stem}.txt", to_text(log))
    laptop = simulation.scratch / "logs/laptop.log"
    if laptop.exists():
        write_text(output / "logs/laptop.txt", laptop.read_text(encoding="utf-8", errors="replace"))


def read_setting(written: str) -> tuple[str, str]:
    """Return name and value of `NAME=VALUE`."""
    name, equals, value = written.partition("=")
    if not (name and equals):
        raise MergelineError(f"'{written}' is not NAME=VALUE", where="--env", fix="write --env NAME=VALUE")
    return name, value


if __name__ == "__main__":
    run(main)
