"""Fixtures of the tests of promotion: a repository with one judged model, MLflow replaced by a list."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mergeline.release import deploy, promote, rollback
from unit.release.scene import Scene, make_scene


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Stand in for MLflow, which takes seconds: versions in order, and which of them bears the alias."""
    found: dict[str, Any] = {"versions": [], "champion": None}

    def register(version: str, digest: str, commit: str, folder: Path) -> str:
        if version not in found["versions"]:
            found["versions"].append(version)
        return str(found["versions"].index(version) + 1)

    def move(version: str, folder: Path) -> str | None:
        if version not in found["versions"]:
            return None
        found["champion"] = version
        return str(found["versions"].index(version) + 1)

    monkeypatch.setattr(promote, "ensure_registered", register)
    for module in (promote, rollback):
        monkeypatch.setattr(module, "move_alias", move)
    for module in (promote, rollback, deploy):
        monkeypatch.setattr(
            module, "load_params", lambda path: SimpleNamespace(release=SimpleNamespace(service="flights"))
        )
    return found


@pytest.fixture
def scene(git_repository: Path, registry: dict[str, Any]) -> Scene:
    """Return a repository with one committed model that was judged `promote`."""
    made = make_scene(git_repository)
    made.commit_model(0.1)
    return made
