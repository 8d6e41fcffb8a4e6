"""Tests of reading the log: nothing that can be read is lost, nothing that cannot goes uncounted."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from mergeline.errors import MergelineError
from mergeline.monitoring import log_lines
from mergeline.monitoring.log_lines import LogState, read_log
from unit.monitoring.world import KINDS, NOW, find_breaches, write_log


def read_all(folder: Path) -> tuple[pl.DataFrame, LogState]:
    """Return all rows and the counts."""
    state = LogState()
    frames = [frame for frame, _ in read_log(folder, KINDS, state)]
    return (pl.concat(frames) if frames else pl.DataFrame()), state


@pytest.mark.parametrize("size", [200, 1000, 10**6])
def test_chunks_of_any_size_give_the_same_rows(
    size: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, present: pl.DataFrame
) -> None:
    """Where a chunk ends never splits or doubles a row."""
    write_log(tmp_path, present[:500], "d")
    monkeypatch.setattr(log_lines, "CHUNK_BYTES", size)
    rows, state = read_all(tmp_path)
    assert rows["row_id"].to_list() == present["row_id"][:500].to_list()
    assert rows["inputs"].struct.field("gust").to_list() == present["gust"][:500].to_list()
    assert (state.lines, state.unreadable, state.torn) == (500, 0, 0)


def test_a_torn_last_line_is_counted_and_the_rest_read(tmp_path: Path, present: pl.DataFrame) -> None:
    """A file that ends in half a line, as a killed writer leaves it, loses that line alone."""
    path = write_log(tmp_path, present[:20], "d")
    path.write_bytes(path.read_bytes()[:-50])
    rows, state = read_all(tmp_path)
    assert len(rows) == 19
    assert (state.torn, state.unreadable) == (1, 0)


def test_a_whole_last_line_without_its_end_is_read(tmp_path: Path, present: pl.DataFrame) -> None:
    """Only the newline is missing: nothing is lost."""
    path = write_log(tmp_path, present[:20], "d")
    path.write_bytes(path.read_bytes().rstrip())
    rows, state = read_all(tmp_path)
    assert (len(rows), state.torn) == (20, 0)


@pytest.mark.parametrize(
    "damaged",
    [b"garbage", b'{"at": 1', b"[1]", b'{"at":"x","digest":"d","score":0.5,"shadow":false,"inputs":{}}', b"\xff"],
)
def test_a_damaged_line_is_counted_and_its_neighbours_read(
    damaged: bytes, tmp_path: Path, present: pl.DataFrame
) -> None:
    """A line that is no row is told with its file."""
    path = write_log(tmp_path, present[:20], "d")
    lines = path.read_bytes().splitlines()
    path.write_bytes(b"\n".join([*lines[:7], damaged, *lines[7:], b""]))
    rows, state = read_all(tmp_path)
    assert len(rows) == 20
    assert (state.unreadable, state.first_unreadable) == (1, path.name)


def test_text_where_a_number_belongs_is_unreadable(tmp_path: Path, present: pl.DataFrame) -> None:
    """It does not become a missing value without a word."""

    def edit(line: dict[str, Any]) -> None:
        if line["row_id"].endswith("/3"):
            line["inputs"]["wind"] = "strong"

    write_log(tmp_path, present[:20], "d", edit)
    rows, state = read_all(tmp_path)
    assert (len(rows), state.unreadable) == (19, 1)


def test_inputs_that_no_bundle_knows_are_passed_over(tmp_path: Path, present: pl.DataFrame) -> None:
    """A newer variant may log more."""
    write_log(tmp_path, present[:5], "d", lambda line: line["inputs"].update(new=1))
    rows, _ = read_all(tmp_path)
    assert rows["inputs"].struct.fields == list(KINDS)


def test_a_missing_folder_says_what_to_give(tmp_path: Path) -> None:
    """No log is no quiet log."""
    with pytest.raises(MergelineError) as caught:
        read_all(tmp_path / "none")
    assert "--log" in caught.value.fix


def test_many_unreadable_lines_are_an_alarm(
    monitor: Callable[..., dict[str, Any]], tmp_path: Path, present: pl.DataFrame, digest: str
) -> None:
    """A damaged log is a broken contract; a torn last line is not."""
    path = write_log(tmp_path / "log", present, digest)
    content = path.read_text()
    path.write_text(content + json.dumps({"at": "half"})[:5])
    assert find_breaches(monitor(now=NOW)) == set()
    path.write_text(content + "what is this\n" * 100)
    assert [alarm["name"] for alarm in monitor(now=NOW)["alarms"]] == ["log"]
