"""Tests of `mergeline.release.deploy`: the bundles first, then the state file, each whole."""

import json
import shutil
import threading
from pathlib import Path

import pytest

from mergeline.bundle.read import read_bundle
from mergeline.errors import MergelineError
from mergeline.release import bundles
from mergeline.release.bundles import BUNDLE
from mergeline.release.deploy import deploy, main
from mergeline.release.promote import main as promote
from mergeline.release.rollback import main as roll_back
from mergeline.shell import run_git
from unit.release.scene import Scene, seal_prior

ROOT = Path(".mergeline/serving")
STATE = ROOT / "production.json"


def test_what_should_serve_lies_in_store_and_state_file(scene: Scene) -> None:
    """The store's bundle opens by the digest that the state names; a second run changes nothing."""
    promote([])
    assert main([]) == 0
    state = json.loads(STATE.read_text())
    assert state == scene.read_state()
    digest = state["variants"][0]["digest"]
    assert read_bundle(ROOT / "store" / digest, digest).model.predict_one({}) == 0.1
    before = STATE.stat()
    assert main([]) == 0
    assert STATE.stat().st_mtime_ns == before.st_mtime_ns


def test_a_rollback_is_deployed_from_the_store_alone(scene: Scene) -> None:
    """The way back needs no pipeline: the bundle that served lies there still."""
    promote([])
    main([])
    first = scene.read_state()["variants"][0]["digest"]
    scene.commit_model(0.2)
    promote([])
    main([])
    roll_back(["--to", "previous"])
    shutil.rmtree(BUNDLE)
    assert main([]) == 0
    assert json.loads(STATE.read_text())["variants"][0]["digest"] == first


def test_a_spoilt_bundle_in_the_store_is_replaced(scene: Scene) -> None:
    """A bit that turned on disk is noticed and mended."""
    promote([])
    main([])
    digest = scene.read_state()["variants"][0]["digest"]
    (ROOT / "store" / digest / "model.json").write_text("{}")
    main([])
    assert read_bundle(ROOT / "store" / digest, digest).digest == digest


def test_nothing_promoted_is_nothing_to_deploy(scene: Scene) -> None:
    """The error says what to do."""
    with pytest.raises(MergelineError, match="no model was promoted") as error:
        main([])
    assert "make promote" in error.value.fix


@pytest.mark.parametrize("made", [0.5, None])
def test_a_bundle_found_nowhere_stops_the_deployment(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, made: float | None
) -> None:
    """If its commit makes other bytes, or none, the state file stays as it was."""
    promote([])
    main([])
    before = STATE.read_text()
    scene.commit_model(0.2)
    promote([])
    seal_prior(BUNDLE, 0.9, "0" * 64)
    monkeypatch.setattr(bundles, "lay_out", lambda commit, tree, folder: tree.mkdir(parents=True, exist_ok=True))

    def remake(tree: Path) -> bool:
        if made is not None:
            seal_prior(tree / BUNDLE, made, "0" * 64)
        return made is not None

    for way in ("restore", "pull"):
        monkeypatch.setattr(bundles, way, lambda tree: False)
    monkeypatch.setattr(bundles, "remake", remake)
    with pytest.raises(MergelineError, match="was found nowhere") as error:
        main([])
    assert "dvc pull" in error.value.fix
    assert STATE.read_text() == before


def test_a_bundle_that_its_commit_makes_again_is_taken(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without cache and remote the commit's own pipeline is asked, and its bundle must have the digest."""
    promote([])
    lineage = read_bundle(BUNDLE).lineage["model_digest"]
    shutil.rmtree(BUNDLE)
    monkeypatch.setattr(bundles, "lay_out", lambda commit, tree, folder: tree.mkdir(parents=True, exist_ok=True))
    for way in ("restore", "pull"):
        monkeypatch.setattr(bundles, way, lambda tree: False)
    monkeypatch.setattr(bundles, "remake", lambda tree: bool(seal_prior(tree / BUNDLE, 0.1, lineage)))
    assert main([]) == 0


def test_a_commit_that_is_missing_is_named(scene: Scene) -> None:
    """A shallow clone is told how to get the history."""
    with pytest.raises(MergelineError, match="missing from this clone") as error:
        bundles.find_bundle("0" * 64, "1" * 40)
    assert "git fetch --unshallow" in error.value.fix


def test_a_deployment_that_broke_off_leaves_the_old_state_whole(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it ends while it copies or before the state file moves; the next run finishes."""
    promote([])
    main([])
    before = STATE.read_text()
    scene.commit_model(0.2)
    promote([])
    steps = (
        "mergeline.release.bundles.write_bytes",
        "mergeline.files.Path.replace",
        "mergeline.release.deploy.write_text",
    )
    for step in steps:
        with monkeypatch.context() as patch:
            patch.setattr(step, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                main([])
        assert STATE.read_text() == before
        old = json.loads(before)["variants"][0]["digest"]
        assert read_bundle(ROOT / "store" / old, old).digest == old
    assert main([]) == 0
    assert json.loads(STATE.read_text()) == scene.read_state()


def test_two_deployments_at_once_both_end_well(scene: Scene) -> None:
    """The store is held by one at a time."""
    promote([])
    faults: list[BaseException] = []

    def work() -> None:
        try:
            deploy(ROOT / "store", STATE)
        except BaseException as error:
            faults.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert run_git("status", "--porcelain") == ""
