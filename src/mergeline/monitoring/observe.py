"""One pass over the prediction log and the labels: what is counted of them, before anything is judged.

Nothing here is yours to edit. Memory grows with the days that the log
spans, not with its rows.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from datetime import date, datetime
from pathlib import Path
from typing import Any

from mergeline.errors import MergelineError
from mergeline.monitoring.label_files import read_labels
from mergeline.monitoring.layout import Layout
from mergeline.monitoring.log_lines import LogState, read_log
from mergeline.monitoring.outcomes import Outcomes, join_labels
from mergeline.monitoring.spill import LABELLED, PREDICTED, Spill, make_predicted
from mergeline.monitoring.tally import Key, Tally


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


def _sort_outcomes(outcomes: Outcomes, series: Mapping[Key, int]) -> dict[Key, dict[date, Any]]:
    sorted_out: dict[Key, dict[date, Any]] = {key: {} for key in series}
    keys = {number: key for key, number in series.items()}
    for (number, day), outcome in outcomes.items():
        sorted_out[keys[number]][day] = outcome
    return sorted_out
