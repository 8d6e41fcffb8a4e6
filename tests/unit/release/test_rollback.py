"""Tests of `mergeline.release.rollback`: one commit that restores an earlier state, and the way forward again."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mergeline.errors import MergelineError
from mergeline.gate.champion import read_champion
from mergeline.release.production import read_history
from mergeline.release.promote import main as promote
from mergeline.release.rollback import main
from mergeline.shell import run_git
from unit.release.scene import CrashError, Scene, crash_at, stop


@pytest.fixture
def two(scene: Scene) -> Scene:
    """Return a repository in which two models were promoted."""
    promote([])
    scene.commit_model(0.2)
    promote([])
    return scene


@pytest.mark.parametrize("to", ["previous", "v0.0.1", "flights@v0.0.1", "commit", "state"])
def test_a_rollback_is_one_commit_that_restores_the_earlier_state(
    two: Scene, registry: dict[str, Any], to: str
) -> None:
    """By version, by commit of main or of the branch, by `previous`: variants and champion are as they were."""
    commits = {"commit": run_git("rev-parse", "HEAD~1"), "state": run_git("rev-parse", "deployments~1")}
    earlier = read_history()[1][1]
    assert main(["--to", commits.get(to, to), "--reason", "it was slow"]) == 0
    state = two.read_state()
    assert state["variants"][0]["digest"] == earlier.champion.digest
    assert (state["verdict"], state["reason"]) == ("rollback", "it was slow")
    assert state["author"] == "Test <test@example.invalid>"
    assert two.count_commits() == 3
    champion = read_champion()
    assert champion is not None
    assert champion.commit == commits["commit"]
    assert registry["champion"] == "v0.0.1"


def test_gto_reads_the_version_that_serves_after_a_rollback(two: Scene) -> None:
    """GTO orders by whole seconds: the tag of the way back is later than all others, however fast it came."""
    main(["--to", "v0.0.1"])

    def ask(what: str) -> str:
        command = [str(Path(sys.executable).with_name("gto")), "show", what]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    assert "v0.0.1" in ask("flights#production")
    assert "v0.0.2" in ask("flights")


def test_a_rollback_to_what_serves_changes_nothing(two: Scene) -> None:
    """Twice is once."""
    main(["--to", "v0.0.1"])
    before = run_git("rev-parse", "deployments"), two.list_tags()
    assert main(["--to", "v0.0.1"]) == 0
    assert (run_git("rev-parse", "deployments"), two.list_tags()) == before


def test_previous_never_goes_back_to_what_was_rolled_back(two: Scene) -> None:
    """After the way back, `previous` is what was before that, and not the state that was left."""
    main(["--to", "previous"])
    with pytest.raises(MergelineError, match="no earlier state"):
        main(["--to", "previous"])
    two.commit_model(0.3)
    promote([])
    main(["--to", "previous"])
    assert two.read_state()["variants"][0]["version"] == "v0.0.1"


def test_the_way_forward_is_a_rollback_too(two: Scene) -> None:
    """Nothing is lost by going back."""
    newest = two.read_state()["variants"]
    main(["--to", "v0.0.1"])
    main(["--to", "v0.0.2"])
    assert two.read_state()["variants"] == newest
    assert two.count_commits() == 4


def test_a_broken_state_can_be_left(two: Scene) -> None:
    """A file that somebody spoilt by hand does not stand in the way of the rollback that mends it."""
    blob = run_git("hash-object", "-w", "--stdin", content="{")
    tree = run_git("mktree", content=f"100644 blob {blob}\tproduction.json\n")
    commit = run_git("commit-tree", tree, "-p", "deployments", "-m", "broken")
    run_git("update-ref", "refs/heads/deployments", commit)
    main(["--to", "previous"])
    assert two.read_state()["variants"][0]["version"] == "v0.0.2"
    assert read_champion() is not None


@pytest.mark.parametrize("to", ["v0.0.9", "abcdef0123", "nonsense", ""])
def test_an_unknown_state_is_refused_and_the_known_ones_are_named(two: Scene, to: str) -> None:
    """Whoever rolls back in a hurry learns what there is."""
    with pytest.raises(MergelineError, match="no deployment is called") as error:
        main(["--to", to])
    assert "v0.0.1" in error.value.fix
    assert "v0.0.2" in error.value.fix


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("number", range(1, 8))
def test_a_rollback_that_broke_off_anywhere_is_finished_by_the_next(
    two: Scene, monkeypatch: pytest.MonkeyPatch, registry: dict[str, Any], number: int, after: bool
) -> None:
    """Before and after each of the seven writes; `previous` does not go one state further the second time."""
    two.commit_model(0.3)
    promote([])
    with monkeypatch.context() as patch:
        crash_at(patch, number, after, stop)
        with pytest.raises(CrashError):
            main(["--to", "previous"])
    # After the last write all of git's part is done, so that `previous` is another state by then.
    to = "v0.0.2" if (number, after) == (7, True) else "previous"
    assert main(["--to", to]) == 0
    assert two.read_state()["variants"][0]["version"] == registry["champion"] == "v0.0.2"
    assert two.count_commits() == 4
    assert two.list_tags()[:4] == [f"flights#production#{count}" for count in range(1, 5)]


def test_without_a_deployment_there_is_nothing_to_roll_back(scene: Scene) -> None:
    """The error says how to make one."""
    with pytest.raises(MergelineError, match="nothing was ever deployed") as error:
        main(["--to", "previous"])
    assert "make promote" in error.value.fix
