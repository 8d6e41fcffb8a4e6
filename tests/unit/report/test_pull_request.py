"""The report of a pull request: one text for each state, in the order of a reviewer's questions, within its budget."""

import copy
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mergeline.report import pull_request
from mergeline.report.charts import COLOURS
from mergeline.report.inputs import Inputs
from mergeline.report.publish_text import MAX_COMMENT, neutralise
from mergeline.report.pull_request import MAX_BYTES, build_report, fit, main
from unit.report.test_pull_request_markdown import ATTACKS, TEXT, assert_harmless

OWN_HTML = ("<details>\n<summary>Calibration as a table</summary>", "</details>")
JARGON = re.compile(r"AUC|Brier|calibration|interval|log loss|\d", re.IGNORECASE)


@pytest.fixture
def recorded(repository: Path) -> Inputs:
    """Return the inputs of the example report: a real change of two parameters, judged against a champion."""
    return Inputs(**json.loads((repository / "docs/report-example.json").read_text(encoding="utf-8")))


def judged(inputs: Inputs, verdict: str, *rules: dict[str, str], **changes: Any) -> Inputs:
    """Return `inputs` with another verdict."""
    changed = {"verdict": verdict, "rules": list(rules) or (inputs.verdict or {})["rules"], **changes}
    return replace(inputs, verdict={**(inputs.verdict or {}), **changed})


def get_top(report: str) -> list[str]:
    """Return the first three lines that hold text."""
    return [line for line in report.splitlines() if line][:3]


def get_headings(report: str) -> list[str]:
    """Return the headings in order."""
    return re.findall(r"^#+ (.*)$", report, flags=re.MULTILINE)


def test_the_example_in_the_docs_is_what_the_code_writes(repository: Path, tmp_path: Path) -> None:
    """Output shown in the docs is generated; if this fails, run the command of docs/report-example.md's last commit."""
    out = tmp_path / "report.md"
    assert main(["--inputs", str(repository / "docs/report-example.json"), "--out", str(out)]) == 0
    fix = "python -m mergeline.report.pull_request --inputs docs/report-example.json --out docs/report-example.md"
    assert out.read_text(encoding="utf-8") == (repository / "docs/report-example.md").read_text(encoding="utf-8"), fix


def test_the_sections_come_in_the_order_of_a_reviewers_questions(recorded: Inputs) -> None:
    """Verdict, metrics, slices, parameters, data, curves, origin, how to get it."""
    assert get_headings(build_report(recorded))[1:] == [
        "Metrics",
        "Slices that moved",
        "Parameters changed",
        "Data changed",
        "Calibration and curves",
        "What was reproduced, and from what",
        "The same text on your machine",
    ]


@pytest.mark.parametrize(
    ("verdict", "name", "outcome", "says"),
    [
        ("promote", "champion", "pass", "does at least as well as asked against the model in use"),
        ("hold", "champion", "hold", "not shown to be better"),
        ("hold", "max_roc_auc", "hold", "leaked"),
        ("hold", "champion_unscorable", "hold", "could not be run on the same rows"),
        ("reject", "min_roc_auc", "reject", "does not tell the cases apart"),
        ("reject", "max_slice_loss", "reject", "worse than the model in use for a part of the cases"),
    ],
)
def test_the_first_three_lines_need_no_statistics(
    recorded: Inputs, verdict: str, name: str, outcome: str, says: str
) -> None:
    """They say what was decided, what it means and why, without a figure or a term."""
    rule = {"name": name, "outcome": outcome, "says": "ROC AUC 0.5"}
    heading, meaning, why = get_top(build_report(judged(recorded, verdict, rule)))
    assert verdict in heading.lower()
    assert "model in use" in meaning or "the one in use" in meaning
    assert says in why
    assert not JARGON.search("".join((heading, meaning, why)).removeprefix("## "))


def test_the_first_model_ever_is_told_apart_from_a_comparison(recorded: Inputs) -> None:
    """Without a champion the report says so at the top and shows the candidate alone."""
    report = build_report(judged(recorded, "promote", champion=None, comparison=None, slices=[]))
    assert "There is no model in use yet" in get_top(report)[1]
    assert "There is no champion yet, so there is nothing to compare with." in report
    assert "Slices that moved" not in report
    assert "| ROC AUC | 0." in report


