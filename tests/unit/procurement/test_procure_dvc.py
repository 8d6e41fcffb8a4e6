"""Procuring with the real DVC: its hash is ours, and a remote is believed only as far as its bytes are right."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from mergeline.procurement.contents import compute_directory_hash, hash_files
from mergeline.procurement.pointer import read_promise
from mergeline.procurement.renew import renew
from mergeline.procurement.store import Store, find_store
from mergeline.stages.procure import procure
from usecase import source

DATA = Path("data")
BATCHES = ("2020-01", "2020-02")


def run_dvc(*arguments):
    """Run the real DVC in the current folder."""
    subprocess.run([sys.executable, "-m", "dvc", *arguments], check=True, capture_output=True)


def fetch(batches, directory):
    """Write a small file per batch and one that is shared: what the source does."""
    (directory / "flights").mkdir()
    for batch in batches:
        (directory / "flights" / f"{batch}.csv").write_text(f"day,late\n{batch},1\n")
    (directory / "airports é.csv").write_text("faa\nJFK\n")


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """Return a folder with a clone whose data was procured and pushed, and the remote that received it."""
    folder = tmp_path_factory.mktemp("shared")
    (folder / "clone/.dvc").mkdir(parents=True)
    (folder / "clone/.dvc/config").write_text(
        "[core]\n    analytics = false\n    no_scm = true\n    remote = storage\n"
        "['remote \"storage\"']\n    url = ../../remote\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder / "clone")
        use_source(patch)
        renew(DATA, BATCHES, find_store())
        run_dvc("push", "--quiet", "data.dvc")
    return folder


@pytest.fixture
def fresh(shared, tmp_path, monkeypatch):
    """Return a copy of the remote, beside a fresh clone of the repository, which is the current folder."""
    shutil.copytree(shared / "remote", tmp_path / "remote")
    shutil.copytree(shared / "clone/.dvc", tmp_path / "clone/.dvc", ignore=shutil.ignore_patterns("cache", "tmp"))
    shutil.copy(shared / "clone/data.dvc", tmp_path / "clone/data.dvc")
    monkeypatch.chdir(tmp_path / "clone")
    use_source(monkeypatch)
    return tmp_path / "remote"


def use_source(patch):
    """Let the small source take the place of the example's."""
    patch.setattr(source, "list_batches", lambda: list(BATCHES))
    patch.setattr(source, "fetch", fetch)


def find_in_remote(remote):
    """Return the remote's object of January's flights."""
    oid = read_promise(Path("data.dvc")).files["flights/2020-01.csv"]
    return remote / "files/md5" / oid[:2] / oid[2:]


def test_hash_equals_the_one_that_dvc_computes(shared, tmp_path, monkeypatch):
    """For nested folders, odd names and empty files, `dvc add` writes the hash that ours predicts."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(shared / "clone/.dvc", ".dvc", ignore=shutil.ignore_patterns("cache", "tmp"))
    for path in ("b/2.csv", "b/10.csv", "B/x y.csv", "é/ü.csv", "a-b.csv", "a/b.csv", "a.csv", "empty"):
        (DATA / path).parent.mkdir(parents=True, exist_ok=True)
        (DATA / path).write_text("" if path == "empty" else path)
    run_dvc("add", "--quiet", "data")
    assert compute_directory_hash(hash_files(DATA)) == read_promise(Path("data.dvc")).hash


def test_dvc_agrees_with_what_was_written(shared, monkeypatch):
    """DVC calls the data up to date and the list of files in data.dvc does not trouble it."""
    monkeypatch.chdir(shared / "clone")
    command = [sys.executable, "-m", "dvc", "status", "--json", "data.dvc"]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip() == "{}"
    assert not procure(DATA, BATCHES)


def test_whole_remote_makes_the_source_needless(fresh, monkeypatch):
    """What the remote has comes from there."""
    monkeypatch.setattr(source, "fetch", lambda *_: pytest.fail("the source was asked"))
    assert procure(DATA, BATCHES)
    assert hash_files(DATA) == read_promise(Path("data.dvc")).files
    assert not procure(DATA, BATCHES)


@pytest.mark.parametrize("damage", ["missing", "corrupt"])
def test_remote_that_lacks_bytes_is_not_believed(damage, fresh, capfd):
    """DVC hands a corrupt object on with exit status 0; here the source fills in, and mends the cache too."""
    target = find_in_remote(fresh)
    target.chmod(0o644)
    if damage == "missing":
        target.unlink()
    else:
        target.write_text("corrupt\n")
    assert procure(DATA, BATCHES)
    promise = read_promise(Path("data.dvc"))
    assert hash_files(DATA) == promise.files
    assert Store(Path(".dvc/cache"), "").find_damage(promise.hash) == []
    said = capfd.readouterr().out
    assert "flights/2020-01.csv" in said or "the list of files" in said
    assert "taking the source instead" in said
