"""What the gate adds to the report: the interval a claim rests on, what would change a rule, the exploratory slice."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mergeline.report.comparison import build_metrics, build_slices
from mergeline.report.inputs import Inputs
from mergeline.report.judgement import ORDER, WORDS, build_verdict

FIGURES = {"candidate": 0.6, "champion": 0.5, "difference": 0.1}


@pytest.fixture
def recorded(repository: Path) -> Inputs:
    """Return the inputs of the example report."""
    return Inputs(**json.loads((repository / "docs/report-example.json").read_text(encoding="utf-8")))


def judged(inputs: Inputs, **changes: Any) -> Inputs:
    """Return `inputs` with parts of the verdict changed."""
    return replace(inputs, verdict={**(inputs.verdict or {}), **changes})


def read_last_cell(inputs: Inputs, low: float, high: float, strict_low: float, strict_high: float) -> str:
    """Return what the report says of an ROC AUC with these intervals."""
    figures = {**FIGURES, "low": low, "high": high, "strict_low": strict_low, "strict_high": strict_high}
    comparison = {"n_rows": 10, "n_clusters": 5, "level": 0.95, "strict_level": 0.99, "metrics": {"roc_auc": figures}}
    text = build_metrics(judged(inputs, comparison=comparison)) or ""
    line = next(line for line in text.splitlines() if line.startswith("| ROC AUC | higher"))
    return line.split(" | ")[-1].removesuffix(" |")


def test_the_words_rest_on_the_interval_that_the_rule_used(recorded: Inputs) -> None:
    """Better needs the corrected interval; worse, which is not sought by trying, the plain one."""
    assert read_last_cell(recorded, 0.01, 0.2, 0.005, 0.21) == "better"
    assert read_last_cell(recorded, 0.01, 0.2, -0.01, 0.22) == "not clearly better at this look"
    assert read_last_cell(recorded, -0.01, 0.2, -0.02, 0.21) == "not clearly different"
    assert read_last_cell(recorded, -0.2, -0.01, -0.21, 0.01) == "worse"


def test_both_intervals_are_shown_where_they_differ_and_one_where_they_do_not(recorded: Inputs) -> None:
    """The look, its correction and both levels are named."""
    both = build_metrics(recorded) or ""
    assert "| 95% interval | 99.24% interval |" in both
    assert "This is look 2 at them. For it, `alpha-spending` asks for a 99.24% interval" in both
    comparison = {**(recorded.verdict or {})["comparison"], "strict_level": 0.95}
    one = build_metrics(judged(recorded, comparison=comparison)) or ""
    assert one.count("% interval") == 1


def test_the_worst_slice_is_marked_as_exploratory(recorded: Inputs) -> None:
    """A hint and no rule, with how often luck alone would find one as bad."""
    text = build_slices(recorded) or ""
    assert "*Exploratory, a hint where to look and no rule:* of 85 slices" in text
    assert "would turn up with a chance of" in text
    assert "Exploratory" not in (build_slices(judged(recorded, worst_slice=None)) or "")


def test_a_rule_that_objects_says_what_would_change_it(recorded: Inputs) -> None:
    """In the table, beside what it saw; a rule that passes says nothing of the kind."""
    assert build_verdict(recorded).count("**What would change it:**") == 1


def test_every_rule_that_can_object_has_words_without_statistics(repository: Path) -> None:
    """The reason at the top never falls back to the bare name of a rule."""
    page = (repository / "docs/gate.md").read_text(encoding="utf-8")
    rows = [line.strip("| ").split("|") for line in page.splitlines() if line.startswith("| `")]
    outcomes = {cells[0]: cells[-1] for cells in rows if len(cells) == 4}
    assert len(outcomes) >= 14
    for names, words in outcomes.items():
        allowed = ["hold", "reject"] if "as set" in words else [key for key in ORDER if key in words]
        for name in names.replace("`", "").split(","):
            found = [outcome for outcome in allowed if (name.strip(), outcome) in WORDS]
            assert found == (["hold"] if name.strip() == "champion_age" else allowed), name
