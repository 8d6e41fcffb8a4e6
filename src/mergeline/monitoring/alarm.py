"""When breaches become an alarm, and what follows from it: decided from the history alone.

Nothing here is yours to edit: set `monitor.alarm_windows`, `monitor.alarm_of` and `monitor.retrain` in `params.yaml`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from mergeline.params import Monitor

JUDGED = ("ok", "breach")
Action = Literal["open", "update", "close", "none"]


@dataclass(frozen=True)
class Alarm:
    """A check that stays in breach.

    Attributes
    ----------
    name, group, says : str
        As of its latest breach.
    windows : list of str
        First days of the last windows in which it was judged, and whether it was in breach, as `2013-06-03 breach`.
    latest : bool
        Whether the latest judged window is in breach; else the alarm goes on, but none begins.
    """

    name: str
    group: str
    says: str
    windows: list[str]
    latest: bool


@dataclass(frozen=True)
class Decision:
    """What to do about the one issue, and whether to start a retrain."""

    action: Action
    alarms: tuple[Alarm, ...]
    retrain: bool


def find_alarms(
    history: Iterable[Mapping[str, Any]], now: Iterable[Mapping[str, Any]], params: "Monitor"
) -> list[Alarm]:
    """Return the checks with breaches in `alarm_windows` of their last `alarm_of` judged windows, or one that suffices.

    Parameters
    ----------
    history : iterable of mappings
        Lines as in history.jsonl, in order of time. Windows of bundles that answer in parallel count as one: in breach
        if one of them is. Shadows do not count. A window that was not judged (too few rows, no labels yet) is neither
        healthy nor ill.
    now : iterable of mappings
        Checks of the present moment, which have no windows.
    params : Monitor
        The rule.
    """
    judged: dict[str, dict[str, Mapping[str, Any]]] = {}
    for line in history:
        if not line["shadow"]:
            for check in line["checks"]:
                if check["state"] in JUDGED:
                    windows = judged.setdefault(check["name"], {})
                    if windows.get(line["start"], {}).get("state") != "breach":
                        windows[line["start"]] = check
    alarms = [_judge(name, windows, params) for name, windows in judged.items()]
    present = [
        Alarm(check["name"], check["group"], check["says"], ["now breach"], True)
        for check in now
        if check["state"] == "breach"
    ]
    return sorted([*present, *filter(None, alarms)], key=lambda alarm: (alarm.group, alarm.name))


def _judge(name: str, windows: Mapping[str, Mapping[str, Any]], params: "Monitor") -> Alarm | None:
    last = sorted(windows.items())[-params.alarm_of :]
    ill = [check for _, check in last if check["state"] == "breach"]
    latest = last[-1][1]["state"] == "breach"
    if len(ill) >= params.alarm_windows or (latest and ill[-1]["at_once"]):
        shown = [f"{start} {check['state']}" for start, check in last]
        return Alarm(name, ill[-1]["group"], ill[-1]["says"], shown, latest)
    return None


def decide(alarms: Sequence[Alarm], is_open: bool, retrained: bool, retrain: bool) -> Decision:
    """Return what to do.

    Parameters
    ----------
    alarms : sequence of Alarm
        As `find_alarms` returns them.
    is_open : bool
        Whether the issue is open now.
    retrained : bool
        Whether a retrain was started for it already.
    retrain : bool
        Whether a retrain is wanted at all.

    Notes
    -----
    An issue opens only if a check is in breach in its latest window; it stays while any check has enough breaches among
    the last ones, so that it does not open and close by turns. A model trained on broken input would be a worse one: no
    retrain starts while a contract is broken or labels are lost.
    """
    begins = any(alarm.latest for alarm in alarms)
    if not alarms or not (is_open or begins):
        return Decision("close" if is_open else "none", tuple(alarms), False)
    groups = {alarm.group for alarm in alarms}
    wanted = bool(groups & {"drift", "quality"}) and not groups & {"contract", "labels"}
    starts = retrain and wanted and not retrained and begins
    return Decision("update" if is_open else "open", tuple(alarms), starts)