def test_the_comparison_names_its_rows_and_reads_its_intervals(recorded: Inputs) -> None:
    """An interval that leaves out 0 is called by its side, by the direction in which the metric is better."""
    figures = {"candidate": 0.6, "champion": 0.5, "difference": 0.1}
    metrics = {
        "roc_auc": {**figures, "low": 0.01, "high": 0.2},
        "log_loss": {**figures, "low": 0.01, "high": 0.2},
        "brier": {**figures, "low": -0.01, "high": 0.2},
        "profit": {**figures, "low": 0.01, "high": 0.2},
    }
    comparison = {"n_rows": 12345, "n_clusters": 91, "level": 0.95, "metrics": metrics}
    report = build_report(judged(recorded, "promote", comparison=comparison))
    assert "the same 12,345 held-out rows" in report
    assert "| ROC AUC | higher | 0.6000 | 0.5000 | +0.1000 | +0.0100 to +0.2000 | better |" in report
    assert re.search(r"log loss \| lower .* \| worse \|", report)
    assert re.search(r"Brier score \| lower .* \| not clearly different \|", report)
    assert re.search(r"`profit` \| – .* \| – \|", report)


def test_only_slices_that_moved_are_listed_worst_first(recorded: Inputs) -> None:
    """Slices whose interval holds 0 and slices too small to compare are counted, not listed."""
    size = {"n_rows": 2000, "n_clusters": 90}
    slices = [
        {**size, "columns": ["carrier"], "values": ["UP"], "difference": 0.02, "low": 0.01, "high": 0.03},
        {**size, "columns": ["carrier"], "values": [None], "difference": -0.05, "low": -0.08, "high": -0.03}
        | {"worse": True},
        {**size, "columns": ["carrier"], "values": ["SAME"], "difference": 0.0, "low": -0.01, "high": 0.01},
        {**size, "columns": ["carrier"], "values": ["TINY"], "difference": None, "reason": "too few rows"},
        {**size, "slice": "origin", "value": "JFK", "difference": -0.01, "low": -0.02, "high": -0.005},
    ]  # fmt: skip
    report = build_report(judged(recorded, "reject", slices=slices))
    assert "3 of 4 compared slices moved; 1 has too few rows" in report
    listed = re.findall(r"^\| `\w+` \| `([\w() ]+)` .*\| (.*) \|$", report.split("Slices that moved")[1], re.MULTILINE)
    assert listed[:3] == [
        ("(no value)", "**worse, beyond the limit**"),
        ("JFK", "worse, within the limit"),
        ("UP", "better"),
    ]
    assert "SAME" not in report
    assert "TINY" not in report


def test_a_change_of_parameters_is_shown_by_dotted_name(recorded: Inputs) -> None:
    """Changed, added and dropped parameters of every group are listed with both values; the rest is not."""
    before = {"train": {"C": 1.0, "gone": "x"}, "gate": {"level": 0.95}, "same": {}}
    now = {"train": {"C": 0.5}, "gate": {"level": 0.95, "new": [1, 2]}, "same": {}}
    report = build_report(replace(recorded, base_params=before, params=now))
    rows = [
        "| `train.C` | `1.0` | `0.5` |",
        "| `gate.new` | (absent) | `[1, 2]` |",
        '| `train.gone` | `"x"` | (absent) |',
    ]
    assert "\n".join(rows) in report
    assert "None: all 4 are as at the base." in build_report(replace(recorded, base_params=now, params=now))


def test_a_missing_baseline_is_said_with_its_mend(recorded: Inputs) -> None:
    """What changed is unknown then, and never shown as "nothing"."""
    base = {"commit": None, "says": "this clone is shallow", "fix": "git fetch --unshallow origin"}
    report = build_report(replace(recorded, base=base, base_params=None, base_data=None, base_validation=None))
    assert report.count("**No baseline:** this clone is shallow. To get one: `git fetch --unshallow origin`") == 2
    assert "**no baseline:**" in report


def test_new_and_changed_batches_are_shown_with_rows_and_checks(recorded: Inputs) -> None:
    """A reviewer sees which raw files differ, how many rows they had and have, and how they compare."""
    from mergeline.procurement.contents import compute_directory_hash

    def point(files: dict[str, str]) -> dict[str, Any]:
        return {"outs": [{"md5": compute_directory_hash(files), "path": "data"}], "meta": {"files": files}}

    check = {
        "check": "rows ÷ earlier median",
        "value": "1.1",
        "allowed": "0.75 to 1.35",
        "passed": True,
        "column": None,
    }
    new = {"file": "data/t/2.csv", "rows": 200, "labelled": 100, "positive": 25, "checks": [check]}
    old = {"file": "data/t/1.csv", "rows": 100, "labelled": 100, "positive": 20, "checks": []}
    changed = replace(
        recorded,
        base_data=point({"t/0.csv": "c", "t/1.csv": "a"}),
        data=point({"t/1.csv": "b", "t/2.csv": "d"}),
        base_validation={"files": [old], "passed": True},
        validation={"files": [{**old, "rows": 90}, new], "passed": True, "findings": []},
    )
    report = build_report(changed)
    assert "3 of 3 raw files differ; all now: 2 files with 290 rows." in report
    assert "| `t/0.csv` | **dropped** | – | – | – | – |" in report
    assert "| `t/1.csv` | **changed** | 100 | 90 | 20.00% | 20.00% |" in report
    assert "| `t/2.csv` | **added** | – | 200 | – | 25.00% |" in report
    assert "| `t/2.csv` | rows ÷ earlier median | 1.1 | 0.75 to 1.35 | ✓ |" in report
    assert "Validation **passed**: 1 of 1 checks" in report
    stopped = build_report(replace(changed, validation=None))
    assert "3 of 3 raw files differ.\n" in stopped
    assert "| `t/1.csv` | **changed** | 100 | – | 20.00% | – |" in stopped


