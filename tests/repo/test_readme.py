"""Tests that what the README shows is what the commands print."""

import re
from pathlib import Path

from mergeline.report.show import render_summary

ROOT = Path(__file__).resolve().parents[2]


def test_the_readme_shows_what_make_prints() -> None:
    """The block under `make` is the summary of the figures and reasons in it; a better model does not make it red."""
    block = re.search(r"begin -->\n```text\n(.*?)\n```\n<!--", (ROOT / "README.md").read_text(), flags=re.DOTALL)
    assert block
    pooled, judged = block.group(1).split("\n\n")[:2]
    rows = [line.split() for line in pooled.splitlines()[1:]]
    metrics = {name: float(value) if "." in value else int(value.replace(",", "")) for name, value in rows}
    verdict, *reasons = (line.strip() for line in judged.splitlines())
    summary = render_summary(metrics, {"verdict": verdict.removeprefix("verdict: "), "reasons": reasons})
    assert summary.strip() == block.group(1)


def test_the_readme_shows_the_two_commands_on_its_first_screen() -> None:
    """By line 30 a newcomer has seen clone, make and make test."""
    top = "\n".join((ROOT / "README.md").read_text().splitlines()[:30])
    for command in ("git clone", "make  ", "make test"):
        assert command in top
