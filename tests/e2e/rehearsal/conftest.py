"""Fixtures of the rehearsal's tests: a toy repository with the real workflow files, and simulations of it."""

import io
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from mergeline.rehearsal.results import Run
from mergeline.rehearsal.setting import simulating
from mergeline.rehearsal.simulation import Pull, Simulation

ROOT = Path(__file__).resolve().parents[3]
TOY = Path(__file__).with_name("toy")
MODULES = ("__init__.py", "errors.py", "command.py", "report/publish*.py")
Simulate = Callable[..., Simulation]


def git(folder: Path, *arguments: str) -> str:
    """Return what git prints in `folder`."""
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a checkout with a pipeline in miniature, this repository's workflows, and its commenting command.

    Not to be changed: take `toy`.
    """
    folder = tmp_path_factory.mktemp("pristine") / "toy"
    shutil.copytree(TOY, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "gitignore").rename(folder / ".gitignore")
    shutil.copytree(ROOT / ".github", folder / ".github")
    for pattern in MODULES:
        for path in (ROOT / "src/mergeline").glob(pattern):
            target = folder / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    (folder / "data.dvc").write_text("outs: []\n")
    (folder / "tests/repo").mkdir(parents=True)
    for name in ("tree", "readme"):
        (folder / f"tests/repo/test_{name}.py").write_text("def test_nothing():\n    pass\n")
    subprocess.run([sys.executable, "toy.py", "repro"], cwd=folder, check=True)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "-c", "user.name=Test", "-c", "user.email=test@example.invalid", "commit", "-qm", "first")
    return folder


@pytest.fixture
def toy(pristine: Path, tmp_path: Path) -> Path:
    """Return a copy of `pristine`."""
    return shutil.copytree(pristine, tmp_path / "toy", symlinks=True)


@pytest.fixture
def simulate(toy: Path, tmp_path: Path) -> Iterator[Simulate]:
    """Return a function that begins a simulation of the toy repository as it is at that moment."""
    with ExitStack() as stack:

        def begin(**options: Any) -> Simulation:
            options.setdefault("environments", [Path(sys.prefix)])
            scratch = tmp_path / "scratch"
            scratch.mkdir()
            return stack.enter_context(simulating(toy, scratch, say=lambda _: None, limit=120, **options))

        yield begin


@pytest.fixture
def leave_report() -> Callable[..., Run]:
    """Return a function that acts as a finished run of ci: it leaves an artifact and the run, without running it."""

    def leave(
        simulation: Simulation,
        pull: Pull,
        files: Mapping[str, str | bytes] | None = None,
        conclusion: str = "success",
        commit: str | None = None,
    ) -> Run:
        number = next(simulation.runner.numbers)
        if files:
            archive = io.BytesIO()
            with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
                for name, content in files.items():
                    opened.writestr(name, content)
            path = simulation.scratch / f"artifacts/{number}.zip"
            path.write_bytes(archive.getvalue())
            shown = {"id": number, "name": "report", "size_in_bytes": path.stat().st_size, "expired": False}
            simulation.hub.artifacts.append({**shown, "workflow_run": {"id": number}, "file": str(path)})
        run = Run(number, "ci", "pull_request", conclusion, 1.0, ())
        run.source = {
            "id": number,
            "run_attempt": 1,
            "name": "ci",
            "event": "pull_request",
            "conclusion": conclusion,
            "html_url": f"{simulation.hub.base}/run/{number}",
            "head_sha": commit or pull["head"]["sha"],
            "head_branch": pull["head"]["ref"],
            "head_repository": pull["head"]["repo"],
            "actor": pull["user"],
        }
        return run

    return leave


@pytest.fixture
def add_pull() -> Callable[..., Pull]:
    """Return a function that opens a pull request without starting any workflow."""

    def add(simulation: Simulation, branch: str = "topic", head: str = "acme/model", login: str = "developer") -> Pull:
        commit = f"{len(simulation.hub.pulls) + 1:x}" * 40
        return simulation.hub.add_pull(f"Change {branch}", branch, commit[:40], "0" * 40, head, login)

    return add
