"""docs/gate.md says what the code does: every parameter, every rule, and the figures of the checked-in curve."""

import json
import re
from dataclasses import fields
from pathlib import Path

from mergeline.gate import operating_curve
from mergeline.gate.operating_curve import RULES, render_table
from mergeline.params import Gate, load_params


def read_page(repository: Path) -> str:
    """Return the page."""
    return (repository / "docs/gate.md").read_text(encoding="utf-8")


def test_every_parameter_of_the_gate_is_explained(repository: Path) -> None:
    """By its name, in the table of rules."""
    named = set(re.findall(r"`(\w+)`", read_page(repository)))
    assert {field.name for field in fields(Gate)} <= named


def test_every_rule_of_the_code_is_in_the_table(repository: Path) -> None:
    """A rule that a verdict can name is one that the page explains."""
    sources = "".join(path.read_text(encoding="utf-8") for path in (repository / "src/mergeline/gate").glob("*.py"))
    rules = set(re.findall(r"(?<!Slice)Rule\(\s*\"(\w+)\"", sources)) | set(
        re.findall(r"_judge_\w+\(\s*\"(\w+)\"", sources)
    )
    assert {"champion", "max_slice_loss", "metrics_file", "min_roc_auc", "max_row_ms", "checks"} <= rules
    table = "\n".join(line for line in read_page(repository).splitlines() if line.startswith("| `"))
    assert {name for name in rules if f"`{name}`" not in table} == set()


def test_the_tables_are_those_of_the_checked_in_result(repository: Path) -> None:
    """Figures in the page are made, not typed; the command that makes them is there too."""
    result = json.loads((repository / "docs/gate/operating-curve.json").read_text(encoding="utf-8"))
    page = read_page(repository)
    for table in render_table(result["curve"], result["coverage"]).split("\n\n"):
        assert table in page
    assert result["command"] in page


def test_the_checked_in_result_was_made_by_todays_rules(repository: Path) -> None:
    """If this fails, margins have changed: run `make simulate` and commit docs/gate/."""
    result = json.loads((repository / "docs/gate/operating-curve.json").read_text(encoding="utf-8"))
    gate = load_params(repository / "params.yaml").gate
    assert result["rules"] == {name: getattr(gate, name) for name in RULES}
    assert {point["setting"] for point in result["curve"]} == set(operating_curve.SETTINGS)


def test_the_checked_in_result_keeps_the_promises(repository: Path) -> None:
    """No change asked to be better: at most 5 % promoted; a loss of 0.01: at most 1 %; coverage by day 93–97 %."""
    result = json.loads((repository / "docs/gate/operating-curve.json").read_text(encoding="utf-8"))
    assert (result["replays"], result["repetitions"]) == (200, 500)
    for point in result["curve"]:
        if point["auc_difference"] == 0 and point["reason"] == "quality":
            assert point["promote"] <= 0.05
        if point["auc_difference"] <= -0.01:
            assert point["promote"] <= 0.01
    for row in result["coverage"]:
        shares = [row[metric] for metric in ("roc_auc", "log_loss", "brier")]
        if row["unit"] == "row":
            assert max(shares) < 0.9
        elif row["n_days"] == 90:
            assert all(0.93 <= share <= 0.97 for share in shares)
