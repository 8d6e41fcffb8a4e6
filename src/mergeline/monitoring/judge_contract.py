"""Is a window's input what the contract promises? Missing columns and values, new categories, values out of range.

Nothing here is yours to edit: the limits are in `params.yaml`, group `monitor`. A column that is gone is no drift of
zero, as distance measures have it, but a breach.
"""

from collections.abc import Iterator

from mergeline.monitoring.layout import Block, Layout
from mergeline.monitoring.tally import Day
from mergeline.monitoring.windows import Check, State
from mergeline.params import Monitor


def judge_contract(total: Day, layout: Layout, params: Monitor) -> list[Check]:
    """Return the judgements of the inputs of a window's rows, `total`."""
    enough = total.rows >= params.min_contract_rows
    return [check for block in layout.features for check in _judge(block, total, layout, params, enough)]


def _judge(block: Block, total: Day, layout: Layout, params: Monitor, enough: bool) -> Iterator[Check]:
    counts = total.counts[block.start : block.stop]
    reference = layout.read_profile(block, layout.reference["batches"])
    seen = reference.sum() > reference[0]
    gone = bool(total.rows) and counts[0] == total.rows and seen
    absent = total.absent.get(block.name, 0) == total.rows
    words = "no line names it" if absent else "every line has null"
    yield Check(
        f"values: {block.name}",
        "contract",
        _state(gone, enough),
        f"{words}: the column is gone" if gone else f"{total.rows - counts[0]:,} of {total.rows:,} rows have a value",
        at_once=True,
    )
    if reference[0] == 0:
        missing = counts[0] / max(total.rows, 1)
        says = f"{missing:.2%} missing, never in training"
        yield _share(f"missing: {block.name}", missing, params.missing_share, says, enough)
    if block.edges is None:
        unseen = counts[-1] / max(total.rows, 1)
        names = ", ".join(sorted(total.unseen.get(block.name, ())))
        says = f"{unseen:.2%} of a category that training never saw" + (f": {names}" if names else "")
        yield _share(f"new category: {block.name}", unseen, params.unseen_share, says, enough)
    else:
        # A missing value is a breach for the service too, and is judged above.
        beyond = max(total.breaches.get(block.name, 0) - (counts[0] if reference[0] == 0 else 0), 0)
        share = beyond / max(total.rows, 1)
        says = f"{share:.2%} beyond the range of training"
        yield _share(f"range: {block.name}", share, params.range_share, says, enough)


def _share(name: str, share: float, limit: float, says: str, enough: bool) -> Check:
    return Check(name, "contract", _state(share > limit, enough), says, float(share), limit)


def _state(broken: bool, enough: bool) -> State:
    if not enough:
        return "too few rows"
    return "breach" if broken else "ok"
