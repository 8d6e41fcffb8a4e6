"""Reading a raw file: every cell or a named place, never a guess."""

import csv
import io
from pathlib import Path

import pandera.polars as pa
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergeline.data.findings import DataError, Finding
from mergeline.data.tables import read_cells, type_cells
from mergeline.errors import MergelineError
from mergeline.vocabulary import Table

COLUMNS = ["name", "count", "share", "seen"]
SCHEMA = pa.DataFrameSchema(
    {
        "name": pa.Column(pl.String, nullable=True),
        "count": pa.Column(pl.Int32, nullable=True),
        "share": pa.Column(pl.Float64, nullable=True),
        "seen": pa.Column(pl.Datetime("us", "UTC"), nullable=True),
    },
    unique=["name"],
)
TABLE = Table("things", "things.csv", SCHEMA, null_values=("NA",))
HEADER = b"name,count,share,seen\n"
ROW = b"a,1,0.5,2013-02-12T08:00:00Z\n"


def write(folder: Path, content: bytes) -> Path:
    """Return a file with this content."""
    path = folder / "things.csv"
    path.write_bytes(content)
    return path


def read_findings(folder: Path, content: bytes) -> list[Finding]:
    """Return what is found wrong with a file of this content."""
    with pytest.raises(DataError) as caught:
        type_cells(read_cells(write(folder, content), COLUMNS), TABLE)
    return caught.value.findings


def test_every_cell_has_the_type_of_its_column(tmp_path: Path) -> None:
    """Text, numbers and UTC times are read as the schema says; NA is null, an empty text stays text."""
    cells = read_cells(write(tmp_path, HEADER + ROW + b",NA,NA,NA\n"), COLUMNS)
    frame = type_cells(cells, TABLE)
    assert dict(frame.schema) == {name: column.dtype.type for name, column in SCHEMA.columns.items()}
    assert frame.row(1) == ("", None, None, None)
    assert frame["seen"][0].isoformat() == "2013-02-12T08:00:00+00:00"


@pytest.mark.parametrize(
    ("content", "line", "value", "fix"),
    [
        (b"", None, "0 bytes", "make data"),
        (HEADER, None, "a header and no row", "procure.batches"),
        (HEADER + ROW + ROW[:-1], 3, ROW[:-1].decode(), "make data"),
        (HEADER + ROW + ROW[:9], 3, "a,1,0.5,2", "make data"),
        (HEADER + ROW + b"a,1,0.5\n" + ROW, 3, "3 fields: a,1,0.5", "correct the line"),
        (HEADER + ROW + b"a,1,0.5,NA,9\n", 3, "5 fields: a,1,0.5,NA,9", "correct the line"),
        (HEADER + b"a,1,0.5\n" + b"a,1,0.5,NA,9\n", 2, "3 fields: a,1,0.5", "correct the line"),
        (HEADER + ROW + b"\n", 3, "0 fields: ", "correct the line"),
        (HEADER + ROW + b'"a,1,0.5,NA\n' + ROW, 3, 'unexpected end of data: "a,1,0.5,NA', "correct the line"),
        (HEADER + ROW + b'"a"x,1,0.5,NA\n', 3, "',' expected after '\"': \"a\"x,1,0.5,NA", "correct the line"),
        (HEADER + ROW + b"a\rb,1,0.5,NA\n", 3, "new-line character seen in unquoted field", "correct the line"),
        (HEADER + ROW + b"\xff,1,0.5,NA\n", 3, "b'\\xff'", "make data"),
    ],
    ids=[
        "empty",
        "no row",
        "no last line end",
        "cut",
        "short",
        "long",
        "both",
        "blank",
        "quote",
        "after",
        "CR",
        "bytes",
    ],
)
def test_a_malformed_file_is_named_by_line(
    tmp_path: Path, content: bytes, line: int | None, value: str, fix: str
) -> None:
    """Whatever is wrong with a file as CSV, the error has its line, what is there and what to do."""
    first = read_findings(tmp_path, content)[0]
    assert (first.file, first.line) == ((tmp_path / "things.csv").as_posix(), line)
    assert value in str(first.value)
    assert fix in first.fix


def test_a_cell_of_the_wrong_type_is_named_by_line_and_column(tmp_path: Path) -> None:
    """Text in a number, a fraction in a whole number and an impossible date are told apart from missing values."""
    wrong = b"a,one,0.5,NA\nb,6.0,x,NA\nc,1,NA,2013-02-30T08:00:00Z\nd,3000000000,0,2013-02-12\n"
    found = {(item.line, item.column, item.value) for item in read_findings(tmp_path, HEADER + ROW + wrong)}
    assert found == {
        (3, "count", "one"),
        (4, "count", "6.0"),
        (4, "share", "x"),
        (5, "seen", "2013-02-30T08:00:00Z"),
        (6, "count", "3000000000"),
        (6, "seen", "2013-02-12"),
    }


