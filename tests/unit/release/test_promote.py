"""Tests of `mergeline.release.promote`: what is refused so that record and commit cannot drift apart."""

import json
import subprocess
from pathlib import Path

import pytest

from mergeline.errors import MergelineError
from mergeline.files import compute_digest, write_json
from mergeline.gate.champion import read_champion
from mergeline.release.promote import MANIFEST, VERDICT, main
from mergeline.shell import run_git


@pytest.fixture
def judged(git_repository: Path) -> Path:
    """Return a repository with a committed pipeline whose model was judged `promote`."""
    manifest = {"candidate": "prior", "models": [{"trained_to": "2013-05-31T00:00:00Z"}]}
    write_json(git_repository / MANIFEST, manifest)
    Path("data.dvc").write_text("outs:\n- md5: abc.dir\n  path: data\n")
    Path(".gitignore").write_text("artifacts\nreports/verdict.json\n")
    write_json(git_repository / VERDICT, {"verdict": "promote", "model_digest": compute_digest(MANIFEST)})
    for command in (["add", "."], ["commit", "-qm", "model"]):
        subprocess.run(["git", *command], check=True)
    return git_repository


def test_the_judged_model_becomes_the_champion(judged: Path) -> None:
    """The record names this commit, the model's digest and the data; twice is once."""
    assert main([]) == main([]) == 0
    champion = read_champion()
    assert champion is not None
    assert champion.commit == run_git("rev-parse", "HEAD")
    assert champion.model_digest == compute_digest(MANIFEST)
    assert champion.data_hash == "abc.dir"
    assert run_git("rev-list", "--count", "deployments") == "1"


def test_a_verdict_that_is_not_promote_is_refused(judged: Path) -> None:
    """`hold` and `reject` cannot be promoted."""
    for verdict in ("hold", "reject"):
        write_json(VERDICT, {"verdict": verdict, "model_digest": compute_digest(MANIFEST)})
        with pytest.raises(MergelineError, match=f"the verdict is '{verdict}'"):
            main([])
    assert read_champion() is None


def test_a_verdict_about_another_model_is_refused(judged: Path) -> None:
    """A model that changed after the gate is not the one that was judged."""
    manifest = json.loads(MANIFEST.read_text())
    write_json(MANIFEST, {**manifest, "candidate": "other"})
    with pytest.raises(MergelineError, match="another model") as error:
        main([])
    assert "make gate" in error.value.fix


def test_uncommitted_changes_are_refused(judged: Path) -> None:
    """A record may only name a commit that makes the model."""
    Path("params.yaml").write_text("train: {}\n")
    with pytest.raises(MergelineError, match="params.yaml") as error:
        main([])
    assert "commit what was judged" in error.value.fix
