"""The pipeline end to end on a small project: what runs, what does not run again, and what stops it."""

import json
import shutil
from pathlib import Path

import polars as pl
import pytest

from e2e.project import BATCHES, Project
from mergeline.check_params import main
from mergeline.command import run
from mergeline.evaluation.scoring import score

JANUARY = "data/flights/2013-01.csv"


def test_the_second_run_runs_no_stage(project: Project) -> None:
    """A run on an unchanged project says so and leaves dvc.lock as it was."""
    before = project.read("dvc.lock")
    said = project.call("pipeline")
    assert "Running stage" not in said
    assert "up to date with dvc.lock" in said
    assert project.read("dvc.lock") == before
    assert project.git("status", "--porcelain") == ""


def test_the_tasks_after_the_pipeline_write_and_print_what_they_promise(project: Project) -> None:
    """`make gate` writes the verdict, `make show` prints metrics, verdict and where to look; neither touches git."""
    project.run("make", "gate")
    verdict = json.loads(project.read("reports/verdict.json"))
    said = project.run("make", "show")
    assert f"verdict: {verdict['verdict']}" in said
    assert f"{json.loads(project.read('reports/metrics.json'))['roc_auc']:.4f}" in said
    for name in ("reports/verdict.md", "reports/figures/overview.svg", "reports/data/report.html"):
        assert (project.folder / name).stat().st_size > 0
    assert project.git("status", "--porcelain") == ""


def test_deleted_outputs_come_back_from_the_cache(project: Project) -> None:
    """The pipeline restores deleted features, `dvc checkout` everything; dvc.lock stays, and nothing is computed."""
    before = project.read("dvc.lock")
    shutil.rmtree(project.folder / "artifacts/features")
    assert "> python" not in project.call("pipeline")
    assert sorted(path.stem for path in (project.folder / "artifacts/features").iterdir()) == list(BATCHES)
    for name in ("clean", "features", "model"):
        shutil.rmtree(project.folder / "artifacts" / name)
    (project.folder / "artifacts/predictions.parquet").unlink()
    project.dvc("checkout")
    assert "Running stage" not in project.call("pipeline")
    assert (project.folder / "artifacts/model/model.json").exists()
    assert (project.folder / "artifacts/predictions.parquet").exists()
    assert project.read("dvc.lock") == before


def test_broken_data_stops_before_training_and_is_named(project: Project) -> None:
    """A cell out of range stops the run, named by file, line, column and fix; later results stay; mended, it runs."""
    before = project.read("dvc.lock")
    results = ("artifacts/model/model.json", "reports/metrics.json", "reports/training.json", "reports/verdict.json")
    project.call("gate.judge")
    contents = {name: project.read(name) for name in results}
    path = project.folder / JANUARY
    whole = path.read_bytes()
    lines = whole.decode().splitlines(keepends=True)
    cells = lines[7].split(",")
    column = lines[0].split(",").index("distance")
    cells[column] = "99999"
    lines[7] = ",".join(cells)
    # DVC may have linked the file to its cache: a new one takes its place.
    path.unlink()
    path.write_text("".join(lines))
    said = project.call("pipeline", status=1)
    assert JANUARY in said
    assert "line 8" in said
    assert "distance" in said
    assert "99999" in said
    assert "fix:" in said
    assert "Traceback" not in said
    assert "Running stage 'train'" not in said
    assert {name: project.read(name) for name in results} == contents
    assert "99999" in project.read("reports/data/validation.md")
    assert find_leftovers(project) == []
    path.write_bytes(whole)
    project.call("pipeline")
    assert project.read("dvc.lock") == before
    assert project.git("status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("old", "new", "fix"),
    [
        ("lead_minutes: 120", "lead_minute: 120", "did you mean 'lead_minutes'?"),
        ("max_leaf_nodes: 15", "max_leaf_nodes: 15.0", "write an int"),
        ("learning_rate: 0.1", 'learning_rate: "1e-1"', "write 0.1, without quotes or exponent"),
        ("max_leaf_nodes: 15", "max_leaf_node: 15", "max_leaf_nodes"),
        ("experiment: flights", "experiment: 2013-01-01", 'quote it: "2013-01-01"'),
    ],
)
def test_wrong_parameters_are_named_before_any_stage_runs(
    finished: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, fix: str
) -> None:
    """An unknown key, a wrong type and text for a number exit 1 with what to write instead, and no stamp is written."""
    text = finished.read("params.yaml")
    assert old in text
    (tmp_path / "params.yaml").write_text(text.replace(old, new))
    stamp = tmp_path / "checked"
    with pytest.raises(SystemExit) as left:
        run(lambda: main(["--params", str(tmp_path / "params.yaml"), "--stamp", str(stamp)]))
    assert left.value.code == 1
    said = capsys.readouterr().err
    assert "error: " in said
    assert fix in said[said.index("fix:") :]
    assert "Traceback" not in said
    assert not stamp.exists()


def test_the_committed_lock_is_verified(project: Project) -> None:
    """A commit that holds what its code makes passes; one with a stale dvc.lock fails and says what to run."""
    assert "are what this commit" in project.run("make", "verify-lock")
    project.set_params({"validate.rows_ratio": [0.7, 1.35]})
    project.commit("Change a parameter without running the pipeline")
    said = project.call("pipeline", "--verify-lock", status=1)
    assert "dvc.lock" in said
    assert "run `make`, then: git add dvc.lock data.dvc reports && git commit" in said
    project.commit("Run it")
    project.call("pipeline", "--verify-lock")


def test_the_model_that_ships_is_the_one_that_was_judged(finished: Project) -> None:
    """The newest model ships, saw nothing of its held-out batch, and scored that batch in the predictions."""
    models = json.loads(finished.read("artifacts/model/model.json"))
    newest = models["models"][-1]
    assert (models["ships"], newest["held_out"]) == (newest["file"], BATCHES[-1])
    features = pl.read_parquet(finished.folder / f"artifacts/features/{BATCHES[-1]}.parquet")
    first = features["decision_at"].min()
    known = pl.Series([newest["trained_to"], newest["labels_known_by"]]).str.to_datetime(time_zone="UTC")
    assert known[0] < first
    assert known[1] <= first
    own = score(finished.folder / "artifacts/model", finished.folder / "artifacts/features", [BATCHES[-1]])
    judged = pl.read_parquet(finished.folder / "artifacts/predictions.parquet").filter(batch=BATCHES[-1])
    paired = judged.join(own, on="row_id", how="left", validate="1:1", suffix="_own")
    assert paired["score"].equals(paired["score_own"])
    assert judged.height == features["target"].count()


def find_leftovers(project: Project) -> list[str]:
    """Return the temporary files and folders that a command left beside outputs."""
    tops = [project.folder / "artifacts", project.folder / "reports"]
    return [str(path) for top in tops for path in top.rglob(".*") if path.name != ".gitignore"]