def test_broken_data_stop_the_report_at_the_rows_that_break_the_contract(recorded: Inputs) -> None:
    """Nothing was judged; the findings say file, line, value and mend, and no earlier figure is shown."""
    finding = {
        "file": "data/flights/2013-03.csv",
        "line": 118,
        "column": "hour",
        "rule": "must be 0 to 23",
        "value": "24",
    }
    validation = {"passed": False, "files": [], "findings": [{**finding, "fix": "correct the source"}]}
    report = build_report(replace(recorded, validation=validation))
    heading, meaning, why = get_top(report)
    assert "No verdict" in heading
    assert "Nothing was judged" in meaning
    assert "The data break their contract" in why
    row = "| `data/flights/2013-03.csv` | `118` | hour must be 0 to 23 | `24` | correct the source |"
    assert row in report
    assert not {"Metrics", "Slices that moved", "Calibration and curves"} & set(get_headings(report))


def test_a_pipeline_that_stopped_is_named_and_shows_no_figure_of_before(recorded: Inputs) -> None:
    """A verdict that an earlier run left behind does not count."""
    stages = copy.deepcopy(recorded.stages)
    stages[3]["stale"] = ["src/usecase/model.py"]
    report = build_report(replace(recorded, stages=stages))
    assert "did not get past stage `train`" in get_top(report)[2]
    assert "| `train` | `src/usecase/model.py` |" in report
    assert "Promote" not in report
    assert "Metrics" not in get_headings(report)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"verdict": None}, "the gate left no verdict"),
        ({"verdict": {"verdict": "fine"}}, "names none of promote, hold and reject"),
        ({"model_digest": "0" * 64}, "of another model"),
    ],
)
def test_no_verdict_is_never_a_pass(recorded: Inputs, changes: dict[str, Any], why: str) -> None:
    """A missing, foreign or stale verdict is said to be none."""
    report = build_report(replace(recorded, **changes))
    assert "No verdict" in get_top(report)[0]
    assert why in get_top(report)[2]
    assert "Metrics" not in get_headings(report)


def test_an_empty_tree_still_gives_a_report() -> None:
    """Nothing at all is readable: the report says so instead of failing."""
    report = build_report(Inputs())
    assert "No verdict" in get_top(report)[0]
    assert "`params.yaml` is missing or cannot be read." in report


def test_a_file_of_another_form_costs_its_section_alone(recorded: Inputs) -> None:
    """A reviewer still gets the verdict when one file has a form that this version does not know."""
    report = build_report(replace(recorded, plots={"roc": 3}, metrics={"by_batch": [1]}))  # type: ignore[dict-item]
    assert "Promote" in report or "Hold" in report or "Reject" in report
    assert "section on curves could not be written" in report
    assert "section on metrics could not be written" in report
    assert "Parameters changed" in get_headings(report)


@settings(max_examples=25, deadline=None)
@given(TEXT, st.sampled_from(["promote", "hold", "reject", "none", "data"]))
def test_no_value_of_a_pull_request_does_anything(repository: Path, value: str, state: str) -> None:
    """Branches, parameters, categories, batches, findings, stages: none injects Markdown, HTML or a mention."""
    poison(repository, value, state)


@pytest.mark.parametrize("state", ["reject", "data"])
def test_no_known_attack_does_anything(repository: Path, state: str) -> None:
    """The attacks, one after another in every place."""
    for attack in ATTACKS[::2] if state == "reject" else ATTACKS[1::2]:
        poison(repository, attack, state)


