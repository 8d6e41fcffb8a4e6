"""Figures of the monitoring page: rows, scores and outcomes over time, and calibration, in the house's look.

Nothing here is yours to edit.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from mergeline.report.figures import BLUE, GREY, ORANGE, make_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Windows = Sequence[Mapping[str, Any]]
LONGEST, MOST_TICKS = 60, 9
# A title with a height of its own is not moved out of the way of ticks, which takes as long as to draw the rest.
IN_PLACE: dict[str, Any] = {"y": 1.0}


def draw_time(windows: Windows, expected_auc: float | None) -> "Figure":
    """Return rows, mean score with target rate, and ROC AUC with its error, a panel each, window by window."""
    shown = windows[-LONGEST:]
    # Plain numbers: axes of dates take longer to import and draw than the rest.
    starts = [date.fromisoformat(window["start"]).toordinal() for window in shown]
    days = date.fromisoformat(shown[0]["end"]).toordinal() - starts[0]
    figure = make_figure(9.6, 5.6, layout="none")
    figure.subplots_adjust(left=0.07, right=0.99, top=0.95, bottom=0.07, hspace=0.35)
    rows, scores, quality = figure.subplots(3, 1, sharex=True)
    rows.bar(starts, [window["rows"] for window in shown], width=days * 0.8, color=BLUE)
    rows.set_title("Rows", **IN_PLACE)
    scores.plot(starts, [window["mean_score"] for window in shown], color=BLUE, marker="o", label="mean score")
    rates = [window["figures"].get("target_rate") for window in shown]
    _plot(scores, starts, rates, ORANGE, "share of positive labels")
    scores.set(ylim=(0, None))
    scores.set_title("Scores and outcomes", **IN_PLACE)
    scores.legend(loc="upper left", ncols=2)
    _plot(quality, starts, [window["figures"].get("roc_auc") for window in shown], BLUE, "ROC AUC ± one error")
    for start, window in zip(starts, shown, strict=True):
        value, error = (window["figures"].get(name) for name in ("roc_auc", "roc_auc_error"))
        if value is not None and error is not None:
            quality.plot([start, start], [value - error, value + error], color=BLUE, linewidth=1)
    if expected_auc is not None:
        quality.axhline(expected_auc, color=GREY, linewidth=1, label="held-out period")
    quality.set_title("Quality, of the labels known by now", **IN_PLACE)
    quality.legend(loc="lower left", ncols=2)
    step = -(-len(shown) // MOST_TICKS)
    quality.set_xticks(starts[::step], [window["start"] for window in shown[::step]])
    return figure


def _plot(axes: Any, starts: Sequence[int], values: Sequence[float | None], color: str, label: str) -> None:
    known = [(start, value) for start, value in zip(starts, values, strict=True) if value is not None]
    axes.plot([start for start, _ in known], [value for _, value in known], color=color, marker="o", label=label)


def draw_calibration(curve: Sequence[Sequence[float]], title: str) -> "Figure":
    """Return share of positive labels against mean score; the area of a mark tells its rows."""
    figure = make_figure(4.4, 4.0, layout="none")
    figure.subplots_adjust(left=0.14, right=0.97, top=0.92, bottom=0.13)
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=1)
    largest = max((rows for _, _, rows in curve), default=1)
    axes.plot([score for score, _, _ in curve], [rate for _, rate, _ in curve], color=BLUE)
    sizes = [20 + 120 * rows / largest for _, _, rows in curve]
    axes.scatter([score for score, _, _ in curve], [rate for _, rate, _ in curve], s=sizes, color=BLUE)
    axes.set(xlim=(0, 1), ylim=(0, 1), xlabel="mean score", ylabel="share of positive labels")
    axes.set_title(title, **IN_PLACE)
    return figure
