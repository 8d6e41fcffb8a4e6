"""What DVC users expect: experiments, differences in metrics and plots, the graph, and a clone that reproduces."""

import json

from e2e.project import Project


def test_a_parameter_of_training_runs_no_data_stage(finished: Project, challenger: Project) -> None:
    """`dvc exp run -S train.…` runs what depends on the model, and leaves every stage before it as it was."""
    before, after = finished.read_lock(), challenger.read_lock()
    changed = {name for name in after if after[name] != before[name]}
    assert changed >= {"train", "evaluate"}
    assert changed.isdisjoint({"validate", "analyse", "featurise"})
    assert after["train"]["params"]["params.yaml"]["train"]["random_state"] == 14


def test_an_experiment_shows_in_metrics_plots_and_graph(challenged: Project) -> None:
    """`dvc metrics diff`, `dvc plots diff` and `dvc dag` compare and draw what is there."""
    changed = json.loads(challenged.dvc("metrics", "diff", "HEAD~1", "--json"))
    assert changed["reports/metrics.json"]["roc_auc"]["diff"] < 0
    assert "index.html" in challenged.dvc("plots", "diff", "HEAD~1")
    page = challenged.read("dvc_plots/index.html")
    for words in ("HEAD~1", "workspace"):
        assert words in page
    graph = challenged.dvc("dag", "--mermaid")
    for stage in challenged.read_lock():
        assert stage in graph


def test_a_clone_reproduces_byte_for_byte_and_judges_as_the_original(cloned: Project, judged: Project) -> None:
    """Without any cache, a clone makes the committed dvc.lock and reports, and the champion from its own commit."""
    said = (cloned.folder.parent / "said").read_text()
    assert "Running stage 'train'" in said
    assert "up to date with dvc.lock" in said
    assert cloned.read("dvc.lock") == judged.read("dvc.lock")
    assert cloned.git("status", "--porcelain") == ""
    assert "training it again from its own commit" in cloned.call("gate.judge", status=1)
    ours, theirs = (json.loads(project.read("reports/verdict.json")) for project in (cloned, judged))
    assert ours == theirs
    assert "training it again" not in cloned.call("gate.judge", status=1)
