"""Tests of `mergeline.files`: outputs appear whole or not at all, with the same bytes wherever they are written."""

import errno
import json
from pathlib import Path

import polars as pl
import pytest

from mergeline.errors import MergelineError
from mergeline.files import (
    compute_digest,
    read_json,
    replacing,
    replacing_directory,
    write_bytes,
    write_json,
    write_parquet,
)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_json_with_a_number_that_is_not_finite_is_refused_by_name(tmp_path: Path, number: float) -> None:
    """The error names the key, and the earlier file stays as it was."""
    path = tmp_path / "metrics.json"
    write_json(path, {"roc_auc": 0.7})
    with pytest.raises(MergelineError) as error:
        write_json(path, {"roc_auc": 0.7, "by_batch": [{"log_loss": number}]})
    assert "by_batch[0].log_loss is" in error.value.what
    assert json.loads(path.read_text()) == {"roc_auc": 0.7}


def test_a_file_is_whole_or_not_at_all(tmp_path: Path) -> None:
    """A write that fails half-way (a full disk) leaves the old content and no leftover."""
    path = tmp_path / "out.bin"
    write_bytes(path, b"old")
    with pytest.raises(OSError, match="full"), replacing(path) as temporary:
        temporary.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "full")
    assert path.read_bytes() == b"old"
    assert [item.name for item in tmp_path.iterdir()] == ["out.bin"]


def test_a_directory_is_replaced_as_a_whole(tmp_path: Path) -> None:
    """Old files do not survive in the new directory, and a failure leaves the old one."""
    folder = tmp_path / "clean"
    with replacing_directory(folder) as temporary:
        (temporary / "a").write_text("1")
    with pytest.raises(RuntimeError), replacing_directory(folder) as temporary:
        (temporary / "b").write_text("2")
        raise RuntimeError
    assert [item.name for item in folder.iterdir()] == ["a"]
    with replacing_directory(folder) as temporary:
        (temporary / "c").write_text("3")
    assert [item.name for item in folder.iterdir()] == ["c"]
    assert [item.name for item in tmp_path.iterdir()] == ["clean"]


def test_what_a_killed_run_left_is_cleared(tmp_path: Path) -> None:
    """The scratch directory of a run that was killed does not leak into the next one."""
    leftover = tmp_path / ".clean.new"
    leftover.mkdir()
    (leftover / "stale").write_text("x")
    with replacing_directory(tmp_path / "clean") as temporary:
        (temporary / "fresh").write_text("y")
    assert [item.name for item in (tmp_path / "clean").iterdir()] == ["fresh"]


def test_a_run_killed_between_the_two_moves_loses_nothing(tmp_path: Path) -> None:
    """The old directory, already moved aside, comes back if the next run fails as well."""
    retired = tmp_path / ".clean.old"
    retired.mkdir()
    (retired / "kept").write_text("x")
    with pytest.raises(RuntimeError), replacing_directory(tmp_path / "clean"):
        raise RuntimeError
    assert [item.name for item in (tmp_path / "clean").iterdir()] == ["kept"]


def test_equal_frames_give_equal_bytes_however_they_are_chunked(tmp_path: Path) -> None:
    """Parquet bytes depend on the values alone, not on how the frame was put together."""
    whole = pl.DataFrame({"a": range(1000), "b": ["x", "y"] * 500})
    parts = pl.concat([whole[:300], whole[300:]], rechunk=False)
    write_parquet(tmp_path / "whole.parquet", whole)
    write_parquet(tmp_path / "parts.parquet", parts)
    assert compute_digest(tmp_path / "whole.parquet") == compute_digest(tmp_path / "parts.parquet")


@pytest.mark.parametrize(("content", "fix"), [(None, "run `make`"), ("{", "run `make` again")])
def test_a_json_file_that_cannot_be_read_says_what_to_run(tmp_path: Path, content: str | None, fix: str) -> None:
    """A missing and a broken JSON file each end in an instruction."""
    path = tmp_path / "verdict.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(MergelineError) as error:
        read_json(path)
    assert fix in error.value.fix
