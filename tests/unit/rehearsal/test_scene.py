"""What jobs see of this machine, what the rehearsed repository holds, and what tokens may do."""

import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from mergeline.errors import MergelineError
from mergeline.rehearsal.changes import raise_pins
from mergeline.rehearsal.checks import expect_untouched
from mergeline.rehearsal.environment import lead_git, make_base, make_git
from mergeline.rehearsal.promises import Ledger
from mergeline.rehearsal.repository import Repository
from mergeline.rehearsal.results import Run
from mergeline.rehearsal.runner import join, must_run_alone, restrict
from mergeline.rehearsal.tools import choose_cml, describe_cml

READ, WRITE = {"contents": "read"}, {"contents": "read", "pull-requests": "write"}


def git(folder: Path, *arguments: str) -> str:
    """Return what git prints in `folder`."""
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Return a checkout on a side branch, with edits of every kind that are not committed."""
    folder = tmp_path / "source"
    folder.mkdir()
    git(folder, "init", "-q")
    for name in ("kept.txt", "edited.txt", "removed.txt", "ignored.txt"):
        (folder / name).write_text(name)
    (folder / ".gitignore").write_text("ignored.txt\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "first")
    git(folder, "branch", "deployments")
    git(folder, "tag", "v1")
    git(folder, "checkout", "-qb", "side")
    (folder / "edited.txt").write_text("edited")
    (folder / "removed.txt").unlink()
    (folder / "new.txt").write_text("new")
    return folder


@pytest.fixture
def repository(source: Path, tmp_path: Path) -> Repository:
    """Return the rehearsal's git made from it."""
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    return Repository(source, scratch, make_git(make_base(scratch, {"PATH": "/usr/local/bin:/usr/bin:/bin"})))


def test_main_is_the_work_tree_as_it_is_now(source: Path, repository: Repository) -> None:
    """Edited, new and removed files are in it, ignored ones are not; the champion's branch and tags come along."""
    held = repository.git("ls-tree", "-r", "--name-only", "main").split()
    assert held == [".gitignore", "edited.txt", "kept.txt", "new.txt"]
    assert repository.git("show", "main:edited.txt") == "edited"
    branches = repository.git("for-each-ref", "--format=%(refname:short)", folder=repository.origin).split()
    assert branches == ["deployments", "main", "v1"]
    assert git(source, "status", "--porcelain").split("\n") == ["M edited.txt", " D removed.txt", "?? new.txt"]


def test_a_clone_brings_the_champions_along_that_only_origin_has(source: Path, tmp_path: Path) -> None:
    """Whoever cloned the repository has no branch `deployments` of their own; the rehearsal knows the champion."""
    git(tmp_path, "clone", "-q", str(source), "clone")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    base = make_base(scratch, {"PATH": "/usr/local/bin:/usr/bin:/bin"})
    repository = Repository(tmp_path / "clone", scratch, make_git(base))
    champions = repository.git("rev-parse", "deployments", folder=repository.origin)
    assert champions == git(source, "rev-parse", "deployments")


def test_a_pull_request_has_the_refs_that_github_makes(repository: Repository) -> None:
    """There is a merge commit onto main, and the branch lies in the fork only."""
    repository.git("checkout", "-qb", "topic")
    (repository.laptop / "kept.txt").write_text("changed")
    commit = repository.commit("Change", "guest")
    repository.propose("topic", 1, "guest/model")
    tree = repository.lay_out("refs/pull/1/merge", "http://hub")
    assert git(tree, "rev-parse", "HEAD^2") == commit
    assert git(tree, "rev-parse", "HEAD^1") == repository.head()
    assert "topic" not in repository.git("branch", "--list", folder=repository.origin)


def test_a_checkout_without_git_is_refused_with_advice(tmp_path: Path) -> None:
    """The rehearsal says that it needs git."""
    (tmp_path / "plain").mkdir()
    with pytest.raises(MergelineError) as caught:
        Repository(tmp_path / "plain", tmp_path, {"PATH": "/usr/bin:/bin", "GIT_CEILING_DIRECTORIES": str(tmp_path)})
    assert "needs a git checkout" in caught.value.fix


