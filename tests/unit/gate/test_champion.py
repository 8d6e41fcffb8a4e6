"""Tests of `mergeline.gate.champion`: the record in git history."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from mergeline.errors import MergelineError
from mergeline.gate.champion import BRANCH, RECORD, Champion, parse_champion, read_champion, write_champion
from mergeline.shell import run_git


@pytest.fixture
def champion(git_repository: Path) -> Champion:
    """Return a record that names the only commit of the repository."""
    head = run_git("rev-parse", "HEAD")
    return Champion(
        1, head, "d" * 64, "a.dir", "hist_gradient_boosting", "2013-05-31T00:00:00Z", {"verdict": "promote"}
    )


def test_nothing_promoted_is_a_state_of_its_own(git_repository: Path) -> None:
    """Without the branch there is no champion, and no error."""
    assert read_champion() is None


def test_what_is_written_is_read_back_and_the_work_tree_stays(champion: Champion) -> None:
    """A promotion is one commit on the branch; neither branch, index nor files of the user change."""
    Path("draft.txt").write_text("mine")
    write_champion(champion, "Promote it")
    assert read_champion() == champion
    assert run_git("status", "--porcelain") == "?? draft.txt"
    assert run_git("log", "--format=%s", BRANCH) == "Promote it"


def test_the_same_record_twice_is_one_commit_and_others_keep_their_files(champion: Champion) -> None:
    """Promotion is idempotent, a new champion keeps the old one in history, other files of the branch survive."""
    write_champion(champion, "one")
    assert write_champion(champion, "again") == run_git("rev-parse", BRANCH)
    blob = run_git("hash-object", "-w", "--stdin", content="{}")
    entries = run_git("ls-tree", BRANCH) + f"\n100644 blob {blob}\tproduction.json\n"
    tree = run_git("mktree", content=entries)
    run_git("update-ref", f"refs/heads/{BRANCH}", run_git("commit-tree", tree, "-p", BRANCH, "-m", "deploy"))
    write_champion(replace(champion, candidate="boosting"), "two")
    assert run_git("ls-tree", "--name-only", BRANCH).splitlines() == [RECORD, "production.json"]
    assert run_git("log", "--format=%s", BRANCH).splitlines() == ["two", "deploy", "one"]


def test_a_record_of_a_missing_commit_is_an_error_that_says_how_to_fetch_it(champion: Champion) -> None:
    """The planted commit is nowhere: the gate must stop, not pass."""
    write_champion(replace(champion, commit="1" * 40), "forged")
    with pytest.raises(MergelineError, match="commit 111111111111 is missing") as error:
        read_champion()
    assert "git fetch --unshallow" in error.value.fix


@pytest.mark.parametrize("text", ["{", "[]", json.dumps({"format": 2}), json.dumps({"format": 1, "commit": "x"})])
def test_a_record_of_unknown_form_is_refused(text: str) -> None:
    """Broken JSON, another format and missing keys each end in the instruction to restore the record."""
    with pytest.raises(MergelineError) as error:
        parse_champion(text, "here")
    assert "restore the last good record" in error.value.fix


def test_the_newer_of_local_and_origin_counts_and_a_fork_in_the_road_is_an_error(champion: Champion) -> None:
    """A clone that fetched a newer record uses it; two that exclude each other stop the gate."""
    first = write_champion(champion, "one")
    second = write_champion(replace(champion, candidate="boosting"), "two")
    run_git("update-ref", f"refs/remotes/origin/{BRANCH}", second)
    run_git("update-ref", f"refs/heads/{BRANCH}", first)
    found = read_champion()
    assert found is not None
    assert found.candidate == "boosting"
    write_champion(replace(champion, candidate="logistic_regression"), "three")
    assert run_git("rev-parse", f"{BRANCH}~1") == second
    run_git("update-ref", f"refs/heads/{BRANCH}", run_git("commit-tree", f"{first}^{{tree}}", "-p", first, "-m", "x"))
    with pytest.raises(MergelineError, match="went different ways") as error:
        read_champion()
    assert "git branch -f" in error.value.fix


def test_without_an_identity_the_user_is_told_to_set_one(champion: Champion, monkeypatch: pytest.MonkeyPatch) -> None:
    """git refuses a commit without a name; the message says which settings are missing."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    subprocess.run(["git", "config", "user.useConfigOnly", "true"], check=True)
    with pytest.raises(MergelineError) as error:
        write_champion(champion, "one")
    assert "git config user.email" in error.value.fix
