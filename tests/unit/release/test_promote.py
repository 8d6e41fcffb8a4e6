"""Tests of `mergeline.release.promote`: what is refused, what is recorded, how a run that broke off is finished."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from mergeline.bundle.read import read_bundle
from mergeline.errors import MergelineError
from mergeline.files import compute_digest, write_json
from mergeline.gate.champion import read_champion
from mergeline.release.bundles import BUNDLE
from mergeline.release.judged import MANIFEST, VERDICT
from mergeline.release.promote import main, prepare, promote
from mergeline.release.rollback import main as roll_back
from mergeline.shell import run_git
from unit.release.scene import CrashError, Scene, crash_at, seal_prior, stop

BOTH = ["flights#production#1", "flights@v0.0.1"]


def test_the_judged_model_becomes_the_champion(scene: Scene, registry: dict[str, Any]) -> None:
    """Record, desired state, tags and MLflow name this commit, the bundle and the verdict; twice is once."""
    assert main([]) == main([]) == 0
    commit, digest = run_git("rev-parse", "HEAD"), read_bundle(BUNDLE).digest
    champion = read_champion()
    assert champion is not None
    assert (champion.commit, champion.model_digest) == (commit, compute_digest(MANIFEST))
    assert champion.data_hash == "abc.dir"
    state = scene.read_state()
    expected = {"name": "champion", "digest": digest, "version": "v0.0.1", "commit": commit, "weight": 100}
    assert state["variants"] == [expected]
    assert (state["shadow"], state["verdict"], state["reason"]) == (None, "promote", "better by far")
    assert state["author"] == "Test"
    assert scene.list_tags() == BOTH
    assert scene.count_commits() == 1
    assert registry == {"versions": ["v0.0.1"], "champion": "v0.0.1"}
    assert f"bundle: {digest}" in run_git("tag", "-l", "--format=%(contents)", "flights@v0.0.1")


def test_the_next_model_is_the_next_version_and_leaves_the_first_in_the_history(scene: Scene) -> None:
    """One commit per deployment, on top of the one before."""
    main([])
    first = scene.read_state()
    scene.commit_model(0.2)
    main([])
    assert scene.read_state()["variants"][0]["version"] == "v0.0.2"
    assert json.loads(run_git("show", "deployments~1:production.json")) == first
    assert scene.list_tags() == ["flights#production#1", "flights#production#2", "flights@v0.0.1", "flights@v0.0.2"]


def test_a_verdict_that_is_not_promote_is_refused(scene: Scene) -> None:
    """`hold` and `reject` cannot be promoted, and nothing is written."""
    for verdict in ("hold", "reject"):
        write_json(VERDICT, {"verdict": verdict, "model_digest": compute_digest(MANIFEST)})
        with pytest.raises(MergelineError, match=f"the verdict is '{verdict}'"):
            main([])
    assert read_champion() is None
    assert scene.list_tags() == []


def test_a_verdict_about_another_model_is_refused(scene: Scene) -> None:
    """A model that changed after the gate is not the one that was judged."""
    manifest = json.loads(MANIFEST.read_text())
    write_json(MANIFEST, {**manifest, "candidate": "other"})
    with pytest.raises(MergelineError, match="another model") as error:
        main([])
    assert "make gate" in error.value.fix


def test_uncommitted_changes_are_refused(scene: Scene) -> None:
    """A record may only name a commit that makes the model."""
    Path("params.yaml").write_text("train: {}\n")
    with pytest.raises(MergelineError, match=r"params\.yaml") as error:
        main([])
    assert "commit what was judged" in error.value.fix


def test_a_bundle_of_another_model_is_refused(scene: Scene) -> None:
    """What was judged is what ships."""
    seal_prior(BUNDLE, 0.9, "f" * 64)
    with pytest.raises(MergelineError, match="made of another model") as error:
        main([])
    assert "run `make`" in error.value.fix
    assert scene.list_tags() == []


def test_a_tampered_bundle_is_refused(scene: Scene) -> None:
    """Its digests are checked before anything is written."""
    (BUNDLE / "model.json").write_text("{}")
    with pytest.raises(MergelineError, match=r"model\.json"):
        main([])
    assert scene.list_tags() == []


def test_the_same_commit_with_another_bundle_is_refused(scene: Scene) -> None:
    """A version is one digest for ever."""
    main([])
    seal_prior(BUNDLE, 0.3, compute_digest(MANIFEST))
    with pytest.raises(MergelineError, match=r"is flights@v0\.0\.1 with bundle") as error:
        main([])
    assert "same bytes" in error.value.fix


def test_a_champion_that_came_meanwhile_is_not_overrun(scene: Scene) -> None:
    """Judged against one champion, a model does not replace another."""
    main([])
    scene.commit_model(0.2)
    judged = json.loads(VERDICT.read_text())
    main([])
    scene.commit_model(0.3)
    write_json(VERDICT, {**json.loads(VERDICT.read_text()), "champion": judged["champion"]})
    before = run_git("rev-parse", "deployments")
    with pytest.raises(MergelineError, match="not judged against") as error:
        main([])
    assert "make gate" in error.value.fix
    assert run_git("rev-parse", "deployments") == before


def test_a_promotion_run_again_does_not_undo_a_rollback(scene: Scene, registry: dict[str, Any]) -> None:
    """A workflow that is run again finds its work done, and what serves stays what a person chose."""
    main([])
    scene.commit_model(0.2)
    main([])
    roll_back(["--to", "v0.0.1"])
    before = run_git("rev-parse", "deployments")
    assert main([]) == 0
    assert run_git("rev-parse", "deployments") == before
    assert scene.read_state()["variants"][0]["version"] == registry["champion"] == "v0.0.1"


def test_without_its_tags_a_clone_does_not_start_the_versions_anew(scene: Scene) -> None:
    """The desired state's history knows which versions were given."""
    main([])
    run_git("tag", "-d", *scene.list_tags())
    scene.commit_model(0.2)
    main([])
    assert scene.read_state()["variants"][0]["version"] == "v0.0.2"