def test_jobs_see_nothing_of_the_users_secrets(tmp_path: Path) -> None:
    """Only listed variables pass; home, caches and temporary files are the rehearsal's own."""
    given = {"PATH": "/bin", "GITHUB_TOKEN": "secret", "AWS_SECRET_ACCESS_KEY": "secret", "LC_ALL": "C", "HOME": "/me"}
    base = make_base(tmp_path, given)
    assert "secret" not in base.values()
    assert base["LC_ALL"] == "C"
    assert all(
        base[name].startswith(str(tmp_path)) for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME", "DVC_SITE_CACHE_DIR")
    )


def test_a_job_that_may_not_write_cannot_push(repository: Repository, tmp_path: Path) -> None:
    """Fetching works by the repository's address; pushing fails unless a job has `contents: write`."""
    server = "http://127.0.0.1:1"
    for can_push in (False, True):
        environment = {**make_git(make_base(tmp_path, {"PATH": "/usr/local/bin:/usr/bin:/bin"}))}
        environment |= lead_git(server, repository.origin, can_push)
        command = ["git", "push", f"{server}/acme/model", f"HEAD:refs/heads/pushed-{can_push}"]
        done = subprocess.run(
            command, cwd=repository.laptop, env=environment, capture_output=True, text=True, check=False
        )
        assert (done.returncode == 0) is can_push
    assert "no-job-of-this-run-has-contents-write" not in done.stderr


def test_tokens_of_forks_read_only_and_differing_jobs_run_one_by_one() -> None:
    """`write` becomes `read`; jobs run side by side only where a call need not be told apart."""
    assert restrict(WRITE, restricted=True) == {"contents": "read", "pull-requests": "read"}
    assert restrict(WRITE, restricted=False) == WRITE
    assert not must_run_alone({"a": READ, "b": READ, "c": {}})
    assert must_run_alone({"a": READ, "b": WRITE})
    assert not must_run_alone({})
    assert join({"a": WRITE, "b": {"pull-requests": "read", "issues": "read"}}) == {**WRITE, "issues": "read"}


def test_a_real_cml_is_used_if_there_is_one_and_the_output_says_which(tmp_path: Path) -> None:
    """`auto` takes the program on PATH, else the stand-in; a wish that is no program is an error."""
    assert choose_cml("auto", {"PATH": str(tmp_path)}) == "stand-in"
    (tmp_path / "cml").write_text("#!/bin/sh\n")
    (tmp_path / "cml").chmod(0o755)
    found = choose_cml("auto", {"PATH": str(tmp_path)})
    assert found == tmp_path / "cml"
    assert "the real cml" in describe_cml(found)
    with pytest.raises(MergelineError) as caught:
        choose_cml(str(tmp_path / "none"), {})
    assert "path to cml" in caught.value.fix


def test_an_update_raises_one_action_in_every_file(tmp_path: Path) -> None:
    """As Dependabot does: whatever its version is, it is the next one, the same everywhere; other actions stay."""
    other = f"uses: actions/cache/save@{'b' * 40} # v5.0.9\n"
    for name in ("workflows/a.yml", "actions/b/action.yml"):
        (tmp_path / ".github" / name).parent.mkdir(parents=True)
        (tmp_path / ".github" / name).write_text(f"uses: actions/checkout@{'a' * 40} # v7.1.9\n{other}")
    raise_pins("actions/checkout")(tmp_path)
    for path in tmp_path.rglob("*.yml"):
        assert path.read_text() == f"uses: actions/checkout@{'a' * 40} # v7.1.10\n{other}"


@pytest.mark.parametrize(
    ("said", "again"), [("Stage 'validate' didn't change", ""), ("Running stage 'validate'", "validate")]
)
def test_a_stage_that_runs_again_is_seen(said: str, again: str, tmp_path: Path) -> None:
    """What DVC says in the log of ci tells a stage that came out of the cache from one that ran."""
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs/1001-ci.jsonl").write_text(f'{{"msg": "Running stage \'train\'"}}\n{{"msg": "{said}:"}}\n')
    ledger = Ledger(say=lambda _: None)
    simulation = SimpleNamespace(scratch=tmp_path)
    run = Run(1001, "ci", "pull_request", "success", 1.0, ())
    expect_untouched(ledger, simulation, [run], ("validate", "featurise"))
    assert [promise.seen for promise in ledger.broken()] == ([again] if again else [])
