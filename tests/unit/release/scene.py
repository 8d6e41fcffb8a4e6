"""A small repository with judged models, each with its bundle, for the tests of promotion, rollback and deployment."""

import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from mergeline import shell
from mergeline.bundle.canonical import CONTRACT, GOLDEN, LINEAGE, MODEL, REFERENCE, render
from mergeline.bundle.write import write_bundle
from mergeline.files import compute_digest, write_json
from mergeline.gate.champion import read_champion
from mergeline.release.bundles import BUNDLE
from mergeline.release.judged import MANIFEST, VERDICT
from mergeline.release.production import FILE
from mergeline.shell import run_git

FEATURE = {"name": "wind", "kind": "numeric", "categories": None, "low": 0, "high": 1, "unit": "", "description": ""}
PARAMS = "release:\n  service: flights\n"


@dataclass(frozen=True)
class Scene:
    """The repository, which is also the current folder."""

    folder: Path

    def commit_model(self, probability: float, verdict: str = "promote") -> str:
        """Commit a model that always answers `probability`, judged against the present champion; return its commit."""
        manifest = {
            "candidate": "prior",
            "models": [{"trained_to": "2013-05-31T00:00:00Z"}],
            "probability": probability,
        }
        write_json(MANIFEST, manifest)
        digest = compute_digest(MANIFEST)
        seal_prior(BUNDLE, probability, digest)
        champion = read_champion()
        opponent = champion.commit if champion else None
        judged = {"verdict": verdict, "model_digest": digest, "champion": opponent, "reasons": ["better by far"]}
        write_json(VERDICT, judged)
        Path("model.txt").write_text(f"{probability}\n")
        for command in (["add", "."], ["commit", "-qm", f"model {probability}"]):
            subprocess.run(["git", *command], check=True)
        return run_git("rev-parse", "HEAD")

    def read_state(self) -> dict[str, Any]:
        """Return the desired state on the branch."""
        return json.loads(run_git("show", f"deployments:{FILE}"))

    def list_tags(self) -> list[str]:
        """Return all tags, sorted."""
        return sorted(run_git("tag").splitlines())

    def count_commits(self) -> int:
        """Return the number of commits of the branch."""
        return int(run_git("rev-list", "--count", "deployments"))


def seal_prior(directory: Path, probability: float, model_digest: str) -> str:
    """Write a bundle that always answers `probability`; return its digest."""
    files = {
        MODEL: render({"form": "prior", "candidate": "prior", "probability": probability}),
        CONTRACT: render({"features": [{**FEATURE, "null_share": 0.0}], "positive": 1}),
        GOLDEN: render([{"row_id": "1", "inputs": {"wind": 1.0}, "score": probability}]),
        REFERENCE: render({"format": 1}),
        LINEAGE: render({"format": 1, "model_digest": model_digest}),
    }
    return write_bundle(directory, files, {"candidate": "prior", "form": "prior"})


def make_scene(folder: Path) -> Scene:
    """Lay out the files that do not change from model to model."""
    Path("data.dvc").write_text("outs:\n- md5: abc.dir\n  path: data\n")
    Path(".gitignore").write_text("artifacts\nreports/verdict.json\n.mergeline\n")
    Path("params.yaml").write_text(PARAMS)
    return Scene(folder)


class CrashError(BaseException):
    """Stands for a process that ends at once."""


def crash_at(monkeypatch: pytest.MonkeyPatch, number: int, after: bool, crash: Callable[[], None]) -> None:
    """Let the process end before or after the `number`-th command of git that writes something."""
    real, seen = subprocess.run, [0]

    def counting(command: list[str], **options: Any) -> Any:
        writes = command[1] in ("hash-object", "mktree", "mktag", "update-ref")
        seen[0] += writes
        now = writes and seen[0] == number
        if now and not after:
            crash()
        done = real(command, **options)
        if now:
            crash()
        return done

    monkeypatch.setattr(shell.subprocess, "run", counting)


def stop() -> None:
    """End as a killed process would, as far as this one can."""
    raise CrashError
