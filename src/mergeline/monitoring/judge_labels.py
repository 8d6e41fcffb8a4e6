"""Are the labels there, and what do they say about the model? Judged only where they are not a biased beginning.

Nothing here is yours to edit: the limits are in `params.yaml`, group `monitor`. Slow labels are not missing at random
(a late flight reports late), so the first ones to arrive say nothing about the rest.
"""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta

from mergeline.monitoring.layout import Layout
from mergeline.monitoring.outcomes import DayOutcome, sum_outcomes
from mergeline.monitoring.quality import compute_auc, compute_gap, compute_rate, estimate
from mergeline.monitoring.reference import choose_batches
from mergeline.monitoring.windows import Check, Group, State, Window
from mergeline.params import Monitor

NAMES = ("drift of the target", "calibration", "ROC AUC")


def judge_labels(window: Window, layout: Layout, params: Monitor, now: datetime, given: bool) -> list[Check]:
    """Return the judgements of a window's labels, of the target and of the model's quality.

    Parameters
    ----------
    window : Window
        With the outcomes of its days.
    layout : Layout
        Of the bundle.
    params : Monitor
        Limits.
    now : datetime
        Decides whether the labels' deadline has passed.
    given : bool
        Whether there is a source of labels at all.
    """
    total = sum_outcomes(window.outcomes)
    feed, state, says = judge_feed(window, total, params, now, given)
    if state == "ok" and (
        total.labelled < params.min_rows or sum(1 for day in window.outcomes if day.labelled) < params.min_days
    ):
        state, says = "too few rows", f"{total.labelled:,} rows with a label"
    if state != "ok":
        return [*feed, *(Check(name, "drift" if name == NAMES[0] else "quality", state, says) for name in NAMES)]
    return [*feed, *_judge_quality(window, layout, params)]


def judge_feed(
    window: Window, total: DayOutcome, params: Monitor, now: datetime, given: bool
) -> tuple[list[Check], State, str]:
    """Return the judgements of the labels themselves, and whether quality can be judged by them."""
    if not given or not total.predicted:
        says = "no row has a row_id" if given else "no labels were given"
        return [Check("labels", "labels", "not judged", says)], "not judged", says
    share = total.labelled / total.predicted
    due = now >= datetime.combine(window.end, time(), UTC) + timedelta(days=params.label_days)
    says = f"{share:.1%} of {total.predicted:,} rows have a label"
    state: State = "ok"
    if due and share < params.lost_label_share:
        feed = Check("labels", "labels", "breach", f"{says}, past the deadline", share, params.lost_label_share)
        state = "not judged"
    elif share < params.min_label_share and not due:
        feed = Check("labels", "labels", "waiting for labels", says, share)
        state = "waiting for labels"
    else:
        feed = Check("labels", "labels", "ok", says, share, params.lost_label_share)
    told = max(total.labelled + total.contradictory, 1)
    clash = total.contradictory / told
    words = f"{total.contradictory:,} rows have labels 0 and 1; none of them is used"
    limit = params.contradictory_share
    clashing = Check("labels agree", "labels", "breach" if clash > limit else "ok", words, clash, limit)
    return [feed, clashing], state, says


def _judge_quality(window: Window, layout: Layout, params: Monitor) -> list[Check]:
    reference = layout.reference
    chosen = choose_batches(reference["batches"], window.middle, params)
    labels = [reference["labels"][batch] for batch in chosen.batches]
    known = sum(one["n"] for one in labels)
    rate = sum(one["positive"] for one in labels) / known if known else None
    auc, where = find_auc(layout, chosen.batches)
    far: Callable[[float], float] = abs
    return [
        _compare(window, params, NAMES[0], compute_rate, rate, params.target_change, far, f"reference {chosen.how}"),
        _compare(window, params, NAMES[1], compute_gap, 0.0, params.calibration_gap, far, "mean score less rate"),
        _compare(window, params, NAMES[2], compute_auc, auc, params.auc_drop, lambda change: -change, where),
    ]


def find_auc(layout: Layout, batches: tuple[str, ...]) -> tuple[float | None, str]:
    """Return the ROC AUC to compare with: of the one batch if it was held out, else of the whole held-out period."""
    metrics = layout.bundle.lineage.get("metrics", {})
    by_batch = metrics.get("by_batch", {})
    if len(batches) == 1 and "roc_auc" in by_batch.get(batches[0], {}):
        return by_batch[batches[0]]["roc_auc"], f"held-out batch {batches[0]}"
    return metrics.get("roc_auc"), "the held-out period"


def _compare(
    window: Window,
    params: Monitor,
    name: str,
    compute: Callable[[DayOutcome], float | None],
    expected: float | None,
    limit: float,
    direction: Callable[[float], float],
    where: str,
) -> Check:
    """Return a breach if the figure is off by more than `limit` and by more than chance among its days explains."""
    group: Group = "drift" if name == NAMES[0] else "quality"
    found = estimate(window.outcomes, compute)
    if found.value is None or found.error is None or expected is None:
        return Check(name, group, "not judged", "one class only" if expected is not None else "there is no reference")
    distance = direction(found.value - expected)
    bound = max(limit, params.noise_factor * found.error)
    says = f"{found.value:.3f} ± {found.error:.3f} against {expected:.3f} ({where})"
    return Check(name, group, "breach" if distance > bound else "ok", says, distance, bound)
