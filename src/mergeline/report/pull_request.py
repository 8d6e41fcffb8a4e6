"""Writes the report of a pull request: verdict first, then everything a reviewer needs to decide, as Markdown.

Nothing here is yours to edit: metrics and slices are in `src/usecase/metrics.py`, limits in `params.yaml`. It reads
what pipeline and gate left in the tree, and git; no network. `make report` writes the text that the comment shows.
"""

import argparse
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from mergeline.command import run
from mergeline.files import read_json, write_json, write_text
from mergeline.report.changes import build_data, build_params
from mergeline.report.charts import build_curves
from mergeline.report.comparison import build_metrics, build_slices
from mergeline.report.inputs import Inputs, read_inputs
from mergeline.report.judgement import build_verdict
from mergeline.report.origin import build_locally, build_origin
from mergeline.report.publish_text import neutralise

MAX_BYTES = 60_000  # GitHub refuses comments of more than 65,536 characters; watermark and first line come on top
POINTER = (
    "*Left out, to stay below GitHub's limit: {}. Figures and numbers are in the run's artifact; the whole text comes "
    "from `python -m mergeline.report.pull_request --whole`.*"
)
SECTIONS: dict[str, Callable[[Inputs], str | None]] = {
    "the verdict": build_verdict,
    "metrics": build_metrics,
    "slices": build_slices,
    "parameters": build_params,
    "data": build_data,
    "curves": build_curves,
    "what was reproduced": build_origin,
    "how to get this text": lambda _: build_locally(),
}


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(
        prog="python -m mergeline.report.pull_request",
        description=__doc__.splitlines()[0],
        epilog="Exit status 0 whenever the report could be written, whatever it says: judging is the gate's business.",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("reports/report.md"), help="file to write (default: %(default)s)"
    )
    parser.add_argument("--base", help="commit to compare with (default: where this leaves main; on main, one before)")
    parser.add_argument("--whole", action="store_true", help="leave out no section, however long the text becomes")
    parser.add_argument("--record", type=Path, help="also write what the report is made from to this JSON file")
    parser.add_argument("--inputs", type=Path, help="make the report from a file that --record wrote")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Write the report and return 0."""
    options = make_parser().parse_args(argv)
    inputs = Inputs(**read_json(options.inputs)) if options.inputs else read_inputs(revision=options.base)
    if options.record:
        write_json(options.record, asdict(inputs))
    text = build_report(inputs, None if options.whole else MAX_BYTES)
    write_text(options.out, text)
    print(f"{options.out}: {len(text.encode()):,} bytes, the text that a pull request of this commit shows")
    return 0


def build_report(inputs: Inputs, max_bytes: int | None = MAX_BYTES) -> str:
    """Return the report, the same for the same inputs; to keep to `max_bytes` (None: any), the last sections go."""
    built = {name: build_section(name, inputs) for name in SECTIONS}
    sections = {name: text for name, text in built.items() if text}
    return "\n\n".join(sections.values()) + "\n" if max_bytes is None else fit(sections, max_bytes)


def build_section(name: str, inputs: Inputs) -> str | None:
    """Return a section; if its inputs have a form that cannot be read, a sentence instead, so that the rest stands."""
    try:
        return SECTIONS[name](inputs)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        heading = "## ⚠️ No verdict\n\nNothing can be said of this change: " if name == "the verdict" else ""
        return f"{heading}the section on {name} could not be written: {type(error).__name__}."


def fit(sections: dict[str, str], max_bytes: int) -> str:
    """Return the sections joined; whole sections are left out from the end, and named, until they fit.

    Bytes are counted after `neutralise`, by which the comment grows.
    """
    names = list(sections)
    for kept in range(len(names), -1, -1):
        parts = [sections[name] for name in names[:kept]]
        text = "\n\n".join([*parts, POINTER.format(", ".join(names[kept:]))] if kept < len(names) else parts) + "\n"
        if len(neutralise(text).encode()) <= max_bytes:
            break
    return text


if __name__ == "__main__":
    run(main)
