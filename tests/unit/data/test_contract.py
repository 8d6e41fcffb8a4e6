"""From pandera's failure cases to findings with a line, a value and what to do."""

import pandera.polars as pa
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergeline.data.contract import check_contract, find_failures
from mergeline.data.findings import DataError, Finding
from mergeline.data.tables import Cells
from mergeline.vocabulary import Table


def late_only(data: pa.PolarsData) -> pl.LazyFrame:
    """Return where `end` is not before `start`."""
    return data.lazyframe.select(pl.col("end") >= pl.col("start"))


SCHEMA = pa.DataFrameSchema(
    {
        "id": pa.Column(pl.String, nullable=False),
        "start": pa.Column(pl.Int32, pa.Check.in_range(0, 23, error="is between 0 and 23"), nullable=True),
        "end": pa.Column(pl.Int32, pa.Check(late_only, error="is not before start"), nullable=True),
        "share": pa.Column(pl.Float64, pa.Check.le(1, error="is at most 1"), nullable=True),
    },
    unique=["id"],
    strict=True,
    ordered=True,
)
TABLE = Table("things", "things/{batch}.csv", SCHEMA, null_values=("NA",))


def make(*rows: tuple[object, ...]) -> pl.DataFrame:
    """Return typed rows."""
    return pl.DataFrame(
        list(rows), schema={name: column.dtype.type for name, column in SCHEMA.columns.items()}, orient="row"
    )


def make_cells(frame: pl.DataFrame) -> Cells:
    """Return typed rows as the text they came from."""
    return Cells("data/things/b1.csv", frame.select(pl.all().cast(pl.String).fill_null("NA")))


def check(frame: pl.DataFrame) -> list[Finding]:
    """Return the findings of a frame."""
    return check_contract(frame, make_cells(frame), TABLE, "b1")


def test_rows_that_keep_every_rule_yield_nothing() -> None:
    """Nulls where they are allowed are no failure."""
    assert check(make(("a", 1, 2, 0.5), ("b", None, None, None))) == []


def test_a_broken_rule_has_line_column_value_and_the_line_to_write() -> None:
    """The fix is a line of corrections.csv for exactly this cell, up to the reason."""
    (finding,) = check(make(("a", 1, 2, 0.5), ("b", 24, 25, 0.5)))
    assert (finding.file, finding.line, finding.column, finding.value, finding.rule) == (
        "data/things/b1.csv", 3, "start", "24", "is between 0 and 23",
    )  # fmt: skip
    assert finding.correction == "things,b1,id=b,start,24,NA,REASON"
    assert "src/usecase/corrections.csv" in finding.fix
    assert finding.correction in str(DataError([finding]))


def test_no_empty_cell_is_proposed_where_none_may_be() -> None:
    """A correction that breaks the next rule is no help: the true value has to be found."""
    findings = check(make((None, 1, 2, 0.5), ("b", None, 1, 3.5)))
    assert [finding.correction for finding in findings if finding.column == "id"] == [
        "things,b1,id=NA,id,NA,VALUE,REASON"
    ]
    assert [finding.correction for finding in findings if finding.column == "share"] == [
        "things,b1,id=b,share,3.5,NA,REASON"
    ]


def test_all_broken_rules_are_found_at_once() -> None:
    """The first failure does not hide the others."""
    found = {(item.line, item.column, item.rule) for item in check(make((None, 30, 1, 2.0), ("b", 1, 0, 0.0)))}
    assert found == {
        (2, "id", "is not empty"),
        (2, "start", "is between 0 and 23"),
        (2, "end", "is not before start"),
        (2, "share", "is at most 1"),
        (3, "end", "is not before start"),
    }


def test_rows_with_one_key_are_both_named() -> None:
    """Which of the two is wrong, the reader decides."""
    findings = check(make(("a", 1, 2, 0.5), ("b", 1, 2, 0.5), ("a", 3, 4, 0.1)))
    assert [(item.line, item.value, item.rule) for item in findings] == [
        (2, "id=a", "id together occur once"),
        (4, "id=a", "id together occur once"),
    ]
    assert "remove the repeated row" in findings[0].fix


def test_nan_counts_as_no_value() -> None:
    """polars sorts NaN above all numbers: judged as one, it would break an upper limit and keep a lower one."""
    assert check(make(("a", 1, 2, float("nan")))) == []


@pytest.mark.parametrize(
    ("frame", "column", "value"),
    [
        (make(("a", 1, 2, 0.5)).drop("share"), None, "share"),
        (make(("a", 1, 2, 0.5)).with_columns(more=1), None, "more"),
        (make(("a", 1, 2, 0.5)).cast({"start": pl.Int64}), "start", "Int64"),
        (make(("a", 1, 2, 0.5)).select("start", "id", "end", "share"), None, "start"),
    ],
    ids=["missing", "unknown", "type", "order"],
)
def test_a_frame_of_another_shape_fails(frame: pl.DataFrame, column: str | None, value: str) -> None:
    """Missing, unknown, moved and mistyped columns are failures of the frame, not of a row."""
    failures = find_failures(frame, SCHEMA)
    assert (column, value, ()) in [(item.column, item.value, item.rows) for item in failures]


def test_a_rule_that_cannot_be_computed_is_a_failure() -> None:
    """A mistake in a rule never passes for data that keep it."""
    broken = pa.DataFrameSchema({"a": pa.Column(int, pa.Check(lambda data: 1 / 0, error="is odd"))})
    (failure,) = find_failures(pl.DataFrame({"a": [1]}), broken)
    assert (failure.column, failure.rule, failure.rows) == ("a", "is odd", ())
    assert "division by zero" in str(failure.value)


def test_ten_rows_are_shown_per_rule_and_the_rest_counted() -> None:
    """A column that is wrong throughout does not flood the error; the report lists a hundred."""
    findings = check(make(*((str(row), 99, 100, 0.5) for row in range(300))))
    assert len(findings) == 100
    assert findings[-1].more == 200
    text = str(DataError(findings, report="validation.md"))
    assert text.count("    line ") == 10
    assert "300 rows break the rule \"'start' is between 0 and 23\"" in text
    assert "… and 290 more" in text
    assert "all findings: validation.md" in text


@given(st.lists(st.one_of(st.none(), st.integers(-5, 30)), min_size=1, max_size=40))
def test_exactly_the_rows_outside_the_range_are_found(starts: list[int | None]) -> None:
    """No row outside is missed, no row inside and no null is named."""
    frame = make(*((str(row), start, 99, 0.5) for row, start in enumerate(starts)))
    wrong = [row + 2 for row, start in enumerate(starts) if start is not None and not 0 <= start <= 23]
    assert [finding.line for finding in check(frame)] == wrong
