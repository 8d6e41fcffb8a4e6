"""The champion end to end: none yet, promoted, challenged, restored or refused."""

import json
import shutil
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from e2e.project import BATCHES, FRESH, Project
from mergeline.evaluation.scoring import score
from mergeline.gate.champion import Champion, parse_champion, write_champion


def read_verdict(project: Project) -> dict[str, Any]:
    """Return the project's verdict."""
    return json.loads(project.read("reports/verdict.json"))


def test_without_a_champion_the_floors_alone_judge_and_the_verdict_says_so(project: Project) -> None:
    """Floors decide between promote and reject; the absence of a champion stands first among the reasons."""
    project.call("gate.judge")
    verdict = read_verdict(project)
    assert (verdict["verdict"], verdict["champion"]) == ("promote", None)
    assert verdict["reasons"][0].startswith("no champion yet")
    project.set_params({"gate.min_roc_auc": 0.99})
    assert "verdict: reject" in project.call("gate.judge", status=1)
    verdict = read_verdict(project)
    assert verdict["reasons"][0].startswith("no champion yet")
    assert [rule["name"] for rule in verdict["rules"] if rule["outcome"] == "reject"] == ["min_roc_auc"]
    assert "'reject', not 'promote'" in project.call("release.promote", status=1)


def test_promotion_is_a_commit_on_a_branch_and_its_own_model_has_nothing_to_promote(project: Project) -> None:
    """The record names this commit; the work tree stays as it was; judged again, the same model is on hold."""
    project.run("make", "gate", "promote")
    record = json.loads(project.git("show", "deployments:champion.json"))
    assert record["commit"] == project.git("rev-parse", "HEAD")
    assert record["verdict"]["verdict"] == "promote"
    assert record["trained_to"] == json.loads(project.read("artifacts/model/model.json"))["models"][-1]["trained_to"]
    assert project.git("status", "--porcelain") == ""
    assert "nothing to promote" in project.call("gate.judge")
    assert read_verdict(project)["verdict"] == "hold"


def test_promotion_refuses_what_was_not_judged_or_is_not_made_by_the_commit(project: Project) -> None:
    """A changed parameter, a model that another commit's pipeline made, a verdict that is stale: none is promoted."""
    project.call("gate.judge")
    colleague = Champion(1, project.git("rev-parse", "HEAD"), "1" * 64, "data", "prior", "2013-03-01T00:00:00Z", {})
    write_champion(colleague, "Promote another model meanwhile", project.folder)
    assert "run `make gate`" in project.call("release.promote", status=1)
    project.git("branch", "-D", "deployments")
    project.set_params({"train.random_state": 14})
    said = project.call("release.promote", status=1)
    assert "params.yaml" in said
    assert "git commit -a" in said
    project.git("checkout", "-q", "params.yaml")
    # As after a checkout of another commit that no pipeline run followed.
    manifest = project.folder / "artifacts/model/model.json"
    content = json.loads(manifest.read_text())
    manifest.unlink()
    manifest.write_text(json.dumps(content | {"random_state": 15}))
    project.call("gate.judge")
    said = project.call("release.promote", status=1)
    assert "dvc.lock" in said
    assert "run `make`" in said
    assert project.git("branch", "--list", "deployments") == ""


def test_a_worse_model_is_rejected_against_the_champion(judged: Project) -> None:
    """On the same rows, each prepared by its own code, the single tree loses; figures and slices are in the verdict."""
    verdict = read_verdict(judged)
    assert verdict["verdict"] == "reject"
    assert verdict["champion"] == judged.git("rev-parse", "HEAD~1")
    outcomes = {rule["name"]: rule["outcome"] for rule in verdict["rules"]}
    assert outcomes["champion"] == "reject"
    assert {outcomes[name] for name in ("min_roc_auc", "min_brier_skill", "calibration_ratio")} == {"pass"}
    figures = verdict["comparison"]["metrics"]["roc_auc"]
    before = json.loads(judged.git("show", "HEAD~1:reports/metrics.json"))
    now = json.loads(judged.read("reports/metrics.json"))
    assert figures["champion"] == pytest.approx(before["roc_auc"], abs=1e-6)
    assert figures["candidate"] == pytest.approx(now["roc_auc"], abs=1e-6)
    assert verdict["comparison"]["n_rows"] == now["n_rows"]
    assert "'reject', not 'promote'" in judged.call("release.promote", status=1)


