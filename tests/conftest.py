"""Fixtures shared by all tests: an isolated home, the repository, its data, and what the first stages make of them."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine is no fault of the code, and a red test must be red again: no deadline, the same examples each time.
settings.register_profile("steady", deadline=None, derandomize=True)
settings.load_profile("steady")

# Two OpenMP threads on a busy core wait for each other: a fit of seconds then takes minutes.
os.environ.setdefault("OMP_NUM_THREADS", "1")

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session", autouse=True)
def font_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let matplotlib list the fonts once for all tests, each of which has a HOME of its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MPLCONFIGDIR", str(tmp_path_factory.mktemp("matplotlib")))
        yield


@pytest.fixture(autouse=True)
def isolated_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every test its own HOME and git identity, no tracking server and no word to the outside."""
    home = tmp_path_factory.mktemp("home")
    (home / ".gitconfig").write_text(
        "[user]\n    name = Test\n    email = test@example.invalid\n[init]\n    defaultBranch = main\n"
    )
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / ".gitconfig"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home / ".config"))
    monkeypatch.setenv("DVC_NO_ANALYTICS", "1")
    monkeypatch.setenv("MLFLOW_DISABLE_TELEMETRY", "true")
    for name in ("MLFLOW_TRACKING_URI", "GITHUB_ACTIONS", "GITHUB_STEP_SUMMARY", "GITHUB_TOKEN", "DVC_ROOT"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def repository() -> Path:
    """Return the top of this repository."""
    return ROOT


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """Return the procured raw data; `make test` sees to it that it is there."""
    if not (ROOT / "data/flights").is_dir():
        pytest.fail("data/ is missing: run `make data`, or the tests by `make test`")
    return ROOT / "data"


@pytest.fixture(scope="session")
def clean_dir(data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return what the validate stage makes of the real data."""
    folder = tmp_path_factory.mktemp("validated")
    run_stage("validate", "--data", data_dir, "--clean", folder / "clean", "--report", folder / "report")
    return folder / "clean"


@pytest.fixture(scope="session")
def features_dir(clean_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return what the featurise stage makes of the real data."""
    folder = tmp_path_factory.mktemp("featurised")
    run_stage("featurise", "--clean", clean_dir, "--features", folder / "features")
    return folder / "features"


def run_stage(name: str, *arguments: object) -> None:
    """Run a stage of the pipeline as DVC does, in the repository."""
    command = [sys.executable, "-m", f"mergeline.stages.{name}", *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
def git_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a fresh git repository with one commit, which is also the current folder."""
    folder = tmp_path / "clone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for command in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "first"]):
        subprocess.run(["git", *command], check=True)
    return folder
