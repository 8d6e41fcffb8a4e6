"""What a change is compared with, and which stages' outputs count: on branches, on main, in shallow clones."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from mergeline.procurement.contents import compute_directory_hash
from mergeline.report.baseline import find_base, read_text_at, read_yaml_at
from mergeline.report.inputs import get_data_files, read_inputs
from mergeline.report.stage_states import compare_inputs, compute_stage_states, hash_path

PIPELINE = {
    "stages": {
        "clean": {"cmd": "c", "deps": ["data", "src/a"], "params": ["p"], "outs": ["out/clean"]},
        "score": {"cmd": "s", "deps": ["out/clean", "b.py"], "metrics": [{"m.json": {"cache": False}}]},
    }
}


def git(folder: Path, *arguments: str) -> str:
    """Run git in `folder` and return what it prints."""
    return subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True, text=True).stdout.strip()


def commit(folder: Path, **files: str) -> str:
    """Commit `files` (name without suffix to YAML) and return the commit."""
    for name, text in files.items():
        (folder / f"{name}.yaml").write_text(text)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", "next")
    return git(folder, "rev-parse", "HEAD")


def test_a_branch_is_compared_with_where_it_left_main(git_repository: Path) -> None:
    """What main did since does not look like the branch's doing."""
    base = commit(git_repository, params="a: 1\n")
    git(git_repository, "switch", "-qc", "topic")
    commit(git_repository, params="a: 2\n")
    git(git_repository, "switch", "-q", "main")
    commit(git_repository, params="a: 3\n")
    git(git_repository, "switch", "-q", "topic")
    found = find_base(folder=git_repository)
    assert (found["commit"], found["says"], found["fix"]) == (base, "where this change leaves main", "")
    assert read_yaml_at(base, "params.yaml", git_repository) == {"a": 1}


def test_the_merge_that_github_checks_out_is_compared_with_main(git_repository: Path) -> None:
    """On a pull request HEAD is a merge and main is known as origin/main alone."""
    git(git_repository, "switch", "-qc", "topic")
    commit(git_repository, params="a: 2\n")
    git(git_repository, "switch", "-q", "main")
    main = commit(git_repository, other="a: 3\n")
    git(git_repository, "merge", "-q", "--no-ff", "-m", "merge", "topic")
    git(git_repository, "update-ref", "refs/remotes/origin/main", main)
    git(git_repository, "switch", "-q", "--detach")
    git(git_repository, "branch", "-qD", "main")
    assert find_base(folder=git_repository)["commit"] == main
    assert len(read_inputs(git_repository).head["parents"]) == 2


def test_main_is_compared_with_the_commit_before_unless_something_is_being_edited(git_repository: Path) -> None:
    """The diff on main is not empty; with edits of the pipeline's inputs at hand they are what is shown."""
    before = git(git_repository, "rev-parse", "HEAD")
    last = commit(git_repository, params="a: 1\n")
    assert find_base(folder=git_repository)["commit"] == before
    (git_repository / "params.yaml").write_text("a: 2\n")
    assert find_base(folder=git_repository)["commit"] == last


def test_a_shallow_clone_says_so_and_how_to_mend_it(git_repository: Path, tmp_path: Path) -> None:
    """A clone of depth 1 has no baseline, on main as on a branch; it is never an empty difference."""
    commit(git_repository, params="a: 1\n")
    git(git_repository, "switch", "-qc", "topic")
    commit(git_repository, params="a: 2\n")
    for branch in ("main", "topic"):
        shallow = tmp_path / branch
        subprocess.run(
            ["git", "clone", "-q", "--depth=1", "--branch", branch, git_repository.as_uri(), str(shallow)], check=True
        )
        for fetched in (False, True):
            if fetched:
                git(shallow, "fetch", "-q", "--depth=1", "origin", "main:refs/remotes/origin/main")
            found = find_base(folder=shallow)
            assert found["commit"] is None
            assert "shallow" in found["says"]
            assert "fetch-depth: 0" in found["fix"]
        git(shallow, *found["fix"].split(";")[0].split()[1:])
        assert find_base(folder=shallow)["commit"]


def test_the_first_commit_and_a_clone_without_main_have_no_baseline(git_repository: Path, tmp_path: Path) -> None:
    """Each has its own sentence and mend."""
    assert "first commit" in find_base(folder=git_repository)["says"]
    git(git_repository, "branch", "-qm", "elsewhere")
    assert "git fetch origin main:" in find_base(folder=git_repository)["fix"]
    (tmp_path / "empty").mkdir()
    assert "run it in a clone" in find_base(folder=tmp_path / "empty")["fix"]


