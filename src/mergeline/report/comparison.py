"""The sections that compare candidate and champion on the same rows: metrics, and the slices that moved.

Nothing here is yours to edit: metrics and slices are in `src/usecase/metrics.py`, limits in `params.yaml`, group
`gate`. Figures of a run that was not judged are left out: they may be an earlier run's.
"""

from collections.abc import Mapping
from typing import Any

from mergeline.gate.verdict import describe_worst
from mergeline.report.inputs import Inputs
from mergeline.report.judgement import find_obstacle
from mergeline.report.markdown import code, number, prose, table

NAMES = {
    "roc_auc": ("ROC AUC", True),
    "average_precision": ("average precision", True),
    "log_loss": ("log loss", False),
    "brier": ("Brier score", False),
    "brier_skill": ("Brier skill", True),
    "ece": ("calibration error (ECE)", False),
}
MAX_METRICS, MAX_SLICES, MAX_BATCHES = 20, 20, 12


def build_metrics(inputs: Inputs) -> str | None:
    """Return the table of metrics, against the champion where one could be scored; None if nothing was judged."""
    if find_obstacle(inputs) or inputs.verdict is None:
        return None
    comparison = inputs.verdict.get("comparison")
    parts = ["### Metrics", ""]
    if comparison:
        parts.append(_build_comparison(comparison))
    elif inputs.verdict.get("champion"):
        parts.append("The champion has no scores of these rows to compare with: the table of rules says why.")
    else:
        parts.append("There is no champion yet, so there is nothing to compare with.")
    if inputs.metrics:
        parts += ["", _build_alone(inputs.metrics, with_metrics=not comparison)]
    return "\n".join(parts)


def build_slices(inputs: Inputs) -> str | None:
    """Return the slices whose interval leaves out 0, worst first; None if there is no comparison."""
    slices = None if find_obstacle(inputs) else (inputs.verdict or {}).get("slices")
    if not slices:
        return None
    compared = [part for part in slices if number(part.get("difference")) != "–"]
    moved = sorted(filter(_has_moved, compared), key=lambda part: part["difference"])
    small = len(slices) - len(compared)
    counted = f"{len(moved)} of {len(compared)} compared slices moved" if moved else (
        f"None of {len(compared)} compared slices moved by more than chance explains"
    )  # fmt: skip
    left = f"; {small} {'has' if small == 1 else 'have'} too few rows or clusters to compare" if small else ""
    parts = ["### Slices that moved", "", f"{counted}{left}. The intervals of the ROC AUC hold for all slices at once."]
    if moved:
        header = ["slice", "value", "rows", "clusters", "difference", "interval", "candidate is"]
        rows = [
            [
                code(_get_name(part)),
                code(_get_value(part)),
                number(part.get("n_rows"), ","),
                number(part.get("n_clusters"), ","),
                number(part["difference"], "+.4f"),
                _build_interval(part),
                _get_state(part),
            ]
            for part in moved[:MAX_SLICES]
        ]
        parts += ["", table(header, rows, (2, 3, 4, 5))]
        parts += ["", f"… and {len(moved) - MAX_SLICES} more."] if len(moved) > MAX_SLICES else []
    worst = describe_worst((inputs.verdict or {}).get("worst_slice"))
    parts += ["", f"*Exploratory, a hint where to look and no rule:* {prose(worst)}."] if worst else []
    return "\n".join(parts)


