"""What counts as one state, and when a stamp is believed."""

import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mergeline.errors import MergelineError
from mergeline.tracking.state import Stamp, compute_content, compute_state, holds_run, read_stamp, write_stamp

NAMES = st.text("abc/._", min_size=1, max_size=6)
OUTS = st.dictionaries(NAMES, st.text("0123456789abcdef", min_size=1, max_size=8), min_size=1, max_size=4)
PARAMS = {"train": {"random_state": 13}}


def make_stages(outs: dict[str, str], cmd: str = "python") -> dict:
    """Return the stages of a `dvc.lock` with these outputs."""
    return {"train": {"cmd": cmd, "outs": [{"path": path, "md5": md5} for path, md5 in outs.items()]}}


@settings(deadline=None)
@given(OUTS)
def test_a_state_knows_nothing_of_order_or_of_how_outputs_were_made(outs: dict[str, str]) -> None:
    """The same outputs in another order, made by another command, are the same state."""
    reordered = dict(reversed(outs.items()))
    assert compute_state(make_stages(outs), PARAMS, None) == compute_state(make_stages(reordered, "uv"), PARAMS, None)


@settings(deadline=None)
@given(OUTS, NAMES)
def test_another_output_parameter_or_verdict_is_another_state(outs: dict[str, str], name: str) -> None:
    """Each of the three parts of a state tells it from another."""
    state = compute_state(make_stages(outs), PARAMS, {"verdict": "hold"})
    assert state != compute_state(make_stages({**outs, name: "changed"}), PARAMS, {"verdict": "hold"})
    assert state != compute_state(make_stages(outs), {"train": {"random_state": 14}}, {"verdict": "hold"})
    assert state != compute_state(make_stages(outs), PARAMS, {"verdict": "promote"})
    assert state != compute_state(make_stages(outs), PARAMS, None)


def test_without_a_lock_there_is_nothing_to_log(tmp_path: Path) -> None:
    """A clone in which nothing ran is told to run `make`."""
    with pytest.raises(MergelineError, match="pipeline has not run") as raised:
        compute_content(tmp_path)
    assert "run `make`" in raised.value.fix


def test_content_changes_with_each_file_it_is_read_from(tmp_path: Path) -> None:
    """An edit of dvc.lock, params.yaml or the verdict is noticed, also if text moves from one file to the next."""
    (tmp_path / "reports").mkdir()
    seen = set()
    for lock, params, verdict in (("a", "b", "c"), ("ab", "", "c"), ("a", "b", "d"), ("a", "bc", "")):
        (tmp_path / "dvc.lock").write_text(lock)
        (tmp_path / "params.yaml").write_text(params)
        (tmp_path / "reports/verdict.json").write_text(verdict)
        seen.add(compute_content(tmp_path))
    assert len(seen) == 4


@pytest.fixture
def stamped(tmp_path: Path) -> Stamp:
    """Return a stamp, written, whose run is finished in the store."""
    with sqlite3.connect(tmp_path / "mlflow.db") as connection:
        connection.execute("CREATE TABLE runs (run_uuid TEXT, status TEXT, lifecycle_stage TEXT)")
        connection.execute("INSERT INTO runs VALUES ('r1', 'FINISHED', 'active')")
    connection.close()
    stamp = Stamp("c1", f"sqlite:///{tmp_path / 'mlflow.db'}", "r1", committed=True)
    write_stamp(stamp, tmp_path)
    return stamp


def test_a_stamp_is_believed_while_content_store_and_run_are_the_same(stamped: Stamp, tmp_path: Path) -> None:
    """The stamp stands only for its content and its store."""
    assert read_stamp("c1", stamped.store, tmp_path) == stamped
    assert read_stamp("c2", stamped.store, tmp_path) is None
    assert read_stamp("c1", "http://127.0.0.1:5000", tmp_path) is None


@pytest.mark.parametrize("change", ["status = 'FAILED'", "lifecycle_stage = 'deleted'", "run_uuid = 'other'"])
def test_a_stamp_falls_with_its_run(stamped: Stamp, tmp_path: Path, change: str) -> None:
    """A run that failed, was deleted or is gone is not there."""
    with sqlite3.connect(tmp_path / "mlflow.db") as connection:
        connection.execute(f"UPDATE runs SET {change}")
    connection.close()
    assert read_stamp("c1", stamped.store, tmp_path) is None


def test_a_stamp_falls_with_its_store(stamped: Stamp, tmp_path: Path) -> None:
    """A store that was removed, or is no database, holds no run; looking for it makes no file."""
    (tmp_path / "mlflow.db").write_text("this is no database, and long enough to be taken for one by nobody")
    assert read_stamp("c1", stamped.store, tmp_path) is None
    (tmp_path / "mlflow.db").unlink()
    assert read_stamp("c1", stamped.store, tmp_path) is None
    assert not holds_run(tmp_path / "mlflow.db", "r1")
    assert not (tmp_path / "mlflow.db").exists()


@pytest.mark.parametrize("text", ["", "[]", "{", '{"content": "c1"}', '"c1"'])
def test_a_damaged_stamp_is_no_stamp(stamped: Stamp, tmp_path: Path, text: str) -> None:
    """A stamp that cannot be read costs a look into the store, nothing else."""
    (tmp_path / ".mergeline/tracked.json").write_text(text)
    assert read_stamp("c1", stamped.store, tmp_path) is None