def test_a_runner_without_an_identity_names_the_account(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where git knows nobody, the workflow's account stands for the deployment; without that it is refused."""
    Path(os.environ["GIT_CONFIG_GLOBAL"]).write_text("")
    with pytest.raises(MergelineError, match="nobody's name is set") as error:
        main([])
    assert "git config user.name" in error.value.fix
    monkeypatch.setenv("GITHUB_ACTOR", "octocat")
    main([])
    assert scene.read_state()["author"] == "octocat"
    assert "octocat@users.noreply.github.com" in run_git("log", "-1", "--format=%ae", "deployments")


def read_end(scene: Scene) -> dict[str, Any]:
    """Return everything that a promotion leaves, but for the moment."""
    state = scene.read_state()
    del state["at"]
    return {"state": state, "tags": scene.list_tags(), "commits": scene.count_commits(), "champion": read_champion()}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", range(1, 10))
def test_a_promotion_that_broke_off_anywhere_is_finished_by_the_next(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, number: int, after: bool
) -> None:
    """Before and after each of the nine writes: one version, one commit, the state of an undisturbed run."""
    digest = read_bundle(BUNDLE).digest
    with monkeypatch.context() as patch:
        crash_at(patch, number, after, stop)
        with pytest.raises(CrashError):
            main([])
    assert main([]) == 0
    end = read_end(scene)
    assert end["tags"] == BOTH
    assert end["commits"] == 1
    assert end["state"]["variants"][0]["digest"] == digest
    assert end["champion"].commit == run_git("rev-parse", "HEAD")


def test_there_are_as_many_writes_as_are_tested(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test above covers every write: no tenth is made."""
    with monkeypatch.context() as patch:
        crash_at(patch, 10, False, stop)
        assert main([]) == 0


def test_a_promotion_that_broke_off_before_mlflow_is_finished_there(
    scene: Scene, registry: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last step is made up for, although a gate that meets the champion itself says `hold` by then."""
    with monkeypatch.context() as patch:
        patch.setattr("mergeline.release.promote.ensure_registered", lambda *_: stop())
        with pytest.raises(CrashError):
            main([])
    assert registry["versions"] == []
    write_json(VERDICT, {"verdict": "hold", "model_digest": compute_digest(MANIFEST)})
    assert main([]) == 0
    assert registry == {"versions": ["v0.0.1"], "champion": "v0.0.1"}
    assert scene.count_commits() == 1


@pytest.mark.parametrize("number", [2, 3, 8, 9])
def test_a_promotion_that_is_killed_is_finished_by_the_next(scene: Scene, repository: Path, number: int) -> None:
    """Kill -9 after the writes at which a reference has moved or not: the next run ends in the same state."""
    code = (
        "import os, signal, sys\nimport pytest\nfrom pathlib import Path\n"
        "from unit.release.scene import crash_at\nfrom mergeline.release.promote import prepare, promote\n"
        f"crash_at(pytest.MonkeyPatch(), {number}, True, lambda: os.kill(os.getpid(), signal.SIGKILL))\n"
        "ready = prepare(Path(), 'flights')\ntag, _, serving = promote(ready)\n"
        "from mergeline.release.versions import ensure_assigned\n"
        "ensure_assigned('flights', serving.version, serving.commit, ready.who)\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{repository / 'src'}{os.pathsep}{repository / 'tests'}"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert main([]) == 0
    assert (scene.list_tags(), scene.count_commits()) == (BOTH, 1)


def test_two_promotions_at_once_make_one_version(scene: Scene) -> None:
    """Both end well, and what they leave is what one alone would have left."""
    ready, found, faults = prepare(scene.folder, "flights"), [], []

    def work() -> None:
        try:
            found.append(promote(ready, scene.folder)[0].name)
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert found == ["flights@v0.0.1"] * 4
    assert scene.count_commits() == 1


def test_two_clones_that_promote_at_once_leave_one_winner(scene: Scene, tmp_path: Path) -> None:
    """The branch and the tags reach origin together or not at all; the second is told to look again."""
    origin = tmp_path / "origin.git"
    subprocess.run(["git", "init", "-q", "--bare", str(origin)], check=True)
    run_git("remote", "add", "origin", str(origin))
    run_git("push", "-q", "origin", "main")
    main(["--push"])
    assert run_git("rev-parse", "deployments") == run_git("rev-parse", "deployments", folder=origin)
    assert run_git("tag", folder=origin).splitlines() == BOTH
    # Another clone deploys, unseen by this one.
    other = tmp_path / "other"
    subprocess.run(["git", "clone", "-q", str(origin), str(other)], check=True)
    run_git("checkout", "-q", "deployments", folder=other)
    run_git("commit", "-q", "--allow-empty", "-m", "by hand", folder=other)
    run_git("push", "-q", "origin", "deployments", folder=other)
    scene.commit_model(0.2)
    main([])
    with pytest.raises(MergelineError, match="went different ways|reached origin first") as error:
        main(["--push"])
    assert "deployments" in error.value.fix
    assert "flights@v0.0.2" not in run_git("tag", folder=origin)