def change_record(project: Project, **changes: Any) -> None:
    """Write the champion record anew with other values."""
    record = parse_champion(project.git("show", "deployments:champion.json"), "record")
    project.git("branch", "-D", "deployments")
    write_champion(replace(record, **changes), "Tamper", project.folder)


def test_a_champion_of_another_digest_is_an_error_and_no_verdict(judged: Project, tmp_path: Path) -> None:
    """If its commit makes other bytes than were recorded, nothing is compared, however often it is asked."""
    challenged = judged.copy(tmp_path / "project")
    (challenged.folder / "reports/verdict.json").unlink()
    change_record(challenged, model_digest="0" * 64)
    said = challenged.call("gate.judge", status=1)
    assert f"not {'0' * 64}" in said
    assert "must agree before anything is compared" in said
    assert "Traceback" not in said
    assert not (challenged.folder / "reports/verdict.json").exists()


def test_a_champion_whose_commit_is_missing_is_an_error_and_no_verdict(challenged: Project) -> None:
    """The error names the commit and says how to get it."""
    (challenged.folder / "reports/verdict.json").unlink()
    change_record(challenged, commit="0" * 40)
    said = challenged.call("gate.judge", status=1)
    assert "000000000000 is missing" in said
    assert "git fetch --unshallow" in said
    assert not (challenged.folder / "reports/verdict.json").exists()


def test_a_champion_that_cannot_read_todays_data_is_judged_by_its_own_rule(challenged: Project) -> None:
    """A raw column has another name since: the champion cannot be scored, and params.yaml says what that means."""
    delivered = challenged.folder.parent / "delivered"
    source = challenged.read("src/usecase/source.py")
    old = Path(source.split("DELIVERED = Path('")[1].split("'")[0])
    shutil.copytree(old, delivered)
    challenged.replace("src/usecase/source.py", str(old), str(delivered))
    for path in (delivered / "weather").glob("*.csv"):
        path.write_text(path.read_text().replace("visib", "sight", 1))
    challenged.replace("src/usecase/schema.py", '"visib": column', '"sight": column')
    challenged.replace("src/usecase/features.py", 'weather"].select(', "weather\"].rename({'sight': 'visib'}).select(")
    (challenged.folder / "data.dvc").unlink()
    challenged.call("stages.procure", "--update")
    challenged.dvc("repro", "featurise")
    said = challenged.call("gate.judge")
    assert "sight" in said
    verdict = read_verdict(challenged)
    assert verdict["verdict"] == "hold"
    assert [rule["name"] for rule in verdict["rules"] if rule["outcome"] == "hold"] == ["champion_unscorable"]
    challenged.set_params({"gate.champion_unscorable": "reject"})
    challenged.call("gate.judge", status=1)
    assert read_verdict(challenged)["verdict"] == "reject"


def test_a_fresh_batch_is_judged_on_rows_that_neither_model_has_seen(renewed: Project) -> None:
    """With a new month the held-out period moves on; the champion scores it with its model from before that month."""
    assert f"added: {FRESH}" in (renewed.folder.parent / "said").read_text()
    renewed.call("gate.judge", status=1)
    comparison = read_verdict(renewed)["comparison"]
    judged = pl.read_parquet(renewed.folder / "artifacts/predictions.parquet")
    assert judged["batch"].unique().sort().to_list() == [BATCHES[-1], FRESH]
    assert comparison["n_rows"] == judged.height
    (scores,) = (renewed.folder / ".mergeline/champions").glob("*.parquet")
    theirs = pl.read_parquet(scores)
    assert set(judged["row_id"]) <= set(theirs["row_id"])
    tree = renewed.folder / ".mergeline/champions" / renewed.git("rev-parse", "HEAD~1")
    newest = json.loads((tree / "artifacts/model/model.json").read_text())["models"][-1]
    assert newest["held_out"] == BATCHES[-1]
    expected = score(tree / "artifacts/model", tree / "artifacts/features", [BATCHES[-1], FRESH])
    assert theirs.equals(expected)
    first = pl.read_parquet(tree / f"artifacts/features/{BATCHES[-1]}.parquet")["decision_at"].min()
    assert datetime.fromisoformat(newest["trained_to"]) < first
