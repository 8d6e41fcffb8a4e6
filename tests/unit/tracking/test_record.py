"""What a run says, read from the files and checked before MLflow is touched."""

import json
import math
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mergeline.errors import MergelineError
from mergeline.params import Params
from mergeline.tracking.record import clean_name, flatten, flatten_numbers, read_record
from parameters import set_values

LEAVES = st.integers() | st.text(max_size=3) | st.booleans() | st.none() | st.lists(st.integers(), max_size=2)
NAMES = st.sampled_from("abcd")
TREES = st.recursive(LEAVES, lambda node: st.dictionaries(NAMES, node, max_size=3), max_leaves=6)


@settings(deadline=None, max_examples=50)
@given(st.dictionaries(NAMES, TREES, max_size=3))
def test_flattening_keeps_every_leaf_under_its_own_path(tree: dict[str, Any]) -> None:
    """Following a dotted name leads back to its value, and no leaf is lost."""
    for name, value in flatten(tree):
        node: Any = tree
        for part in name.split("."):
            node = node[part]
        assert node == value
    leaves = [value for _, value in flatten(tree)]
    assert len({name for name, _ in flatten(tree)}) == len(leaves)


def test_numbers_are_metrics_and_the_rest_is_not() -> None:
    """Text, switches, lists and nothing at all are no metrics; a name that MLflow refuses is made acceptable."""
    tree = {"auc": 0.7, "n": 3, "ok": True, "why": "x", "folds": [1, 2], "none": None, "by": {"6–9 h (früh)": 1}}
    assert flatten_numbers(tree, "t.") == {"t.auc": 0.7, "t.n": 3.0, "t.by.6_9 h _früh_": 1.0}


@settings(deadline=None, max_examples=50)
@given(st.text(min_size=1, max_size=300))
def test_a_clean_name_is_one_that_mlflow_takes(name: str) -> None:
    """Whatever a slice or stage is called, its name is accepted."""
    from mlflow.utils.validation import _validate_metric_name

    _validate_metric_name(clean_name(name))


def test_a_record_holds_params_metrics_and_lineage(workspace: Path) -> None:
    """All groups of params.yaml, the metrics, and the hashes that lead back to data, code and model are in it."""
    record = read_record()
    assert record.experiment == "flights"
    assert record.params["train.candidates.logistic_regression.C"] == "1.0"
    assert json.loads(record.params["procure.batches"])[0] == "2013-01"
    assert {name.partition(".")[0] for name in record.params} == {group.name for group in fields(Params)}
    assert record.metrics["roc_auc"] == 0.71
    assert record.metrics["by_batch.2013-06.roc_auc"] == 0.7
    assert record.metrics["training.candidates.logistic_regression.log_loss"] == 0.5
    assert record.tags["mergeline.data_md5"] == "0123456789abcdef0123456789abcdef.dir"
    assert len(record.tags["mlflow.source.git.commit"]) == 40
    assert record.tags["mergeline.git_dirty"] == "false"
    assert record.tags["mergeline.verdict"] == "promote"
    assert record.tags["version.scikit-learn"].count(".") == 2
    assert record.tags["stage.train"].startswith("cached")


def test_the_seconds_of_a_stage_that_ran_here_are_a_metric(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stage whose outputs were made here has its seconds and the time it was made; any other says that it has not."""
    from mergeline.durations import note_duration

    monkeypatch.setenv("DVC_ROOT", str(workspace))
    monkeypatch.setenv("DVC_STAGE", "train")
    note_duration(0)
    record = read_record()
    assert record.metrics["seconds.train"] > 0
    assert record.tags["stage.train"].startswith("made 20")
    assert "seconds.evaluate" not in record.metrics


def test_a_state_not_judged_says_so(workspace: Path) -> None:
    """Without a verdict the run is logged as not judged, and is another state."""
    judged = read_record()
    (workspace / "reports/verdict.json").unlink()
    record = read_record()
    assert record.tags["mergeline.verdict"] == "not judged"
    assert record.state != judged.state


def test_a_comment_in_params_is_no_new_state(workspace: Path) -> None:
    """What people write for people does not make a second run."""
    before = read_record().state
    (workspace / "params.yaml").open("a").write("# tried 14 as well\n")
    assert read_record().state == before


def test_a_folder_without_git_is_logged_as_uncommitted(workspace: Path) -> None:
    """A copy of the files without `.git` names no commit, and does not pretend to."""
    (workspace / ".git").rename(workspace.parent / "git-elsewhere")
    tags = read_record().tags
    assert tags["mergeline.git_dirty"] == "true"
    assert "mlflow.source.git.commit" not in tags


@pytest.mark.parametrize(
    ("plant", "what", "fix"),
    [
        (
            lambda folder: (folder / "reports/metrics.json").write_text('{"roc_auc": 0.99}'),
            "not the one that",
            "`make`",
        ),
        (lambda folder: (folder / "reports/slices.json").unlink(), "is missing", "`make`"),
        (
            lambda folder: (folder / "params.yaml").write_text(
                set_values((folder / "params.yaml").read_text(), random_state=99)
            ),
            "stage 'train' ran with",
            "`make`",
        ),
        (lambda folder: (folder / "data.dvc").write_text("outs: []\n"), "not a `.dvc` file", "git checkout"),
    ],
    ids=["edited metrics", "missing output", "params changed since", "broken data.dvc"],
)
def test_files_that_do_not_belong_together_are_refused(
    workspace: Path, plant: Callable[[Path], Any], what: str, fix: str
) -> None:
    """A run says what `dvc.lock` says, or nothing is logged."""
    plant(workspace)
    with pytest.raises(MergelineError, match=what) as raised:
        read_record()
    assert fix in raised.value.fix


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_metric_that_is_no_number_is_refused(
    workspace: Path, write_report: Callable[..., None], write_lock: Callable[[Path], None], value: float
) -> None:
    """MLflow would keep NaN as 0 and infinity as 1.8e308."""
    write_report(workspace, "metrics", {"roc_auc": value})
    write_lock(workspace)
    with pytest.raises(MergelineError, match="'roc_auc'") as raised:
        read_record()
    assert "`make`" in raised.value.fix
