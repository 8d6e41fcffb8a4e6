"""Calibration, curves and importance as GitHub draws them in a comment: mermaid charts and bars made of text.

Nothing here is yours to edit. No picture is used: GitHub shows neither local pictures nor data URIs in a comment. The
figures themselves are in the run's artifact.
"""

import math

from mergeline.report.inputs import Inputs, Rows
from mergeline.report.judgement import find_obstacle
from mergeline.report.markdown import bar, code, fold, number, table

# By name: the comment breaks "#" before a digit, and mermaid's own first colour is too pale to see.
COLOURS = '%%{init: {"themeVariables": {"xyChart": {"plotColorPalette": "steelblue, darkorange"}}}}%%'
MAX_BINS, MAX_GROUPS, ROC_STEPS = 40, 15, 20


def build_curves(inputs: Inputs) -> str | None:
    """Return the section on calibration, ROC curve and importance; None if nothing was judged or drawn."""
    if find_obstacle(inputs):
        return None
    parts = [
        build_calibration(inputs.plots.get("calibration", [])),
        build_roc(inputs.plots.get("roc", [])),
        build_importance(inputs.plots.get("importance_groups", [])),
    ]
    shown = [part for part in parts if part]
    return "\n\n".join(["### Calibration and curves", *shown]) if shown else None


def build_calibration(rows: Rows) -> str:
    """Return predicted against observed share per bin, as a chart and, folded away, as a table; "" without bins."""
    bins = [_read_numbers(row, "mean_score", "observed_rate", "n_rows") for row in rows[:MAX_BINS]]
    bins = [found for found in bins if found]
    if not bins:
        return ""
    predicted, observed, counts = zip(*bins, strict=True)
    chart = _build_chart(
        "Calibration: bars observed, line predicted",
        "x-axis " + '"predicted, per bin" [' + ", ".join(f'"{value:.0%}"' for value in predicted) + "]",
        'y-axis "share" 0 --> 1',
        ("bar", observed),
        ("line", predicted),
    )
    table_rows = [
        [number(score, ".1%"), number(seen, ".1%"), number(int(count), ","), bar(seen)]
        for score, seen, count in zip(predicted, observed, counts, strict=True)
    ]
    folded = table(["predicted", "observed", "rows", "observed"], table_rows, (0, 1, 2))
    return f"{chart}\n\n{fold('Calibration as a table', folded)}"


def build_roc(rows: Rows) -> str:
    """Return the ROC curve as a chart, sampled at equal steps of the false positive rate; "" without a curve."""
    points = [_read_numbers(row, "false_positive_rate", "true_positive_rate") for row in rows]
    known = sorted(point for point in points if point)
    if len(known) < 2:
        return ""
    steps = [step / ROC_STEPS for step in range(ROC_STEPS + 1)]
    found = [min(known, key=lambda point: abs(point[0] - step))[1] for step in steps]
    return _build_chart(
        "ROC curve: above the straight line is better than chance",
        'x-axis "negatives called positive" 0 --> 1',
        'y-axis "positives found" 0 --> 1',
        ("line", found),
        ("line", steps),
    )


def build_importance(rows: Rows) -> str:
    """Return how much ROC AUC is lost when a group of features is shuffled, as bars; "" without groups."""
    pairs = [(row.get("group") or "", _read_numbers(row, "auc_drop")) for row in rows[:MAX_GROUPS]]
    groups = [(name, found[0]) for name, found in pairs if found]
    if not groups:
        return ""
    largest = max(max(drop for _, drop in groups), 1e-9)
    cells = [[code(name), number(drop, "+.4f"), bar(drop / largest)] for name, drop in groups]
    return "What the model leans on:\n\n" + table(["features, shuffled together", "ROC AUC lost", ""], cells, (1,))


def _build_chart(title: str, x_axis: str, y_axis: str, *series: tuple[str, object]) -> str:
    lines = [f"  {kind} [{', '.join(f'{value:.4f}' for value in values)}]" for kind, values in series]  # type: ignore[attr-defined]
    head = ["```mermaid", COLOURS, "xychart-beta", f'  title "{title}"', f"  {x_axis}", f"  {y_axis}"]
    return "\n".join([*head, *lines, "```"])


def _read_numbers(row: dict[str, str], *names: str) -> tuple[float, ...]:
    try:
        values = tuple(float(row[name]) for name in names)
    except (KeyError, TypeError, ValueError):
        return ()
    return values if all(map(math.isfinite, values)) else ()
