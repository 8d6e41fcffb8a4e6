"""One look for every figure, and the same bytes for the same figure on every machine.

Nothing here is yours to edit. Figures are made without pyplot and without the user's matplotlibrc: no global state, no
date, no random identifiers. Text stays text in SVG; colours are those of Okabe and Ito, told apart by colour-blind
readers and on light as on dark ground.
"""

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mergeline.files import write_bytes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, RED = "#0072B2", "#E69F00", "#009E73", "#D55E00"
GREY = "#8A8F98"
INK = "#24292F"

STYLE: dict[str, Any] = {
    "axes.edgecolor": GREY,
    "axes.grid": True,
    "axes.labelcolor": INK,
    "axes.labelsize": 9,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlecolor": INK,
    "figure.constrained_layout.h_pad": 0.08,
    "figure.constrained_layout.w_pad": 0.08,
    "figure.facecolor": "white",
    "font.family": ["DejaVu Sans"],
    "grid.color": GREY,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.6,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "lines.linewidth": 1.8,
    "savefig.dpi": 110,
    "svg.fonttype": "none",
    "svg.hashsalt": "mergeline",
    "text.color": INK,
    "xtick.color": GREY,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 8,
    "ytick.color": GREY,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 8,
}


@contextmanager
def house_style() -> Iterator[None]:
    """Make matplotlib draw in the one look, inside this block; a user's own settings have no influence."""
    import matplotlib

    settings: Any = matplotlib.rcParams
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        settings.update(STYLE)
        yield


def make_figure(width: float, height: float, layout: Any = "constrained") -> "Figure":
    """Return an empty figure of `width` × `height` inches; layout "none" leaves all places as they are given."""
    from matplotlib.figure import Figure

    return Figure(figsize=(width, height), layout=layout)


def render_svg(figure: "Figure") -> str:
    """Return `figure` as the text of an SVG file."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
    text = re.sub(r"<[^>]*>", _shorten, buffer.getvalue().decode("utf-8"))
    return "\n".join(line.rstrip() for line in text.splitlines()) + "\n"


def _shorten(tag: re.Match[str]) -> str:
    """Return `tag` with its coordinates to a hundredth of a point: half the size, and no noise of the last digits."""
    return re.sub(r"-?\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}".rstrip("0").rstrip("."), tag[0])


def render_inline_svg(figure: "Figure", label: str) -> str:
    """Return `figure` as an `<svg>` element for an HTML page, legible on light and dark ground.

    Ink follows the page's text colour, the ground is transparent, and nothing refers to another place. `label` is read
    out by screen readers.
    """
    figure.patch.set_visible(False)
    for axes in figure.axes:
        axes.patch.set_visible(False)
    text = render_svg(figure)
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>\n?", "", text, flags=re.DOTALL)
    text = re.sub(r"<!--.*?-->\n?", "", text, flags=re.DOTALL)
    text = re.sub(r' id="(?:[a-z]+_\d+|[A-Za-z]+\w*?\d+_\w+)"', "", text)
    text = re.sub(r' xmlns(?::xlink)?="[^"]*"', "", text).replace("xlink:href", "href")
    text = re.sub(INK, "currentColor", text, flags=re.IGNORECASE)
    return text.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)


def write_svg(path: Path, figure: "Figure") -> None:
    """Write `figure` as SVG, whole or not at all; equal figures give equal bytes."""
    write_bytes(path, render_svg(figure).encode("utf-8"))


def write_png(path: Path, figure: "Figure") -> None:
    """Write `figure` as PNG, whole or not at all; equal figures give equal bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    write_bytes(path, buffer.getvalue())
