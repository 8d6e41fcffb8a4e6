"""Corrections: one reviewed line mends one cell, or is refused."""

from pathlib import Path

import pandera.polars as pa
import polars as pl
import pytest

from mergeline.data.corrections import COLUMNS, apply_corrections, read_corrections
from mergeline.data.findings import DataError
from mergeline.data.tables import Cells
from mergeline.errors import MergelineError
from mergeline.vocabulary import Correction, Table

SCHEMA = pa.DataFrameSchema({"id": pa.Column(pl.String), "speed": pa.Column(pl.Float64, nullable=True)}, unique=["id"])
TABLE = Table("winds", "winds/{batch}.csv", SCHEMA, null_values=("NA",))
HEADER = ",".join(COLUMNS)
LINE = "winds,b1,id=x,speed,1048.0,NA,too fast"
FILE = Path("corrections.csv")


def make_cells() -> Cells:
    """Return three rows as text."""
    return Cells("data/winds/b1.csv", pl.DataFrame({"id": ["w", "x", "y"], "speed": ["1", "1048.0", "2"]}))


def correct(**changes: object) -> Correction:
    """Return the correction of row x with some of its fields changed."""
    fields: dict[str, object] = {
        "table": "winds", "batch": "b1", "key": {"id": "x"}, "column": "speed", "raw": "1048.0", "corrected": "NA",
        "reason": "too fast", "line": 2,
    }  # fmt: skip
    return Correction(**{**fields, **changes})  # type: ignore[arg-type]


def test_a_correction_changes_one_cell_and_nothing_else() -> None:
    """The cell holds the corrected text, its line is reported, and the cells given are as they were."""
    cells = make_cells()
    corrected, applied = apply_corrections(cells, TABLE, "b1", [correct()], FILE)
    assert corrected.frame.rows() == [("w", "1"), ("x", "NA"), ("y", "2")]
    assert cells.frame.rows() == make_cells().frame.rows()
    assert applied == [(3, correct())]


@pytest.mark.parametrize("other", [{"table": "waves"}, {"batch": "b2"}])
def test_corrections_of_other_files_are_passed_over(other: dict[str, object]) -> None:
    """A correction touches only the file it names."""
    corrected, applied = apply_corrections(make_cells(), TABLE, "b1", [correct(**other)], FILE)
    assert corrected.frame.equals(make_cells().frame)
    assert not applied


@pytest.mark.parametrize(
    ("change", "value", "rule"),
    [
        ({"key": {"id": "z"}}, "0 rows", "hits one row"),
        ({"key": {"speed": "1048.0", "id": "y"}}, "0 rows", "hits one row"),
        ({"raw": "1048"}, "'1048'", "'1048.0'"),
        ({"raw": ""}, "''", "'1048.0'"),
    ],
)
def test_a_correction_that_does_not_fit_is_refused(change: dict[str, object], value: str, rule: str) -> None:
    """A key without its row, or another raw text, means that the data changed since the review."""
    with pytest.raises(DataError) as caught:
        apply_corrections(make_cells(), TABLE, "b1", [correct(**change)], FILE)
    finding = caught.value.findings[0]
    assert (finding.file, finding.line, finding.value) == ("corrections.csv", 2, value)
    assert rule in finding.rule
    assert "correct or remove line 2" in finding.fix


def test_a_key_that_hits_two_rows_is_refused() -> None:
    """Which of the two was meant is not guessed."""
    cells = Cells("f", pl.DataFrame({"id": ["x", "x"], "speed": ["1048.0", "1048.0"]}))
    with pytest.raises(DataError, match="2 rows"):
        apply_corrections(cells, TABLE, "b1", [correct()], FILE)


@pytest.mark.parametrize(
    ("lines", "what", "line", "fix"),
    [
        (["table,batch"], "the header is table,batch", 1, HEADER),
        ([HEADER, "winds,b1,id=x"], "3 fields", 2, "write 7 fields"),
        ([HEADER, LINE.replace("winds", "wind")], "'wind' is no table", 2, "write one of: winds"),
        ([HEADER, LINE.replace("id=x", "x")], "the key is 'x'", 2, "column=text"),
        ([HEADER, LINE.replace("id=", "ids=")], "'ids' is no column", 2, "write one of: id, speed"),
        ([HEADER, LINE.replace("speed", "sped")], "'sped' is no column", 2, "write one of: id, speed"),
        ([HEADER, LINE.replace("too fast", " ")], "no reason is given", 2, "how you know"),
        ([HEADER, LINE.replace("too fast", "REASON")], "no reason is given", 2, "how you know"),
        ([HEADER, LINE, LINE], "corrects the same cell as line 2", 3, "keep one"),
    ],
)
def test_a_line_that_is_no_correction_is_named(
    tmp_path: Path, lines: list[str], what: str, line: int, fix: str
) -> None:
    """Every fault of the file itself has its line and what to write."""
    path = tmp_path / "corrections.csv"
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(MergelineError) as caught:
        read_corrections(path, [TABLE])
    assert what in caught.value.what
    assert caught.value.where.endswith(f"corrections.csv, line {line}")
    assert fix in caught.value.fix


def test_a_missing_file_says_how_to_start_one(tmp_path: Path) -> None:
    """The header to write is in the fix."""
    with pytest.raises(MergelineError) as caught:
        read_corrections(tmp_path / "none.csv", [TABLE])
    assert HEADER in caught.value.fix


def test_corrections_are_read_in_the_words_of_the_raw_file(tmp_path: Path) -> None:
    """Commas in quoted reasons, several key columns and `=` in a text are kept."""
    path = tmp_path / "corrections.csv"
    path.write_text(f'{HEADER}\nwinds,b1,id=a=b;speed=1,speed,1,2,"seen, read"\n')
    assert read_corrections(path, [TABLE]) == [
        Correction("winds", "b1", {"id": "a=b", "speed": "1"}, "speed", "1", "2", "seen, read", 2)
    ]
