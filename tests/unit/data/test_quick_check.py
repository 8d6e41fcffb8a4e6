"""The one query that passes good data agrees with pandera about every frame, or leaves it to pandera."""

import subprocess
import sys
from pathlib import Path

import pandera.polars as pa
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandera.errors import SchemaError, SchemaErrors

from mergeline.data.quick_check import keeps_schema


def whole_row(expression: pl.Expr, *, ignore_na: bool) -> pa.Check:
    """Return a check of an expression over the row."""
    return pa.Check(lambda data: data.lazyframe.select(expression), ignore_na=ignore_na)


SCHEMA = pa.DataFrameSchema(
    {
        "id": pa.Column(pl.Int32, unique=True),
        "code": pa.Column(pl.String, [pa.Check.isin(["a", "b"]), pa.Check.str_matches("^[a-z]$")], nullable=True),
        "low": pa.Column(pl.Int32, pa.Check.in_range(0, 5), nullable=True),
        "high": pa.Column(
            pl.Int32,
            [
                whole_row(pl.col("high") >= pl.col("low"), ignore_na=True),
                whole_row(
                    pl.when(pl.col("low").is_null()).then(pl.lit(True)).otherwise(pl.col("high") > 0), ignore_na=False
                ),
                pa.Check(lambda value: value != 4, element_wise=True),
            ],
            nullable=True,
        ),
    },
    checks=[whole_row(pl.col("id") + pl.col("high") < 12, ignore_na=True), pa.Check(lambda data: True)],
    unique=["code", "low"],
    strict=True,
    ordered=True,
)
TYPES = {name: column.dtype.type for name, column in SCHEMA.columns.items()}
GOOD = pl.DataFrame([(1, "a", 0, 3), (2, "b", 0, 5), (3, None, None, None)], schema=TYPES, orient="row")


def passes_pandera(frame: pl.DataFrame) -> bool:
    """Return what pandera itself says."""
    try:
        SCHEMA.validate(frame, lazy=True)
    except (SchemaError, SchemaErrors):
        return False
    return True


cells = st.one_of(st.none(), st.integers(-1, 8))
edits = st.one_of(
    st.tuples(st.just("code"), st.integers(0, 2), st.sampled_from(["a", "b", "c", "", None])),
    st.tuples(st.sampled_from(["id", "low", "high"]), st.integers(0, 2), cells),
)


@given(st.lists(edits, max_size=3))
def test_it_says_of_every_frame_what_pandera_says(edits: list[tuple[str, int, int | str | None]]) -> None:
    """Ranges, sets, patterns, whole-row rules with and without nulls, both kinds of uniqueness: up to three faults."""
    rows = GOOD.rows(named=True)
    for column, row, value in edits:
        rows[row][column] = value
    frame = pl.DataFrame(rows, schema=TYPES)
    assert keeps_schema(frame, SCHEMA) is passes_pandera(frame)


def test_a_good_frame_needs_no_pandera() -> None:
    """Else the query would be a cost and no gain."""
    assert keeps_schema(GOOD, SCHEMA)
    assert passes_pandera(GOOD)


@pytest.mark.parametrize(
    "frame",
    [
        GOOD.drop("high"),
        GOOD.with_columns(more=1),
        GOOD.select("code", "id", "low", "high"),
        GOOD.cast({"low": pl.Int64}),
        GOOD.head(1).with_columns(low=pl.lit(9, pl.Int32), high=pl.lit(9, pl.Int32)),
        GOOD.head(1).with_columns(id=pl.lit(None, pl.Int32)),
        GOOD.head(1).with_columns(high=pl.lit(None, pl.Int32)),
        GOOD.with_columns(id=pl.lit(1, pl.Int32)),
        GOOD.with_columns(code=pl.lit("a")),
    ],
    ids=["missing", "unknown", "order", "type", "range", "null", "null outcome", "repeated value", "repeated key"],
)
def test_a_fault_is_never_passed(frame: pl.DataFrame) -> None:
    """Shape and values alike."""
    assert not keeps_schema(frame, SCHEMA)


@pytest.mark.parametrize(
    "schema",
    [
        pa.DataFrameSchema({"^i.*$": pa.Column(pl.Int32, regex=True)}),
        pa.DataFrameSchema({"id": pa.Column(pl.Int32), "no": pa.Column(pl.Int32, required=False)}),
        pa.DataFrameSchema({"id": pa.Column(pl.Int64, coerce=True)}),
        pa.DataFrameSchema({"id": pa.Column(pl.Int32, pa.Check(lambda data: 1 / 0))}),
    ],
    ids=["pattern", "optional", "coerced", "raises"],
)
def test_what_is_not_understood_is_left_to_pandera(schema: pa.DataFrameSchema) -> None:
    """It answers no, and pandera decides."""
    assert not keeps_schema(GOOD.select("id"), schema)


def test_the_stage_really_takes_the_quick_way(repository: Path, clean_dir: Path) -> None:
    """pandera's checks know polars only if its polars checks were loaded before they were made."""
    code = (
        "import mergeline.stages.validate, polars as pl; from usecase.schema import TABLES;"
        "from mergeline.data.quick_check import keeps_schema; frame = pl.read_parquet(__import__('sys').argv[1]);"
        "print(keeps_schema(frame, next(t.schema for t in TABLES if t.name == 'airports')))"
    )
    command = [sys.executable, "-c", code, str(clean_dir / "airports.parquet")]
    environment = {"PYTHONPATH": str(repository / "src")}
    assert subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout == "True\n"
