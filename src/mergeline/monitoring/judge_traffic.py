"""Is the service asked as usual, was it asked lately, and is its log whole?

Nothing here is yours to edit: the limits are in `params.yaml`, group `monitor`.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from statistics import median

from mergeline.monitoring.log_lines import LogState
from mergeline.monitoring.windows import Check, State, Window
from mergeline.params import Monitor

BEFORE = 4


def judge_traffic(windows: Sequence[Window], params: Monitor) -> list[list[Check]]:
    """Return for each window, of all bundles that answer together, the judgement of its traffic.

    The first window and an open one hold only part of their rows, so neither is judged.
    """
    judged: list[list[Check]] = []
    low, high = params.traffic_ratio
    for number, window in enumerate(windows):
        before = [other.rows for other in windows[max(1, number - BEFORE) : number] if other.rows]
        says = f"{window.rows:,} rows"
        if not window.closed or number == 0:
            check = Check("traffic", "traffic", "not judged", f"{says}; the window may be incomplete")
        elif not window.rows:
            check = Check("traffic", "traffic", "breach", "no row at all", 0.0, low, at_once=True)
        elif not before:
            check = Check("traffic", "traffic", "not judged", f"{says}; nothing before to compare with")
        else:
            ratio = window.rows / median(before)
            broken = not low <= ratio <= high
            says = f"{says}, {ratio:.2f} times the median of the {len(before)} before"
            check = Check("traffic", "traffic", "breach" if broken else "ok", says, ratio, low if ratio < 1 else high)
        judged.append([check])
    return judged


def judge_log(state: LogState, last_at: str | None, now: datetime, params: Monitor) -> list[Check]:
    """Return the judgements of the log as it is now: its age, and how many of its lines are none."""
    if last_at is None:
        fresh = Check("freshness", "traffic", "breach", "the log holds no prediction", at_once=True)
    else:
        hours = (now - datetime.fromisoformat(last_at).astimezone(UTC)).total_seconds() / 3600
        state_of: State = "breach" if hours > params.silent_hours else "ok"
        says = f"last prediction {last_at}, {max(hours, 0.0):.1f} h ago"
        fresh = Check("freshness", "traffic", state_of, says, hours, params.silent_hours, at_once=True)
    share = state.unreadable / max(state.lines + state.unreadable, 1)
    says = f"{state.unreadable:,} of {state.lines + state.unreadable:,} lines cannot be read"
    says += f" (first: {state.first_unreadable})" if state.unreadable else ""
    says += f"; {state.torn} files end in a torn line" if state.torn else ""
    limit = params.unreadable_share
    broken = share > limit
    return [fresh, Check("log", "contract", "breach" if broken else "ok", says, share, limit, at_once=True)]
