"""Looks at the same held-out rows are counted from what git remembers."""

from pathlib import Path

from mergeline.gate.looks import count_looks
from mergeline.shell import run_git


def commit(data: str, metrics: str, message: str = "try") -> None:
    """Commit these data and these results."""
    Path("reports").mkdir(exist_ok=True)
    Path("data.dvc").write_text(data)
    Path("reports/metrics.json").write_text(metrics)
    run_git("add", "-A")
    run_git("commit", "-q", "--allow-empty", "-m", message)


def test_every_different_result_for_the_same_data_is_a_look(git_repository: Path) -> None:
    """Also on other branches, and the one in the work tree; results for other data are none."""
    commit("old data", "result of the old data")
    commit("data", "first")
    assert count_looks() == 1
    run_git("checkout", "-q", "-b", "attempt")
    commit("data", "second")
    run_git("checkout", "-q", "-")
    assert count_looks() == 2
    Path("reports/metrics.json").write_text("third")
    assert count_looks() == 3


def test_equal_results_are_one_look_and_new_data_begin_anew(git_repository: Path) -> None:
    """A refactor with identical outputs learns nothing new; a new batch is a new period."""
    commit("data", "first")
    commit("data", "first", "refactor")
    assert count_looks() == 1
    commit("data", "second")
    assert count_looks() == 2
    commit("data and a new batch", "third")
    assert count_looks() == 1
