"""The stand-ins for actions keep to what the actions do on GitHub."""

from pathlib import Path

import pytest

from mergeline.rehearsal.borrowed import borrow, find_packages
from mergeline.rehearsal.standins import cache
from mergeline.rehearsal.standins.upload_artifact import find_files


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current folder of a job, with an empty cache store."""
    folder = tmp_path / "workspace"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("REHEARSAL_CACHE", str(tmp_path / "store"))
    monkeypatch.setenv("GITHUB_OUTPUT", str(tmp_path / "output"))
    monkeypatch.setenv("INPUT_PATH", "kept\nalso/kept")
    return folder


def save(monkeypatch: pytest.MonkeyPatch, ref: str, key: str, text: str) -> None:
    """Save `text` under `key`, as a run of `ref`."""
    monkeypatch.setenv("GITHUB_REF", ref)
    monkeypatch.setenv("INPUT_KEY", key)
    Path("kept").mkdir(exist_ok=True)
    Path("kept/file").write_text(text)
    cache.save()
    Path("kept/file").unlink()


def restore(monkeypatch: pytest.MonkeyPatch, ref: str, key: str, prefixes: str = "", base: str = "") -> str | None:
    """Return what a run of `ref` finds for `key`."""
    for name, value in (("GITHUB_REF", ref), ("INPUT_KEY", key), ("INPUT_RESTORE_KEYS", prefixes)):
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GITHUB_BASE_REF", base)
    Path("kept/file").unlink(missing_ok=True)
    cache.restore()
    return Path("kept/file").read_text() if Path("kept/file").exists() else None


def test_a_cache_entry_is_found_by_key_then_by_the_newest_prefix(
    workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The exact key wins; else the newest entry that begins with a fall-back key; an entry is never overwritten."""
    save(monkeypatch, "refs/heads/main", "dvc-1", "one")
    save(monkeypatch, "refs/heads/main", "dvc-2", "two")
    save(monkeypatch, "refs/heads/main", "dvc-1", "again")
    assert restore(monkeypatch, "refs/heads/main", "dvc-1") == "one"
    assert restore(monkeypatch, "refs/heads/main", "dvc-3", "dvc-") == "two"
    assert restore(monkeypatch, "refs/heads/main", "dvc-3") is None
    monkeypatch.setenv("INPUT_PATH", "kept")
    assert restore(monkeypatch, "refs/heads/main", "dvc-1") is None


def test_a_pull_request_cannot_put_anything_into_mains_cache(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It reads main's entries; main and other pull requests do not read its own."""
    save(monkeypatch, "refs/pull/1/merge", "dvc-1", "from the pull request")
    assert restore(monkeypatch, "refs/heads/main", "dvc-1", "dvc-") is None
    assert restore(monkeypatch, "refs/pull/2/merge", "dvc-1", "dvc-", "main") is None
    assert restore(monkeypatch, "refs/pull/1/merge", "dvc-1", base="main") == "from the pull request"
    save(monkeypatch, "refs/heads/main", "dvc-2", "from main")
    assert restore(monkeypatch, "refs/pull/2/merge", "dvc-1", "dvc-", "main") == "from main"


def test_what_lies_in_the_checkout_stands_for_mains_last_run(workspace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only where fall-back keys are given, and it is copied: the checkout is not touched."""
    checkout = workspace.parent / "checkout"
    checkout.mkdir()
    (checkout / "file").write_text("seed")
    seed = workspace.parent / "store/seed"
    seed.mkdir(parents=True)
    (seed / "kept").symlink_to(checkout)
    assert restore(monkeypatch, "refs/heads/main", "dvc-1") is None
    assert restore(monkeypatch, "refs/heads/main", "dvc-1", "dvc-") == "seed"
    Path("kept/file").write_text("changed")
    assert (checkout / "file").read_text() == "seed"


def test_uploaded_files_keep_their_path_below_what_the_patterns_share(workspace: Path) -> None:
    """As with the real action: the root is the folder that all patterns have in common; hidden files stay out."""
    for name in ("reports/report.md", "reports/figures/a.svg", "reports/.hidden", "other/b.txt"):
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("x")
    root, files = find_files(["reports/report.md", "reports/figures", "reports/missing.json"])
    assert (root, files) == (Path("reports"), [Path("reports/figures/a.svg"), Path("reports/report.md")])
    assert find_files(["reports/report.md"])[0] == Path("reports")
    assert find_files(["reports"]) == (Path("reports"), files)
    assert find_files(["reports/*.md"]) == (Path("reports"), [Path("reports/report.md")])
    assert find_files(["missing"])[1] == []


def test_a_borrowed_environment_runs_the_workspaces_code_with_the_lenders_packages(tmp_path: Path) -> None:
    """The lender's own path files are not followed, scripts run on the borrower's Python, the lender stays as it is."""
    lender, target = tmp_path / "lender", tmp_path / "workspace/.venv"
    packages = lender / "lib/python3.11/site-packages"
    packages.mkdir(parents=True)
    (packages / "mergeline.pth").write_text("/somebody/elses/src\n")
    (lender / "bin").mkdir()
    (lender / "bin/tool").write_text(f"#!{lender}/bin/python\nprint('tool')\n")
    (lender / "bin/native").write_bytes(b"\x7fELF")
    (lender / "bin/python").symlink_to("/usr/bin/env")
    (lender / "pyvenv.cfg").write_text("home = /usr/bin\n")
    (lender / "mergeline-lock.sha256").write_text("digest")
    before = sorted(path.relative_to(lender) for path in lender.rglob("*"))
    borrow(lender, target, tmp_path / "workspace/src")
    lines = (find_packages(target) / "borrowed.pth").read_text().splitlines()
    assert lines == [str(tmp_path / "workspace/src"), str(packages)]
    assert (target / "bin/tool").read_text().startswith(f"#!{target}/bin/python\n")
    assert (target / "bin/native").resolve() == lender / "bin/native"
    assert (target / "mergeline-lock.sha256").read_text() == "digest"
    assert sorted(path.relative_to(lender) for path in lender.rglob("*")) == before
