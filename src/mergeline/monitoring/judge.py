"""From counts to judgements: every window of every bundle, and the service as a whole.

Nothing here is yours to edit: the limits are in `params.yaml`, group `monitor`.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from mergeline.monitoring.judge_contract import judge_contract
from mergeline.monitoring.judge_drift import judge_drift
from mergeline.monitoring.judge_labels import judge_labels
from mergeline.monitoring.judge_traffic import judge_log, judge_traffic
from mergeline.monitoring.layout import Layout
from mergeline.monitoring.observe import Observation
from mergeline.monitoring.outcomes import sum_outcomes
from mergeline.monitoring.quality import compute_auc, compute_brier, compute_curve, compute_gap, compute_rate, estimate
from mergeline.monitoring.tally import Day, sum_days
from mergeline.monitoring.windows import Check, Window, list_windows
from mergeline.params import Monitor

FORMAT = 1


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