def poison(repository: Path, value: str, state: str) -> None:
    """Build the example with `value` in place of every text in it, and check that the report is harmless."""
    content = json.loads((repository / "docs/report-example.json").read_text(encoding="utf-8"))

    def spoil(item: Any) -> Any:
        if isinstance(item, dict):
            return {key: spoil(inner) for key, inner in item.items()} | ({value: value} if len(item) > 6 else {})
        if isinstance(item, list):
            return [spoil(inner) for inner in item[:3]]
        return value if isinstance(item, str) and not re.fullmatch(r"[\d.e-]+", item) else item

    spoiled = {key: spoil(inner) for key, inner in content.items()}
    spoiled["model_digest"] = None
    spoiled["stages"] = content["stages"] if state != "none" else spoiled["stages"]
    spoiled["verdict"]["verdict"] = state if state not in ("none", "data") else "hold"
    spoiled["validation"]["passed"] = state != "data"
    finding = dict.fromkeys(("file", "line", "column", "rule", "value", "fix"), value)
    spoiled["validation"]["findings"] = [finding]
    spoiled["params"], spoiled["base_params"] = {value: value, "a": value}, {"a": [value], value[::-1]: {value: 1}}
    report = build_report(Inputs(**spoiled))
    assert_harmless(report, own_html=OWN_HTML)
    assert "could not be written" not in report


def test_the_whole_report_stays_below_githubs_limit_and_is_cut_by_sections(recorded: Inputs) -> None:
    """At the limit nothing is cut; one byte above it whole sections go from the end, and are named."""
    many = {f"p{position}": "ü" * 300 for position in range(40)}
    large = replace(recorded, params=many, base_params=dict.fromkeys(many, "é" * 300))
    report = build_report(large)
    size = len(neutralise(report).encode())
    assert 40_000 < size <= MAX_BYTES
    whole = build_report(large, None)
    assert build_report(large, len(neutralise(whole).encode())) == whole
    shorter = build_report(large, len(neutralise(whole).encode()) - 1)
    assert get_headings(shorter) == get_headings(whole)[:-1]
    assert "*Left out, to stay below GitHub's limit: how to get this text." in shorter
    assert "run's artifact" in shorter


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sampled_from([10, 100, 2000, 5980, 7000]), min_size=1, max_size=8), st.sampled_from("xü<@"))
def test_no_combination_of_sections_exceeds_the_budget(sizes: list[int], char: str) -> None:
    """Whatever the sections hold, the comment is one that GitHub takes."""
    sections = {f"s{position}": (char + "a") * (size // 2) for position, size in enumerate(sizes)}
    text = fit(sections, 6000)
    assert len(neutralise(text).encode()) <= 6000
    assert MAX_BYTES < MAX_COMMENT
    kept = [name for name, content in sections.items() if content in text]
    assert all(name in kept or "Left out" in text for name in sections)


def test_charts_are_numbers_and_words_of_ours(recorded: Inputs) -> None:
    """Mermaid draws them offline of any picture host; nothing in the report is a picture or a data URI."""
    report = build_report(recorded)
    charts = re.findall(r"```mermaid\n(.*?)```", report, flags=re.DOTALL)
    assert len(charts) == 2
    for chart in charts:
        first, *lines = chart.splitlines()
        assert first == COLOURS
        for line in lines:
            assert re.fullmatch(
                r"xychart-beta|  title \"[\w :,]+\"|  [xy]-axis \"[\w ,]+\"( 0 --> 1| \[(\"\d+%\"(, )?)+\])"
                r"|  (bar|line) \[(\d\.\d{4}(, )?)+\]",
                line,
            ), line
    assert "![" not in report
    assert "data:" not in report


def test_the_same_inputs_give_the_same_text(recorded: Inputs) -> None:
    """No clock, path or order of a set gets into the report."""
    assert build_report(recorded) == build_report(copy.deepcopy(recorded))


def test_the_command_writes_a_report_in_any_repository_and_returns_0(git_repository: Path) -> None:
    """Without pipeline, verdict or baseline the report can still be written."""
    (git_repository / "reports").mkdir()
    (git_repository / "reports/verdict.json").write_text("{not json")
    (git_repository / "params.yaml").write_text("a: [1")
    assert main(["--base", "no-such-branch"]) == 0
    report = (git_repository / "reports/report.md").read_text(encoding="utf-8")
    assert "'no-such-branch' is no commit of this clone" in report
    assert "could not be read: reports/verdict.json: not a JSON file" in report
    assert "could not be read: params.yaml: not valid YAML" in report


def test_a_recorded_report_can_be_made_again(git_repository: Path, tmp_path: Path) -> None:
    """What --record wrote gives the same text elsewhere."""
    (git_repository / "params.yaml").write_text("a: 1\n")
    first, second, inputs = tmp_path / "1.md", tmp_path / "2.md", tmp_path / "inputs.json"
    main(["--out", str(first), "--record", str(inputs)])
    assert main(["--out", str(second), "--inputs", str(inputs), "--whole"]) == 0
    assert first.read_bytes() == second.read_bytes()


def test_help_says_what_the_command_promises() -> None:
    """A reader learns that the status is no verdict, and where the comparison starts."""
    text = " ".join(pull_request.make_parser().format_help().split())
    assert "Exit status 0 whenever the report could be written" in text
    assert "where this leaves main" in text
