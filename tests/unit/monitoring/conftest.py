"""The small world, made once."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mergeline.monitoring.monitor import main
from unit.monitoring.world import LATER, PRESENT, make_bundle, make_rows


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the bundle of the world's past."""
    directory = tmp_path_factory.mktemp("world") / "bundle"
    make_bundle(directory)
    return directory


@pytest.fixture(scope="session")
def digest(bundle: Path) -> str:
    """Return its digest."""
    return json.loads((bundle / "manifest.json").read_text())["digest"]


@pytest.fixture(scope="session")
def present() -> pl.DataFrame:
    """Return four quiet weeks."""
    return make_rows(*PRESENT, seed=2)


@pytest.fixture
def monitor(tmp_path: Path, bundle: Path) -> Callable[..., dict[str, Any]]:
    """Return a function that runs the command on `tmp_path / "log"` and returns monitoring.json."""

    def run(*arguments: str, now: str = LATER, labels: Path | None = None) -> dict[str, Any]:
        given = ["--labels", str(labels)] if labels else []
        out = tmp_path / "out"
        common = ["--log", str(tmp_path / "log"), "--bundle", str(bundle), "--out", str(out), "--now", now, "--no-page"]
        assert main([*common, *given, *arguments]) == 0
        return json.loads((out / "monitoring.json").read_text())

    return run
