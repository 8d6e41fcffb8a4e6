"""Scratch repositories for the benchmarks: a copy of this one, and a toy with one stage."""

import shutil
import subprocess
from pathlib import Path

from measuring import ROOT, fresh_folder, make_environment

COPIED = (
    "src", "data", "benchmarks", "params.yaml", "dvc.yaml", "dvc.lock", "data.dvc", ".dvcignore", ".gitignore",
    "artifacts", "reports",
)  # fmt: skip


def copy_repository(name: str) -> tuple[Path, dict[str, str]]:
    """Return a copy of this repository, every stage up to date, and the environment in which its own code runs."""
    folder = fresh_folder(name)
    for item in COPIED:
        source = ROOT / item
        if source.is_dir():
            shutil.copytree(source, folder / item, ignore=shutil.ignore_patterns("__pycache__", ".work"))
        elif source.exists():
            shutil.copy2(source, folder / item)
    environment = {"PYTHONPATH": str(folder / "src")}
    start_repository(folder)
    run(["dvc", "commit", "--force", "--quiet"], folder)
    run(["dvc", "repro", "--quiet"], folder, environment)
    return folder, environment


def make_toy(name: str) -> Path:
    """Return a repository of one stage with one dependency and one output, up to date."""
    folder = fresh_folder(name)
    (folder / "input.txt").write_text("one\n")
    (folder / "dvc.yaml").write_text(
        "stages:\n  copy:\n    cmd: cp input.txt output.txt\n    deps: [input.txt]\n    outs: [output.txt]\n"
    )
    start_repository(folder)
    run(["dvc", "repro", "--quiet"], folder)
    return folder


def start_repository(folder: Path) -> None:
    """Make `folder` a git and DVC repository with this repository's settings."""
    run(["git", "init", "--quiet"], folder)
    run(["dvc", "init", "--quiet"], folder)
    shutil.copy2(ROOT / ".dvc/config", folder / ".dvc/config")


def run(command: list[str], folder: Path, environment: dict[str, str] | None = None) -> None:
    """Run a command to its end, or stop the benchmark."""
    subprocess.run(command, cwd=folder, env=make_environment() | (environment or {}), check=True, capture_output=True)