def _build_comparison(comparison: Mapping[str, Any]) -> str:
    level, strict = number(comparison.get("level"), ".0%"), number(comparison.get("strict_level"), ".2%")
    twofold = strict != "–" and comparison["strict_level"] != comparison.get("level")
    rows = []
    metrics = comparison["metrics"]
    names = [*(name for name in NAMES if name in metrics), *(name for name in metrics if name not in NAMES)]
    for name in names[:MAX_METRICS]:
        figures = metrics[name]
        words, greater = NAMES.get(name, (None, None))
        figure = [number(figures.get(key)) for key in ("candidate", "champion")]
        rows.append(
            [
                words or code(name),
                {True: "higher", False: "lower", None: "–"}[greater],
                *figure,
                number(figures.get("difference"), "+.4f"),
                _build_interval(figures),
                *([_build_interval(figures, "strict_")] if twofold else []),
                _read(figures, greater, twofold),
            ]
        )
    intervals = [f"{level} interval", *([f"{strict} interval"] if twofold else [])]
    header = ["metric", "better is", "candidate", "champion", "difference", *intervals, "candidate is"]
    n_rows, n_clusters = (number(comparison.get(name), ",") for name in ("n_rows", "n_clusters"))
    said = (
        f"Both models on the same {n_rows} held-out rows; the intervals resample whole clusters, {n_clusters} of them"
    )
    looked = f" This is look {number(comparison['looks'], ',')} at them." if comparison.get("looks") else ""
    if twofold:
        method = code(comparison.get("looks_correction"))
        looked += (
            f" For it, {method} asks for a {strict} interval: *better* rests on that one, *worse* on the {level} one."
        )
    return f"{said}.{looked}\n\n{table(header, rows, range(2, 5 + len(intervals)))}"


def _build_alone(metrics: Mapping[str, Any], *, with_metrics: bool) -> str:
    batches = metrics.get("by_batch") or {}
    shown = list(batches.items())[-MAX_BATCHES:]
    columns = ["all", *(code(name) for name, _ in shown)]
    names = [name for name in NAMES if name in metrics]
    if not with_metrics:
        names = [name for name in names if any(name in figures for _, figures in shown)]
    rows = [[NAMES[name][0], *(number(part.get(name)) for part in (metrics, *(f for _, f in shown)))] for name in names]
    ratio = [number(part.get("calibration_ratio"), ".3f") for part in (metrics, *(figures for _, figures in shown))]
    rows.append(["mean prediction ÷ observed rate", *ratio])
    counted = f"{number(metrics.get('n_rows'), ',')} rows, {number(metrics.get('base_rate'), '.1%')} of them positive"
    return f"The candidate by held-out batch ({counted}):\n\n{table(['metric', *columns], rows, range(1, 9))}"


def _read(figures: Mapping[str, Any], greater: bool | None, twofold: bool) -> str:
    """Return what the intervals say, each claim by the interval on which the gate rests it."""
    side, claimed = _find_side(figures), _find_side(figures, "strict_" if twofold else "")
    if side is None or claimed is None or greater is None:
        return "–"
    if side != 0 and (side > 0) != greater:
        return "worse"
    return "better" if claimed != 0 else "not clearly different" if side == 0 else "not clearly better at this look"


def _find_side(figures: Mapping[str, Any], kind: str = "") -> int | None:
    """Return on which side of 0 the whole interval lies: 1, -1, or 0 if it holds 0; None if there is none."""
    low, high = (figures[name] if number(figures.get(name)) != "–" else None for name in (f"{kind}low", f"{kind}high"))
    if low is None or high is None:
        return None
    return 1 if low > 0 else -1 if high < 0 else 0


def _build_interval(figures: Mapping[str, Any], kind: str = "") -> str:
    return f"{number(figures.get(f'{kind}low'), '+.4f')} to {number(figures.get(f'{kind}high'), '+.4f')}"


def _has_moved(part: Mapping[str, Any]) -> bool:
    return bool(part.get("worse")) or bool(_find_side(part))


def _get_state(part: Mapping[str, Any]) -> str:
    if part.get("worse"):
        return "**worse, beyond the limit**"
    return "better" if part["difference"] > 0 else "worse, within the limit"


def _get_name(part: Mapping[str, Any]) -> str:
    return str(part.get("slice") or " × ".join(map(str, part.get("columns") or ["?"])))


def _get_value(part: Mapping[str, Any]) -> str:
    values = part["values"] if "values" in part else [part.get("value")]
    return " × ".join("(no value)" if value is None else str(value) for value in values)
