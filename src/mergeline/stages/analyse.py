"""Stage `analyse`: a report on the data for people, as a page that opens offline and as pictures.

Nothing here is yours to edit: tables and target are in `src/usecase/schema.py`, limits in `params.yaml`, group
`analyse`. The report judges nothing: data that must not be used are stopped by the validate stage.
"""

if __name__ == "__main__":
    from mergeline.data.lean_pandera import import_lean_pandera

    import_lean_pandera()

import argparse
from collections.abc import Sequence
from pathlib import Path

from mergeline.analysis.drawings import list_drawings
from mergeline.analysis.notable import find_notable
from mergeline.analysis.page import render_page
from mergeline.analysis.report import build_report
from mergeline.analysis.tables import list_tables
from mergeline.command import run
from mergeline.files import replacing_directory, write_text
from mergeline.params import PARAMS_FILE, load_params
from mergeline.report.figures import house_style, render_inline_svg, write_png
from usecase.schema import TABLES

ON_THE_PAGE = ("target_rate", "rows")


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(
        prog="python -m mergeline.stages.analyse",
        description=__doc__.splitlines()[0],
        epilog="It says first what is notable; nothing in it stops the pipeline.",
    )
    parser.add_argument("--clean", type=Path, default=Path("artifacts/clean"), help="input (default: %(default)s)")
    parser.add_argument(
        "--report", type=Path, default=Path("reports/data/report.html"), help="page to write (default: %(default)s)"
    )
    parser.add_argument(
        "--figures",
        type=Path,
        default=Path("reports/data/figures"),
        help="directory to write: one PNG per figure (default: %(default)s)",
    )
    parser.add_argument("--params", type=Path, default=PARAMS_FILE, help="the parameters (default: %(default)s)")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Return 0 once the page and the pictures are written."""
    options = make_parser().parse_args(argv)
    report = build_report(list_tables(options.clean, TABLES), load_params(options.params).analyse)
    inline = {}
    with house_style(), replacing_directory(options.figures) as folder:
        for name, draw in list_drawings(report).items():
            figure = draw()
            write_png(folder / f"{name}.png", figure)
            if name in ON_THE_PAGE:
                inline[name] = render_inline_svg(figure, name.replace("_", " "))
        write_text(options.report, render_page(report, inline))
    print("\n".join(f"analyse: {sentence}" for sentence in find_notable(report)))
    print(f"analyse: open {options.report} in a browser")
    return 0


if __name__ == "__main__":
    run(main)
