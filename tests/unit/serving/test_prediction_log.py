"""Tests of the prediction log: it loses nothing on a stop, never blocks, bounds its disk and survives a full one."""

import errno
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mergeline.serving.log_files import LogFiles
from mergeline.serving.measures import Measures
from mergeline.serving.prediction_log import Line, PredictionLog
from unit.serving.bundles import read_log

MEGABYTE = 2**20


def make_line(number: int = 0) -> Line:
    """Return a line with that number for its id."""
    return Line(str(number), time.time(), None, None, "champion", "d" * 64, False, {"distance": 1.5}, 0.25, 0.1, ("x",))


def make_log(folder: Path, **kinds: Any) -> PredictionLog:
    """Return a started log in `folder`."""
    log = PredictionLog(LogFiles(folder, 64 * MEGABYTE), Measures(), **kinds)
    log.start()
    return log


def count(log: PredictionLog, name: str, **labels: str) -> float:
    """Return a figure of the log."""
    return log._measures.registry.get_sample_value(name, labels) or 0.0


def wait_for(what: Any, seconds: float = 10.0) -> None:
    """Wait until `what()` is true."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


def test_a_stop_writes_every_line_that_was_put(tmp_path: Path) -> None:
    """What was queued when the stop came is in the file, in order, in the documented form."""
    log = make_log(tmp_path)
    for number in range(3000):
        log.put([make_line(number)])
    log.stop()
    lines = read_log(tmp_path)
    assert [line["id"] for line in lines] == [str(number) for number in range(3000)]
    assert list(lines[0]) == [
        "id", "at", "key", "row_id", "variant", "digest", "shadow", "inputs", "score", "ms", "breaches",
    ]  # fmt: skip
    at = datetime.strptime(lines[0]["at"], "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)
    assert abs(at.timestamp() - time.time()) < 60
    assert count(log, "mergeline_log_rows_total") == 3000


def test_a_full_queue_drops_and_counts_without_waiting(tmp_path: Path) -> None:
    """A log that cannot keep up costs lines, never time, and says how many."""
    log = PredictionLog(LogFiles(tmp_path, MEGABYTE), Measures(), limit=10)
    started = time.perf_counter()
    for number in range(25):
        log.put([make_line(number)])
    assert time.perf_counter() - started < 1
    assert count(log, "mergeline_log_dropped_rows_total", reason="queue") == 15
    log.start()
    log.stop()
    assert len(read_log(tmp_path)) == 10


def test_a_full_disk_is_counted_and_the_lines_come_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the disk is full nothing is raised and the queue keeps the lines; a half-written line is gone."""
    full, real = [True], os.write

    def write(handle: int, content: bytes) -> int:
        if full[0] and content.startswith(b'{"id"'):
            real(handle, content[:7])
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(handle, content)

    monkeypatch.setattr(os, "write", write)
    log = make_log(tmp_path)
    log.put([make_line(1)])
    wait_for(lambda: count(log, "mergeline_log_failing") == 1)
    log.put([make_line(2)])
    full[0] = False
    log.stop()
    assert [line["id"] for line in read_log(tmp_path)] == ["1", "2"]
    assert count(log, "mergeline_log_failing") == 0


@pytest.mark.parametrize(("limit", "lost"), [(50_000, 0), (100, 1000)])
def test_a_file_size_limit_of_the_system_is_survived(tmp_path: Path, limit: int, lost: int) -> None:
    """The kernel refuses to write on: whole lines go to the next file; if none fits, all are counted as lost."""
    code = (
        "import resource, sys; from pathlib import Path\n"
        "sys.path[:0] = sys.argv[3:]\n"
        "from unit.serving.test_prediction_log import count, make_line, make_log\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]),) * 2)\n"
        "log = make_log(Path(sys.argv[1]))\n"
        "for number in range(1000): log.put([make_line(number)])\n"
        "log.stop()\n"
        "print(int(count(log, 'mergeline_log_dropped_rows_total', reason='stop')))\n"
    )
    tests = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", code, str(tmp_path), str(limit), str(tests), str(tests.parent / "src")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert int(done.stdout) == lost
    assert {line["id"] for line in read_log(tmp_path)} == {str(number) for number in range(1000 - lost)}
    assert (f"the log lost {lost} predictions" in done.stderr) == bool(lost)


def test_the_disk_is_bounded_and_the_oldest_go_first(tmp_path: Path) -> None:
    """However much is written, the folder stays within the limit and holds the newest lines."""
    measures = Measures()
    log = PredictionLog(LogFiles(tmp_path, 40_000, file_bytes=10_000), measures, limit=10**6)
    for number in range(3000):
        log.put([make_line(number)])
    log.start()
    log.stop()
    # A chunk of lines is written whole, so a file may end one chunk beyond its limit.
    sizes = sum(path.stat().st_size for path in tmp_path.iterdir())
    assert sizes < 40_000 + 500 * 250
    assert read_log(tmp_path)[-1]["id"] == "2999"
    assert count(log, "mergeline_log_removed_files_total") > 0


def test_a_clock_that_jumps_back_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """File names stay apart and old files whole when the wall clock goes back a day, or stands still."""
    clock = [time.time()]
    monkeypatch.setattr(time, "gmtime", lambda *_: time.struct_time(datetime.fromtimestamp(clock[0], UTC).timetuple()))
    files = LogFiles(tmp_path, MEGABYTE, file_bytes=1)
    for number, jump in enumerate((0, -86_400, 0, 86_400, 0)):
        clock[0] += jump
        files.write(b'{"id": "%d"}\n' % number)
    files.close()
    assert len(list(tmp_path.iterdir())) == 5
    assert {line["id"] for line in read_log(tmp_path)} == set("01234")


def test_files_turn_over_by_age(tmp_path: Path) -> None:
    """A quiet service closes its file too, so that whoever collects the log gets it."""
    files = LogFiles(tmp_path, MEGABYTE, file_seconds=0.0)
    for _ in range(2):
        files.write(b"{}\n")
        time.sleep(0.01)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_folder_that_is_taken_away_is_made_again(tmp_path: Path) -> None:
    """Somebody empties the log's folder: the next lines go to a new file that can be found."""
    folder = tmp_path / "log"
    files = LogFiles(folder, MEGABYTE)
    files.write(b'{"id": "1"}\n')
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    files.write(b'{"id": "2"}\n')
    assert [line["id"] for line in read_log(folder)] == ["2"]
