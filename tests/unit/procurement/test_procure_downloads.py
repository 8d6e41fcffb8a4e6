"""Pinned packages that hold data: nothing but what the lock allows is ever handed on."""

import hashlib

import pytest

from mergeline.errors import MergelineError
from mergeline.procurement.downloads import provide_downloads, read_lock

CONTENT = b"the bytes that were pinned"
DIGEST = hashlib.sha256(CONTENT).hexdigest()
NAME = "some_data-1.0.tar.gz"


@pytest.fixture
def lock(tmp_path, monkeypatch):
    """Return a lock that pins CONTENT, in an empty folder where pip knows no index."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_CONSTRAINT"):
        monkeypatch.delenv(name, raising=False)
    path = tmp_path / "data.lock"
    path.write_text(f"# data\nSome.Data==1.0 \\\n    --hash=sha256:{DIGEST}  # 2020\n")
    return path


def test_file_with_the_right_digest_is_used_without_pip(lock, tmp_path, monkeypatch):
    """What lies there, put by pip or by hand, is reused: nothing is started."""
    folder = tmp_path / "downloads"
    folder.mkdir()
    (folder / NAME).write_bytes(CONTENT)
    monkeypatch.setattr("subprocess.run", lambda *_, **__: pytest.fail("pip was started"))
    provide_downloads(lock, folder)
    assert [path.name for path in folder.iterdir()] == [NAME]


@pytest.mark.parametrize("content", [CONTENT[:10], b"", b"another file"])
def test_truncated_or_foreign_file_is_refused_and_kept(content, lock, tmp_path):
    """A file of that name with other bytes stops the command, which says to delete it."""
    folder = tmp_path / "downloads"
    folder.mkdir()
    (folder / NAME).write_bytes(content)
    with pytest.raises(MergelineError, match=rf"{len(content)} bytes with sha256") as caught:
        provide_downloads(lock, folder)
    assert f"rm {folder / NAME}" in caught.value.fix
    assert (folder / NAME).read_bytes() == content


def test_download_with_another_hash_is_refused(lock, tmp_path, monkeypatch):
    """An index that serves other bytes under the pinned name gets none of them into the folder."""
    served = tmp_path / "served"
    served.mkdir()
    (served / NAME).write_bytes(b"altered on its way")
    monkeypatch.setenv("PIP_FIND_LINKS", str(served))
    with pytest.raises(MergelineError, match="another SHA-256") as caught:
        provide_downloads(lock, tmp_path / "downloads")
    assert "do not use that file" in caught.value.fix
    assert list((tmp_path / "downloads").iterdir()) == []


def test_failed_download_says_how_to_do_without(lock, tmp_path):
    """Without a network the message names the file, its digest and the folder to put it in."""
    with pytest.raises(MergelineError, match="could not download") as caught:
        provide_downloads(lock, tmp_path / "downloads")
    assert "by hand" in caught.value.fix
    assert f"Some.Data 1.0 with sha256 {DIGEST}" in caught.value.fix
    assert list((tmp_path / "downloads").iterdir()) == []


def test_missing_pip_says_how_to_install_it(lock, tmp_path, monkeypatch):
    """An environment without pip is told of ensurepip."""
    (tmp_path / "pip.py").write_text("raise ModuleNotFoundError('No module named pip')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(MergelineError) as caught:
        provide_downloads(lock, tmp_path / "downloads")
    assert "-m ensurepip" in caught.value.fix


def test_leftover_of_a_killed_download_does_no_harm(lock, tmp_path):
    """A scratch folder from a killed run is not mistaken for a download."""
    leftover = tmp_path / "downloads" / ".new"
    leftover.mkdir(parents=True)
    (leftover / NAME).write_bytes(CONTENT[:5])
    with pytest.raises(MergelineError, match="could not download"):
        provide_downloads(lock, tmp_path / "downloads")
    assert not leftover.exists()


def test_without_a_lock_nothing_is_downloaded(tmp_path):
    """A source that needs no package has no lock."""
    provide_downloads(tmp_path / "data.lock", tmp_path / "downloads")
    assert not (tmp_path / "downloads").exists()


@pytest.mark.parametrize("line", ["some-data", "some-data>=1.0", "some-data==1.0", "some-data==1.0 --hash=sha256:12ab"])
def test_line_that_pins_nothing_is_refused(line, tmp_path):
    """A package without an exact version and a digest would be whatever an index serves."""
    path = tmp_path / "data.lock"
    path.write_text(line + "\n")
    with pytest.raises(MergelineError, match="does not pin") as caught:
        read_lock(path)
    assert "name==version --hash=sha256:" in caught.value.fix
