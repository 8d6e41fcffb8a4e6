"""Fixtures of the end-to-end tests: a small project whose pipeline has run, and one with champion and challenger."""

from pathlib import Path

import pytest

from e2e.project import BATCHES, FRESH, Project, build, deliver

WORSE = (
    "train.random_state=14",
    "train.calibrate=never",
    "train.candidates.hist_gradient_boosting.max_iter=1",
    "~train.candidates.logistic_regression",
)


@pytest.fixture(scope="session")
def finished(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project whose pipeline has run and whose results are committed. Not to be changed: take `project`."""
    top = tmp_path_factory.mktemp("finished")
    home = top / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(
        "[user]\n    name = Test\n    email = test@example.invalid\n[init]\n    defaultBranch = main\n"
    )
    deliver(data_dir, top / "delivered", [*BATCHES, FRESH])
    project = build(top / "project", top / "delivered", home)
    project.call("pipeline")
    project.commit("Train")
    return project


@pytest.fixture(scope="session")
def challenger(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project with a champion and, committed after it, a worse model made by `dvc exp run`.

    The model is worse because it has a single tree, and no other candidate stands against it; the floors let it pass.
    Not to be changed: take `challenged`.
    """
    project = finished.copy(tmp_path_factory.mktemp("challenger") / "project")
    project.call("gate.judge")
    project.call("release.promote")
    changes = [word for change in WORSE for word in ("-S", change)]
    project.dvc("exp", "run", *changes)
    project.commit("Try a single tree")
    return project


@pytest.fixture
def project(finished: Project, tmp_path: Path) -> Project:
    """Return a copy of `finished`."""
    return finished.copy(tmp_path / "project")


@pytest.fixture
def challenged(challenger: Project, tmp_path: Path) -> Project:
    """Return a copy of `challenger`."""
    return challenger.copy(tmp_path / "project")
