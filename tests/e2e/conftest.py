"""Fixtures of the end-to-end tests: small projects in several states, built beside the tests that need none of them."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from e2e.project import BATCHES, FRESH, Project, build, deliver

WORSE = (
    "train.random_state=14",
    "train.calibrate=never",
    "train.candidates.hist_gradient_boosting.max_iter=1",
    "~train.candidates.logistic_regression",
)
Built = Mapping[str, "Future[Project]"]


def build_finished(data: Path, folder: Path) -> Project:
    """Return a project whose pipeline has run and whose results are committed."""
    home = folder / "home"
    home.mkdir(parents=True)
    (home / ".gitconfig").write_text(
        "[user]\n    name = Test\n    email = test@example.invalid\n[init]\n    defaultBranch = main\n"
    )
    deliver(data, folder / "delivered", [*BATCHES, FRESH])
    project = build(folder / "project", folder / "delivered", home)
    project.call("pipeline")
    project.commit("Train")
    return project


def build_challenger(finished: Project, folder: Path) -> Project:
    """Return a project with a champion and, committed after it, a worse model made by `dvc exp run`."""
    project = finished.copy(folder / "project")
    project.call("gate.judge")
    project.call("release.promote")
    changes = [word for change in WORSE for word in ("-S", change)]
    project.dvc("exp", "run", *changes)
    project.commit("Try a single tree")
    return project


def build_judged(challenger: Project, folder: Path) -> Project:
    """Return a copy of `challenger` that was judged."""
    project = challenger.copy(folder / "project")
    project.call("gate.judge", status=1)
    return project


def build_renewed(challenger: Project, folder: Path) -> Project:
    """Return a copy of `challenger` with the newest month taken in."""
    project = challenger.copy(folder / "project")
    project.set_params({"procure.batches": [*BATCHES, FRESH]})
    (folder / "said").write_text(project.call("stages.procure", "--update"))
    project.dvc("repro", "evaluate")
    return project


def build_cloned(challenger: Project, folder: Path) -> Project:
    """Return a clone of `challenger` that reproduced everything without any cache."""
    project = challenger.clone(folder / "project")
    project.call("stages.procure")
    (folder / "said").write_text(project.call("pipeline", "--verify-lock"))
    return project


@pytest.fixture(scope="session", autouse=True)
def built(request: pytest.FixtureRequest, data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """Return the projects that this session's tests ask for; a thread makes them while other tests run."""
    asked = {name for item in request.session.items for name in getattr(item, "fixturenames", ())}
    asked |= {"challenger"} if asked & {"judged", "renewed", "cloned"} else set()
    folder = tmp_path_factory.mktemp("built")
    futures: dict[str, Future[Project]] = {}
    with ThreadPoolExecutor(1) as pool:
        if asked & {"finished", "challenger"}:
            futures["finished"] = pool.submit(lambda: build_finished(data_dir, folder / "finished"))

        def begin(name: str, builder: Callable[[Project, Path], Project], source: str) -> None:
            if name in asked:
                futures[name] = pool.submit(lambda: builder(futures[source].result(), folder / name))

        begin("challenger", build_challenger, "finished")
        begin("judged", build_judged, "challenger")
        begin("renewed", build_renewed, "challenger")
        begin("cloned", build_cloned, "challenger")
        yield futures
        pool.shutdown(cancel_futures=True)


@pytest.fixture(scope="session")
def finished(built: Built) -> Project:
    """Return a project whose pipeline has run and whose results are committed. Not to be changed: take `project`."""
    return built["finished"].result()


@pytest.fixture(scope="session")
def challenger(built: Built) -> Project:
    """Return a project with a champion and, committed after it, a worse model made by `dvc exp run`.

    The model is worse because it has a single tree, and no other candidate stands against it; the floors let it pass.
    Not to be changed: take `challenged`.
    """
    return built["challenger"].result()


@pytest.fixture(scope="session")
def judged(built: Built) -> Project:
    """Return a copy of `challenger` whose worse model was judged against the champion. Not to be changed: copy it.

    The champion's tree in it shares the DVC cache of this very folder, so a copy can be judged on the same data only.
    """
    return built["judged"].result()


@pytest.fixture(scope="session")
def renewed(built: Built) -> Project:
    """Return a copy of `challenger` with the newest month taken in; what procure said lies beside it in `said`."""
    return built["renewed"].result()


@pytest.fixture(scope="session")
def cloned(built: Built) -> Project:
    """Return a clone of `challenger` that reproduced everything; what the pipeline said lies beside it in `said`."""
    return built["cloned"].result()


@pytest.fixture
def project(finished: Project, tmp_path: Path) -> Project:
    """Return a copy of `finished`."""
    return finished.copy(tmp_path / "project")


@pytest.fixture
def challenged(challenger: Project, tmp_path: Path) -> Project:
    """Return a copy of `challenger`."""
    return challenger.copy(tmp_path / "project")
