"""The pages show what GitHub would show, and nothing that a pull request wrote runs in them."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergeline.errors import MergelineError
from mergeline.rehearsal.page import build_index, build_pull_page, render
from mergeline.rehearsal.picture import build_comment_page, take_picture
from mergeline.rehearsal.promises import Ledger
from mergeline.rehearsal.results import NOT_HERE, Job, Run
from mergeline.rehearsal.table import build_conclusion, build_record, build_table

RUNS = [
    Run(
        *(1001, "ci", "push", "failure", 65.0),
        (Job("a", "Model", "failure", 61.0), Job("b", "Tests, Python 3.12", NOT_HERE), Job("c", "Docs", "skipped")),
    )
]
PULL: dict[str, Any] = {
    "number": 1,
    "title": "<script>alert(1)</script>",
    "state": "open",
    "merged": False,
    "user": {"login": "guest"},
    "head": {"label": "guest/model:topic", "sha": "a" * 40},
}


def make_ledger() -> Ledger:
    """Return a ledger with a kept and a broken promise."""
    ledger = Ledger(say=lambda _: None)
    ledger.begin("A scene")
    ledger.expect("this holds", True, "unseen")
    ledger.expect("this does not", False, "something <else>")
    return ledger


def test_a_comment_is_rendered_with_tables_and_without_markers() -> None:
    """Tables and folds are shown; our marker, the watermark and pictures are not."""
    text = "<!-- mergeline-report run=1 -->\n| a | b |\n|---|---|\n| 1 | 2 |\n\n<details>\n\nx\n\n</details>\n"
    html = render(text + '\n![](https://cml.dev/watermark.png#abc "CML watermark mergeline-report")')
    assert "<td>1</td>" in html
    assert "<details>" in html
    assert "mergeline-report" not in html
    assert "<img" not in render("![a](reports/figure.png)")


def test_the_picture_shows_the_report_as_a_comment() -> None:
    """The page that is photographed holds title, author and report."""
    page = build_comment_page("Fit longer #12", "## Hold\n\n| a | b |\n|---|---|\n| 1 | 2 |\n")
    for part in ("<h1>Fit longer #12</h1>", "<b>github-actions</b>", "<h2>Hold</h2>", "<td>1</td>"):
        assert part in page


def test_without_a_browser_there_is_no_picture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names the programs that would do."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MergelineError) as caught:
        take_picture("page", tmp_path / "picture.png", 100)
    assert "install one of: chromium" in caught.value.fix
    assert not (tmp_path / "picture.png").exists()


@given(st.text(alphabet='<>/!scriptmg="= onload\n`', max_size=60))
def test_no_text_makes_an_element_that_runs(text: str) -> None:
    """Whatever a report holds, no script, picture or handler comes out."""
    html = render(text).lower()
    assert "<script" not in html
    assert "<img" not in html


CHART = """```mermaid
xychart-beta
  title "Title <script>"
  x-axis "bins" ["a", "b"]
  y-axis "share" 0 --> 1
  bar [0.25, 1]
  line [0, 0.5]
```
"""


def test_a_chart_is_drawn_and_what_cannot_be_drawn_is_text() -> None:
    """Bars and lines lie where their values say; other diagrams, and broken ones, are shown as written."""
    html = render(CHART)
    bars = [float(height) for height in re.findall(r'<rect [^>]*height="([\d.]+)"', html)]
    assert bars[1] == pytest.approx(4 * bars[0], rel=0.01)
    assert html.count("<polyline") == 6 + 1
    assert "<script" not in html
    assert "<pre>graph TD" in render("```mermaid\ngraph TD\n```")
    assert "<pre>xychart-beta" in render("```mermaid\nxychart-beta\nbar [1, x]\n```")


def test_the_page_of_a_pull_request_escapes_what_people_chose() -> None:
    """Titles and branch names are text."""
    comment = {"user": {"login": "github-actions[bot]"}, "body": "## Verdict: hold"}
    page = build_pull_page(PULL, RUNS, [comment])
    assert "<script>" not in page
    assert "<h2>Verdict: hold</h2>" in page
    assert "Tests, Python 3.12: not available here" in page


def test_the_table_counts_minutes_and_the_conclusion_names_what_broke_and_what_was_not_tried() -> None:
    """What did not run costs nothing and is not among the passed."""
    table, conclusion = build_table(RUNS), build_conclusion(RUNS, make_ledger())
    assert "Model                                failure                  61.0        2" in table
    assert "Python 3.12" not in table
    assert "1 of 2 promises kept" in conclusion
    assert "BROKEN  A scene: this does not (seen: something <else>)" in conclusion
    assert "not tried, not available here: Tests, Python 3.12" in conclusion
    assert "something &lt;else&gt;" in build_index([PULL], RUNS, make_ledger(), "intro")


def test_the_record_for_machines_holds_the_same() -> None:
    """Promises, runs and jobs, with seconds and minutes."""
    record = build_record(RUNS, make_ledger())
    assert [promise["kept"] for promise in record["promises"]] == [True, False]
    assert record["runs"][0]["minutes"] == 2
    assert record["runs"][0]["jobs"][1]["result"] == NOT_HERE
