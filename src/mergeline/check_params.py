"""Checking `params.yaml` before any stage runs: keys, types, ranges, and what each estimator accepts.

Nothing here is yours to edit: values are in `params.yaml`, estimators in `src/usecase/model.py`.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from mergeline.command import run
from mergeline.files import write_text
from mergeline.params import PARAMS_FILE, load_params


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(prog="python -m mergeline.check_params", description=__doc__.splitlines()[0])
    parser.add_argument("--params", type=Path, default=PARAMS_FILE, help="file to check (default: %(default)s)")
    parser.add_argument("--stamp", type=Path, help="file written once everything is in order")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Return 0 if every stage can use the parameters."""
    options = make_parser().parse_args(argv)
    params = load_params(options.params)
    from mergeline.training.candidates import build_candidates

    build_candidates(params.train)
    if options.stamp:
        write_text(options.stamp, "params.yaml is in order\n")
    return 0


if __name__ == "__main__":
    run(main)