@pytest.mark.parametrize("text", ["NaN", "nan", "inf", "-inf", "1e999"])
def test_nan_and_infinity_are_not_numbers(tmp_path: Path, text: str) -> None:
    """NaN would pass for a number or for a missing value; here it is neither."""
    finding = read_findings(tmp_path, HEADER + ROW + f"b,1,{text},NA\n".encode())[0]
    assert (finding.line, finding.column, finding.value) == (3, "share", text)
    assert finding.rule == "is a finite number"
    assert "corrections.csv" in finding.fix


def test_many_wrong_cells_are_counted_not_listed(tmp_path: Path) -> None:
    """A column that is wrong throughout yields a hundred places and the count of the rest."""
    findings = read_findings(tmp_path, HEADER + b"a,x,NA,NA\n" * 250)
    assert len(findings) == 100
    assert findings[-1].more == 150
    assert "… and 240 more" in str(DataError(findings))


@pytest.mark.parametrize(
    ("header", "column", "value"),
    [
        (b"name,count,shares,seen\n", "share", "'shares' as column 3; missing: share; unknown: 'shares'"),
        (b"name,share,count,seen\n", "count", "'share' as column 2"),
        (b"name,count,share\n", "seen", "only 3 columns; missing: seen"),
        (b"name,count,share,seen,more\n", None, "'more' as column 5; unknown: 'more'"),
        (b"\xef\xbb\xbfname,count,share,seen\n", "name", "'\ufeffname' as column 1"),
        (b"name,name,share,seen\n", "count", "'name' as column 2; missing: count"),
    ],
)
def test_a_wrong_header_names_the_column_that_differs(
    tmp_path: Path, header: bytes, column: str | None, value: str
) -> None:
    """A renamed, moved, missing or added column stops the file at its header, the first difference named."""
    finding = read_findings(tmp_path, header + ROW)[0]
    assert (finding.line, finding.column) == (1, column)
    assert str(finding.value).startswith(value)
    assert "src/usecase/schema.py" in finding.fix


def test_windows_line_ends_and_quotes_read_the_same(tmp_path: Path) -> None:
    """Neither changes a cell; a line end inside quotes moves the lines after it, which are named rightly."""
    plain = read_cells(write(tmp_path, HEADER + ROW), COLUMNS).frame
    assert read_cells(write(tmp_path, (HEADER + ROW).replace(b"\n", b"\r\n")), COLUMNS).frame.equals(plain)
    quoted = read_cells(write(tmp_path, HEADER + b'"x,\ny",1,NA,NA\n' + ROW), COLUMNS)
    assert quoted.frame["name"].to_list() == ["x,\ny", "a"]
    assert [quoted.line(0), quoted.line(1)] == [2, 4]


def test_a_type_that_text_is_not_read_as_is_refused(tmp_path: Path) -> None:
    """A schema with such a type is the user's to change, and says which types there are."""
    table = Table("things", "", pa.DataFrameSchema({"name": pa.Column(pl.List(pl.Int8))}))
    with pytest.raises(MergelineError, match=r"column 'name' has type List") as caught:
        type_cells(read_cells(write(tmp_path, b"name\na\n"), ["name"]), table)
    assert "pl.Date" in caught.value.fix


cell = st.text(st.sampled_from('ab1 .;"\r\n,é'), max_size=4)
plain_cell = st.text(st.sampled_from("ab1 .;é"), max_size=4)


@given(st.lists(st.lists(plain_cell, min_size=1, max_size=5), min_size=1, max_size=30))
def test_a_file_is_read_exactly_when_every_line_has_every_field(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    """The count of commas finds the same files malformed, and the same lines, as counting fields line by line."""
    content = HEADER.decode() + "".join(",".join(row) + "\n" for row in rows)
    path = write(tmp_path_factory.mktemp("t"), content.encode())
    wrong = [number for number, row in enumerate(rows, 2) if len(row) != len(COLUMNS)]
    if wrong:
        with pytest.raises(DataError) as caught:
            read_cells(path, COLUMNS)
        assert [finding.line for finding in caught.value.findings] == wrong
    else:
        assert read_cells(path, COLUMNS).frame.rows() == [tuple(row) for row in rows]


@given(st.lists(st.lists(cell, min_size=4, max_size=4), min_size=1, max_size=20))
def test_what_a_csv_writer_wrote_comes_back(tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]) -> None:
    """Quotes, commas and line ends inside fields survive."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL).writerows([COLUMNS, *rows])
    path = write(tmp_path_factory.mktemp("t"), text.getvalue().encode())
    assert read_cells(path, COLUMNS).frame.rows() == [tuple(row) for row in rows]
