"""One small distribution as an `<svg>` element: bars for the earlier batches, a line for the newest.

Nothing here is yours to edit. Colours are classes of the page's style sheet, so that light and dark both work.
"""

from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT = 240, 60


def render_sparkline(labels: Sequence[str], earlier: Sequence[float], newest: Sequence[float] | None) -> str:
    """Return the element.

    Parameters
    ----------
    labels : sequence of str
        What each bar stands for; shown when the pointer rests on it.
    earlier, newest : sequence of float
        Shares, 0–1, one per label; `newest` is None if there is but one batch.
    """
    top = max([*earlier, *(newest or [])], default=0) or 1
    step = WIDTH / max(len(labels), 1)
    bars = [
        f'<rect class="bar" x="{_short(place * step + step * 0.06)}" y="{_short(HEIGHT * (1 - share / top))}" '
        f'width="{_short(step * 0.88)}" height="{_short(HEIGHT * share / top)}">'
        f"<title>{escape(label)}: {_describe(share, newest[place] if newest else None)}</title></rect>"
        for place, (label, share) in enumerate(zip(labels, earlier, strict=True))
    ]
    line = _render_line(newest, step, top) if newest else ""
    return (
        f'<svg class="spark" viewBox="0 -2 {WIDTH} {HEIGHT + 4}" preserveAspectRatio="none">{"".join(bars)}{line}</svg>'
    )


def _render_line(shares: Sequence[float], step: float, top: float) -> str:
    """Return a line of steps: level over each bar, upright between them."""
    heights = [_short(HEIGHT * (1 - share / top)) for share in shares]
    path = f"M0 {heights[0]}" + "".join(
        f"V{height}H{_short((place + 1) * step)}" for place, height in enumerate(heights)
    )
    return f'<path class="line" d="{path}"/>'


def _describe(earlier: float, newest: float | None) -> str:
    return f"{earlier:.1%}" if newest is None else f"{earlier:.1%} before, {newest:.1%} in the newest"


def _short(number: float) -> str:
    return f"{number:.1f}".rstrip("0").rstrip(".")
