"""The macro monitor: one pass over the prediction log, then a judgement of every window.

Nothing here is yours to edit: the limits are in `params.yaml`, group `monitor`. Memory grows with the days that the log
spans, not with its rows.
"""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path
from typing import Any

from mergeline.errors import MergelineError
from mergeline.monitoring.judge_contract import judge_contract
from mergeline.monitoring.judge_drift import judge_drift
from mergeline.monitoring.judge_labels import judge_labels
from mergeline.monitoring.judge_traffic import judge_log, judge_traffic
from mergeline.monitoring.label_files import read_labels
from mergeline.monitoring.layout import Layout
from mergeline.monitoring.log_lines import LogState, read_log
from mergeline.monitoring.outcomes import Outcomes, join_labels, sum_outcomes
from mergeline.monitoring.quality import compute_auc, compute_brier, compute_curve, compute_gap, compute_rate, estimate
from mergeline.monitoring.spill import LABELLED, PREDICTED, Spill, make_predicted
from mergeline.monitoring.tally import Day, Key, Tally, sum_days
from mergeline.monitoring.windows import Check, Window, list_windows
from mergeline.params import Monitor

FORMAT = 1


class Observation:
    """What one pass over log and labels found.

    Attributes
    ----------
    tally : Tally
        Counts per bundle and day.
    state : LogState
        What the log's files were like.
    outcomes : dict
        Joined labels per bundle and day.
    orphans, wrong_labels : int
        Labels without a prediction; values that are no label.
    """

    def __init__(self, layouts: Mapping[str, Layout]) -> None:
        self.tally = Tally(layouts)
        self.state = LogState()
        self.outcomes: dict[Key, dict[date, Any]] = {}
        self.orphans = 0
        self.wrong_labels = 0


def observe(
    log: Path, layouts: Mapping[str, Layout], labels: Path | None, now: datetime, label_days: int, scratch: Path
) -> Observation:
    """Return what is in the log, joined with the labels that are known by `now`.

    Parameters
    ----------
    log, labels : Path
        Folders; no labels are given by None.
    layouts : mapping of str to Layout
        By digest, the bundles to be monitored.
    now : datetime
        Rows and labels of later moments do not exist yet.
    label_days : int
        After how many days a label is late.
    scratch : Path
        An empty folder for the join.
    """
    found = Observation(layouts)
    series: dict[Key, int] = {}
    with ExitStack() as stack:
        predicted = stack.enter_context(Spill(scratch / "predicted", PREDICTED)) if labels else None
        for frame, raw in read_log(log, merge_kinds(layouts), found.state):
            known = frame.filter(frame["at"] <= f"{now:%Y-%m-%dT%H:%M:%S.%fZ}")
            found.tally.add(known, raw)
            if predicted:
                for (digest, shadow), part in known.partition_by("digest", "shadow", as_dict=True).items():
                    if str(digest) in layouts:
                        key = Key(str(digest), bool(shadow))
                        predicted.add(make_predicted(part, series.setdefault(key, len(series))))
        if labels and predicted:
            labelled = stack.enter_context(Spill(scratch / "labelled", LABELLED))
            for records, wrong in read_labels(labels, now):
                labelled.add(records)
                found.wrong_labels += wrong
    if labels and predicted:
        outcomes, found.orphans = join_labels(predicted, labelled, label_days)
        found.outcomes = _sort_outcomes(outcomes, series)
    return found


def merge_kinds(layouts: Mapping[str, Layout]) -> dict[str, str]:
    """Return feature to kind over all bundles.

    Raises
    ------
    MergelineError
        If a feature is text for one bundle and a number for another.
    """
    kinds: dict[str, str] = {}
    for layout in layouts.values():
        for block in layout.features:
            if kinds.setdefault(block.name, block.kind) != block.kind:
                raise MergelineError(
                    f"feature '{block.name}' is text for one bundle and a number for another",
                    where=f"bundle {layout.bundle.digest[:12]}",
                    fix="monitor them one at a time: --bundle …",
                )
    return kinds


