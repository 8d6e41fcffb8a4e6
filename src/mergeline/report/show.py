"""The last thing `make` prints: the metrics, the verdict and where to look next.

Nothing here is yours to edit: metrics are in `src/usecase/metrics.py`, floors and margins in `params.yaml`.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mergeline.command import run
from mergeline.files import read_json

LOOK = (
    ("reports/verdict.md", "the verdict, rule by rule"),
    ("reports/figures/", "curves, calibration, importance"),
    ("reports/data/report.html", "the data, for people: open it in a browser"),
    ("reports/data/validation.md", "the data, checked batch by batch"),
)
TRY = (
    ("make ui", "this and earlier runs in MLflow"),
    ("dvc exp run -S train.candidates.hist_gradient_boosting.max_iter=200", "another parameter"),
    ("dvc metrics diff && dvc plots diff", "what it changed"),
    ("make serve", "the model on this machine, with a call to try"),
    ("make promote", "make this commit's model the champion"),
)


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(prog="python -m mergeline.report.show", description=__doc__.splitlines()[0])
    parser.add_argument("--reports", type=Path, default=Path("reports"), help="folder to read (default: reports)")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Print what the pipeline and the gate left in the reports and return 0."""
    options = make_parser().parse_args(argv)
    metrics, verdict = (read_json(options.reports / f"{name}.json") for name in ("metrics", "verdict"))
    print(render_summary(metrics, verdict))
    return 0


def render_summary(metrics: Mapping[str, Any], verdict: Mapping[str, Any]) -> str:
    """Return the summary as text: pooled metrics, verdict, files to look at and commands to try."""
    figures = {name: value for name, value in metrics.items() if isinstance(value, int | float)}
    width = max(len(name) for name in figures)
    lines = ["", "held-out period, pooled"]
    lines += [f"  {name:<{width}}  {_show(value)}" for name, value in figures.items()]
    lines += ["", f"verdict: {verdict['verdict']}"]
    lines += [f"  {reason}" for reason in verdict["reasons"]]
    for title, rows in (("look at", LOOK), ("try", TRY)):
        longest = max(len(name) for name, _ in rows)
        lines += ["", title, *(f"  {name:<{longest}}  {words}" for name, words in rows)]
    return "\n".join(lines)


def _show(value: float) -> str:
    return f"{value:>9,}" if isinstance(value, int) else f"{value:>9.4f}"


if __name__ == "__main__":
    run(main)
