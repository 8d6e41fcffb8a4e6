"""Tests that what the README shows is what the commands print."""

import json
import re
from pathlib import Path

from mergeline.gate.verdict import decide, judge_floors
from mergeline.params import load_params
from mergeline.report.show import render_summary

ROOT = Path(__file__).resolve().parents[2]


def test_the_readme_shows_what_make_prints_for_the_committed_metrics() -> None:
    """The block under `make` is the summary of reports/metrics.json on a clone without a champion."""
    metrics = json.loads((ROOT / "reports/metrics.json").read_text())
    gate = load_params(ROOT / "params.yaml").gate
    summary = render_summary(metrics, decide(judge_floors(metrics, gate), None)).strip()
    block = re.search(r"begin -->\n```text\n(.*?)\n```\n<!--", (ROOT / "README.md").read_text(), flags=re.DOTALL)
    assert block
    assert block.group(1) == summary


def test_the_readme_shows_the_two_commands_on_its_first_screen() -> None:
    """By line 30 a newcomer has seen clone, make and make test."""
    top = "\n".join((ROOT / "README.md").read_text().splitlines()[:30])
    for command in ("git clone", "make  ", "make test"):
        assert command in top