def judge(found: Observation, params: Monitor, now: datetime, given: bool) -> dict[str, Any]:
    """Return the content of monitoring.json: the log, the service as a whole, and each bundle window by window."""
    tally = found.tally
    answered = [day for key, days in tally.days.items() if not key.shadow for day in days]
    windows = list_windows(answered, params.window_days, now)
    for key, days in tally.days.items():
        if not key.shadow:
            _fill(windows, days, {})
    traffic = judge_traffic(windows, params)
    series = []
    for key, days in sorted(tally.days.items(), key=lambda item: (item[0].shadow, min(item[1]), item[0].digest)):
        own = list_windows(list(days), params.window_days, now)
        _fill(own, days, found.outcomes.get(key, {}))
        layout = tally.layouts[key.digest]
        judged = [_describe(one, judge_window(one, layout, params, now, given)) for one in own if one.rows]
        series.append({"digest": key.digest, "shadow": key.shadow, "windows": judged})
    return {
        "format": FORMAT,
        "now": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        "log": {**vars(found.state), "other_bundles": dict(sorted(tally.strangers.items())), "last_at": tally.last_at},
        "labels": {"given": given, "without_prediction": found.orphans, "not_a_label": found.wrong_labels},
        "service": {
            "now": [check.to_json() for check in judge_log(found.state, tally.last_at, now, params)],
            "windows": [
                {**_frame(window), "checks": [check.to_json() for check in checks]}
                for window, checks in zip(windows, traffic, strict=True)
            ],
        },
        "series": series,
    }


def judge_window(window: Window, layout: Layout, params: Monitor, now: datetime, given: bool) -> list[Check]:
    """Return all judgements of one bundle's window; of an open one only the contract's, which cannot wait."""
    contract = judge_contract(sum_days(window.days), layout, params)
    if not window.closed:
        return contract
    return [*contract, *judge_drift(window, layout, params), *judge_labels(window, layout, params, now, given)]


def _fill(windows: Sequence[Window], days: Mapping[date, Day], outcomes: Mapping[date, Any]) -> None:
    for window in windows:
        inside = sorted(day for day in days if window.start <= day < window.end)
        window.days += [days[day] for day in inside]
        window.outcomes += [outcomes[day] for day in inside if day in outcomes]


def _sort_outcomes(outcomes: Outcomes, series: Mapping[Key, int]) -> dict[Key, dict[date, Any]]:
    sorted_out: dict[Key, dict[date, Any]] = {key: {} for key in series}
    keys = {number: key for key, number in series.items()}
    for (number, day), outcome in outcomes.items():
        sorted_out[keys[number]][day] = outcome
    return sorted_out


def _frame(window: Window) -> dict[str, Any]:
    return {
        "start": window.start.isoformat(),
        "end": window.end.isoformat(),
        "closed": window.closed,
        "rows": window.rows,
    }


def _describe(window: Window, checks: Sequence[Check]) -> dict[str, Any]:
    total = sum_days(window.days)
    labels = sum_outcomes(window.outcomes)
    counted = ("predicted", "repeated", "labelled", "late", "duplicate", "contradictory")
    auc, gap = (estimate(window.outcomes, compute) for compute in (compute_auc, compute_gap))
    figures = {
        "roc_auc": auc.value,
        "roc_auc_error": auc.error,
        "calibration_gap": gap.value,
        "calibration_gap_error": gap.error,
        "brier": compute_brier(labels),
        "target_rate": compute_rate(labels),
        "mean_score_of_labelled": labels.labelled_score_sum / labels.labelled if labels.labelled else None,
    }
    return {
        **_frame(window),
        "mean_score": round(total.score_sum / total.rows, 6),
        "labels": {name: getattr(labels, name) for name in counted},
        "figures": {name: None if value is None else round(value, 6) for name, value in figures.items()},
        "curve": [[round(score, 4), round(rate, 4), rows] for score, rate, rows in compute_curve(labels)],
        "checks": [check.to_json() for check in checks],
    }
