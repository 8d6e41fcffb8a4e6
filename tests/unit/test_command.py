"""Tests of `mergeline.command`: the edge where an error becomes a message and an exit status."""

import errno
from collections.abc import Callable
from pathlib import Path

import pytest

from mergeline.command import run
from mergeline.errors import MergelineError


def fail_with(error: BaseException) -> Callable[[], int]:
    """Return a command that raises `error`."""

    def main() -> int:
        raise error

    return main


def exit_status(main: Callable[[], int]) -> int | str | None:
    """Return the status with which `run(main)` exits."""
    with pytest.raises(SystemExit) as stop:
        run(main)
    return stop.value.code


def test_a_fault_is_printed_without_a_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    """What, where and fix stand on stderr; the status is 1."""
    assert exit_status(fail_with(MergelineError("no rows", where="data/x.csv", fix="fetch it\nagain"))) == 1
    assert capsys.readouterr().err == "error: no rows\n  where: data/x.csv\n  fix:   fetch it\n         again\n"


def test_under_actions_a_fault_is_also_an_annotation_and_a_summary(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The annotation is one escaped line, so no value can start a workflow command of its own."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path / "summary.md"))
    exit_status(fail_with(MergelineError("bad\n::warning::x", where="here", fix="mend")))
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("::")]
    assert lines == ["::error::error: bad%0A::warning::x%0A  where: here%0A  fix:   mend"]
    assert "fix:   mend" in (tmp_path / "summary.md").read_text()


def test_a_full_disk_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    """A full disk is a fault the user can mend; any other OSError is ours and keeps its traceback."""
    assert exit_status(fail_with(OSError(errno.ENOSPC, "No space left on device"))) == 1
    assert "free some space" in capsys.readouterr().err
    with pytest.raises(PermissionError):
        run(fail_with(PermissionError(errno.EACCES, "denied")))


def test_an_interruption_exits_130(capsys: pytest.CaptureFixture[str]) -> None:
    """Ctrl-C ends without a traceback and says that the same command may be run again."""
    assert exit_status(fail_with(KeyboardInterrupt())) == 130
    assert "run the same command again" in capsys.readouterr().err


def test_success_keeps_its_status() -> None:
    """What `main` returns is the exit status."""
    assert exit_status(lambda: 0) == 0