def test_a_named_base_is_taken_and_an_unknown_one_refused(git_repository: Path) -> None:
    """An option in disguise is no commit."""
    head = git(git_repository, "rev-parse", "HEAD")
    assert find_base("HEAD", git_repository)["commit"] == head
    for wrong in ("nowhere", "--help", ""):
        assert find_base(wrong, git_repository)["commit"] is None
    assert read_text_at(head, "params.yaml", git_repository) is None


def test_a_base_file_that_is_not_yaml_counts_as_unreadable(git_repository: Path) -> None:
    """A broken file of long ago does not stop today's report."""
    base = commit(git_repository, params="a: [1\n")
    assert read_yaml_at(base, "params.yaml", git_repository) is None


def test_the_list_of_raw_files_is_believed_only_if_it_adds_up() -> None:
    """A list edited by hand is not shown as what changed."""
    files = {"a.csv": "1", "b.csv": "2"}
    good = {"outs": [{"md5": compute_directory_hash(files)}], "meta": {"files": files}}
    assert get_data_files(good) == files
    assert get_data_files({**good, "meta": {"files": {"a.csv": "9"}}}) is None
    assert get_data_files({"outs": good["outs"]}) is None


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a folder in which both stages are as recorded."""
    (tmp_path / "src/a/__pycache__").mkdir(parents=True)
    (tmp_path / "src/a/x.py").write_text("x")
    (tmp_path / "src/a/__pycache__/x.pyc").write_text("ignored")
    (tmp_path / ".dvcignore").write_text("__pycache__\n")
    (tmp_path / "b.py").write_text("b")
    (tmp_path / "m.json").write_text("{}")
    return tmp_path


def make_lock(tree: Path) -> dict[str, Any]:
    """Return the lock of `tree` as it is now."""
    source = hash_path(tree / "src/a", ["__pycache__"])
    b, m = (hash_path(tree / name) for name in ("b.py", "m.json"))
    clean = [{"path": "data", "md5": "d.dir"}, {"path": "src/a", "md5": source}]
    made = {"path": "out/clean", "md5": "c.dir"}
    return {
        "stages": {
            "clean": {"cmd": "c", "deps": clean, "params": {"params.yaml": {"p": {"k": 1}}}, "outs": [made]},
            "score": {"cmd": "s", "deps": [made, {"path": "b.py", "md5": b}], "outs": [{"path": "m.json", "md5": m}]},
        }
    }


def list_stale(tree: Path, lock: dict[str, Any], *, params: Any = None, data: str = "d.dir") -> dict[str, list[str]]:
    """Return what speaks against each stage."""
    states = compute_stage_states(PIPELINE, lock, None, params or {"p": {"k": 1}}, {"data": data}, tree)
    return {state["name"]: state["stale"] for state in states}


def test_a_tree_as_recorded_is_whole(tree: Path) -> None:
    """Ignored files do not count, and the outputs of a stage are the inputs of the next."""
    assert list_stale(tree, make_lock(tree)) == {"clean": [], "score": []}


def test_every_kind_of_input_that_moved_is_named_and_later_stages_wait(tree: Path) -> None:
    """Data, code, parameters, the command and a report that was edited by hand."""
    lock = make_lock(tree)
    waits = ["waits for out/clean"]
    assert list_stale(tree, lock, data="e.dir") == {"clean": ["data"], "score": waits}
    assert list_stale(tree, lock, params={"p": {"k": 2}}) == {"clean": ["parameters p"], "score": waits}
    (tree / "m.json").write_text("[]")
    assert list_stale(tree, lock) == {"clean": [], "score": ["m.json"]}
    (tree / "src/a/x.py").write_text("y")
    lock["stages"]["score"]["cmd"] = "other"
    assert list_stale(tree, lock)["clean"] == ["src/a"]
    del lock["stages"]["clean"]
    assert list_stale(tree, lock)["clean"] == ["never reproduced"]


def test_inputs_are_compared_with_the_base(tree: Path) -> None:
    """Paths, groups of parameters and the command; a new stage is one."""
    before = make_lock(tree)["stages"]["clean"]
    now = json.loads(json.dumps(before))
    now["cmd"], now["deps"][1]["md5"], now["params"]["params.yaml"]["p"] = "d", "9", {"k": 3}
    assert compare_inputs(before, now) == ["command", "src/a", "parameters p"]
    assert compare_inputs(before, before) == []
    assert compare_inputs(None, now) == ["new stage"]
