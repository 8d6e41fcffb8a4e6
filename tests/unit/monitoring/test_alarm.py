"""Tests of the alarm: n of the last m windows and the latest, one that goes on, one that ends, and what follows."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergeline.monitoring.alarm import decide, find_alarms
from mergeline.params import Monitor, load_params

PARAMS: Monitor = replace(load_params().monitor, alarm_windows=2, alarm_of=3)
LETTERS = {"b": "breach", "o": "ok", "-": "too few rows"}


def history(states: str, group: str = "drift", *, at_once: bool = False, shadow: bool = False) -> list[dict[str, Any]]:
    """Return a history of one check, a letter per window."""
    return [
        {
            "start": f"2013-01-{number + 1:02}",
            "shadow": shadow,
            "checks": [{"name": "c", "group": group, "state": LETTERS[one], "says": "", "at_once": at_once}],
        }
        for number, one in enumerate(states)
    ]


@pytest.mark.parametrize(
    ("states", "action", "action_if_open"),
    [
        ("", "none", "close"),
        ("o", "none", "close"),
        ("b", "none", "close"),
        ("bb", "open", "update"),
        ("bob", "open", "update"),
        ("bbo", "none", "update"),
        ("bboo", "none", "close"),
        ("boob", "none", "close"),
        ("b-b", "open", "update"),
        ("bb---", "open", "update"),
    ],
)
def test_an_issue_opens_stays_and_closes(states: str, action: str, action_if_open: str) -> None:
    """Two of three with the latest open it; two of three keep it; windows that were not judged say nothing."""
    alarms = find_alarms(history(states), [], PARAMS)
    assert decide(alarms, False, False, False).action == action
    assert decide(alarms, True, False, False).action == action_if_open


@given(st.text("bo-", max_size=12))
def test_an_alarm_that_begins_has_its_breaches(states: str) -> None:
    """Whatever the history: an issue opens exactly for two breaches of the last three judged, the latest among them."""
    judged = states.replace("-", "")
    due = judged[-3:].count("b") >= 2 and judged.endswith("b")
    assert (decide(find_alarms(history(states), [], PARAMS), False, False, False).action == "open") == due


def test_a_shadow_raises_no_alarm() -> None:
    """Nobody was answered by it."""
    assert find_alarms(history("bbb", shadow=True), [], PARAMS) == []


def test_of_variants_in_parallel_one_in_breach_suffices() -> None:
    """Two bundles answered in each window, and one of them is ill."""
    both = sorted([*history("bb"), *history("oo")], key=lambda line: line["start"])
    assert [alarm.name for alarm in find_alarms(both, [], PARAMS)] == ["c"]


def test_what_cannot_be_chance_needs_one_window() -> None:
    """A column that is gone, and the silence of now."""
    assert decide(find_alarms(history("ob", at_once=True), [], PARAMS), False, False, False).action == "open"
    assert find_alarms(history("bo", at_once=True), [], PARAMS) == []
    now = [{"name": "freshness", "group": "traffic", "state": "breach", "says": ""}]
    assert [alarm.name for alarm in find_alarms([], now, PARAMS)] == ["freshness"]


@pytest.mark.parametrize(
    ("groups", "retrained", "wanted"),
    [
        (["drift"], False, True),
        (["quality"], False, True),
        (["drift"], True, False),
        (["contract"], False, False),
        (["drift", "contract"], False, False),
        (["quality", "labels"], False, False),
        (["traffic"], False, False),
    ],
)
def test_a_retrain_starts_once_and_never_on_broken_data(groups: Sequence[str], retrained: bool, wanted: bool) -> None:
    """Drift and quality ask for it; a broken contract, lost labels or silence do not."""
    lines = [line for group in groups for line in history("bb", group)]
    for number, line in enumerate(lines):
        line["checks"][0]["name"] = groups[number // 2]
    alarms = find_alarms(sorted(lines, key=lambda line: line["start"]), [], PARAMS)
    assert len(alarms) == len(groups)
    assert decide(alarms, True, retrained, True).retrain == wanted
    assert not decide(alarms, True, retrained, False).retrain
