"""Do a window's features and scores still look like the reference?

Nothing here is yours to edit: the limits are in `params.yaml`, group `monitor`.
"""

from collections.abc import Sequence

from mergeline.monitoring.drift import compute_drift
from mergeline.monitoring.layout import Block, Layout
from mergeline.monitoring.reference import choose_batches
from mergeline.monitoring.tally import Day
from mergeline.monitoring.windows import Check, Group, State, Window
from mergeline.params import Monitor


def judge_drift(window: Window, layout: Layout, params: Monitor) -> list[Check]:
    """Return the judgements of the features' and the score's distributions."""
    return [_judge(block, window, layout, params) for block in layout.blocks]


def _judge(block: Block, window: Window, layout: Layout, params: Monitor) -> Check:
    is_score = block is layout.score
    name = "drift of the score" if is_score else f"drift: {block.name}"
    group: Group = "drift"
    known = layout.reference["held_out" if is_score else "batches"]
    chosen = choose_batches(known, window.middle, params)
    if (state := has_enough(window.days, params)) != "ok":
        return Check(name, group, state, f"{window.rows:,} rows on {len(window.days)} days")
    if not chosen.batches:
        return Check(name, group, "not judged", chosen.how)
    drift = compute_drift(
        [day.counts[block.start : block.stop] for day in window.days],
        layout.read_profile(block, chosen.batches),
        [layout.read_profile(block, [batch]) for batch in known],
    )
    limit = drift.limit(params.drift_limit, params.usual_factor, params.noise_factor)
    says = f"PSI {drift.psi:.3f}; usual from batch to batch up to {drift.usual:.3f}, by its days {drift.noise:.3f}"
    return Check(name, group, "breach" if drift.psi > limit else "ok", says, drift.psi, limit)


def has_enough(days: Sequence[Day], params: Monitor) -> State:
    """Return "ok" if the rows and days of a window suffice for a judgement, else what is the matter."""
    rows = sum(day.rows for day in days)
    return "ok" if rows >= params.min_rows and len(days) >= params.min_days else "too few rows"
