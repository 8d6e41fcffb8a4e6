"""The data report: says first what is notable, opens offline, escapes what the data hold, has the same bytes twice."""

import re
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandera.polars as pa
import polars as pl
import pytest

from mergeline.analysis.notable import find_notable
from mergeline.analysis.page import render_page
from mergeline.analysis.report import Report, build_report
from mergeline.analysis.tables import list_tables
from mergeline.errors import MergelineError
from mergeline.params import Analyse, load_params
from mergeline.report.figures import house_style
from mergeline.stages import analyse
from mergeline.vocabulary import Table

LIMITS = Analyse(min_rows=100, categories_limit=0.1, many_categories_limit=0.15, numbers_limit=0.1)
EVIL = "<script>alert(1)</script>"
BATCHES = ("2013-01", "2013-02", "2013-03")

sales = Table(
    name="sales",
    path="sales/{batch}.csv",
    schema=pa.DataFrameSchema(
        {
            "sold_at": pa.Column(pl.Datetime("us", "UTC")),
            "shop": pa.Column(pl.String),
            "price": pa.Column(pl.Float64, nullable=True),
            "items": pa.Column(pl.Int32),
            "returned": pa.Column(pl.Int32, nullable=True),
        }
    ),
    day=pl.col("sold_at").dt.date(),
    target=pl.col("returned") > 0,
)
shops = Table(
    name="shops",
    path="shops.csv",
    schema=pa.DataFrameSchema({"shop": pa.Column(pl.String), "note<i>": pa.Column(pl.String, nullable=True)}),
)


def make_sales(batch: str, n: int = 600) -> pl.DataFrame:
    """Return a batch; in the last one the shops changed and prices are often missing, one day has no row."""
    random = np.random.RandomState(int(batch[-2:]))
    first = datetime.fromisoformat(f"{batch}-01T00:00:00+00:00").replace(tzinfo=UTC)
    hours = random.permutation(28 * 24)[:n]
    late = batch == BATCHES[-1]
    frame = pl.DataFrame(
        {
            "sold_at": [first + timedelta(hours=int(hour)) for hour in hours],
            "shop": random.choice(["A", EVIL, "C"] if late else ["A", "B", "C"], n),
            "price": [None if late and row % 3 == 0 else float(row % 50) + 0.5 for row in range(n)],
            "items": random.randint(1, 9, n),
            "returned": [None, *(random.uniform(size=n - 1) < 0.3).astype(int).tolist()],
        },
        schema_overrides={"sold_at": pl.Datetime("us", "UTC"), "items": pl.Int32, "returned": pl.Int32},
    )
    return frame.filter(pl.col("sold_at").dt.date() != date(2013, 2, 10))


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory of clean tables."""
    folder = tmp_path_factory.mktemp("clean")
    (folder / "sales").mkdir()
    for batch in BATCHES:
        make_sales(batch).write_parquet(folder / "sales" / f"{batch}.parquet")
    pl.DataFrame({"shop": ["A", "B"], "note<i>": [None, EVIL]}).write_parquet(folder / "shops.parquet")
    return folder


@pytest.fixture(scope="module")
def report(clean: Path) -> Report:
    """Return what the report says of them."""
    return build_report(list_tables(clean, (shops, sales)), LIMITS)


class Page(HTMLParser):
    """Checks that tags are closed in order, and collects addresses and tags."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember what is open and where it points."""
        self.tags.add(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src", "xlink:href", "action")]
        if tag not in ("meta", "link", "br", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember where it points; there is nothing to close."""
        self.addresses += [value or "" for name, value in attrs if name in ("href", "src", "xlink:href", "action")]

    def handle_endtag(self, tag: str) -> None:
        """Close what was opened last, and nothing else."""
        assert self.open.pop() == tag


def test_notable_things_are_said_in_sentences(report: Report) -> None:
    """Target, shifted column, new category, missing day and risen gaps each have their sentence."""
    text = "\n".join(find_notable(report))
    assert re.search(r"% of the labels are positive, from .* in 2013-0\d to", text)
    assert "Shifted: sales.shop in 2013-03 lies" in text
    assert re.search(r"\d+ rows of 2013-03 have a sales\.shop no earlier batch held", text)
    assert re.search(r"sales has no row on \d+ days \(2013-01-29, ", text)
    assert "Emptier than before: sales.price in 2013-03, 33.3% of its cells" in text
    assert "Often empty in shops: note<i> 50%" in text


def test_days_without_rows_are_counted_between_first_and_last(report: Report) -> None:
    """A day in the middle without a row is told; so are those between the end of a batch and the next."""
    table = next(table for table in report.tables if table.name == "sales")
    assert date(2013, 2, 10) in table.days_without_rows
    assert date(2013, 1, 30) in table.days_without_rows
    assert date(2013, 1, 5) not in table.days_without_rows


def test_quiet_data_say_that_nothing_shifted(clean: Path) -> None:
    """Without a shifted column the one nearest to its limit is named."""
    wide = Analyse(min_rows=100, categories_limit=90, many_categories_limit=90, numbers_limit=90)
    assert "No column shifted. Nearest to its limit: sales." in "\n".join(
        find_notable(build_report(list_tables(clean, (sales,)), wide))
    )


def test_target_rates_are_those_of_labelled_rows(report: Report) -> None:
    """Rows without a label count neither way, per batch and per day."""
    assert report.target is not None
    rows = make_sales("2013-02").drop_nulls("returned")
    found = report.target.batches.filter(batch="2013-02").row(0, named=True)
    assert found == {"batch": "2013-02", "labelled": rows.height, "rate": pytest.approx(rows["returned"].mean())}
    assert report.target.days["labelled"].sum() == report.target.batches["labelled"].sum()


def test_page_is_whole_and_needs_nothing_else(clean: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Well-formed, below 2 MB, notable things first, no script, no address but its own sections, text escaped."""
    text = write_report(clean, tmp_path, monkeypatch)
    page = Page(text)
    assert "script" not in page.tags
    assert all(address.startswith("#") for address in page.addresses)
    assert not re.search(r"https?:|//[a-z]|@import|url\((?!#)", text)
    assert len(text) < 2_000_000
    assert text.index("What is notable") < text.index("<table>")
    assert "&lt;script&gt;alert(1)" in text
    assert "prefers-color-scheme: dark" in text
    pictures = {path.name for path in (tmp_path / "figures").iterdir()}
    assert {"target_rate.png", "rows.png", "distributions_sales.png", "missing_sales.png", "skew_sales.png"} <= pictures


def test_same_data_give_the_same_bytes(clean: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Page and pictures of two runs are equal."""
    runs = [tmp_path / "one", tmp_path / "two"]
    pages = [write_report(clean, folder, monkeypatch) for folder in runs]
    assert pages[0] == pages[1]
    for path in (runs[0] / "figures").iterdir():
        assert path.read_bytes() == (runs[1] / "figures" / path.name).read_bytes()


@pytest.mark.parametrize("n", [0, 1])
def test_tables_with_no_or_one_row_and_empty_columns_are_described(n: int, tmp_path: Path) -> None:
    """An empty table, and one row with empty cells, make a page and no error."""
    (tmp_path / "sales").mkdir()
    row = make_sales("2013-01").head(n).with_columns(price=pl.lit(None, pl.Float64), returned=pl.lit(None, pl.Int32))
    row.write_parquet(tmp_path / "sales" / "2013-01.parquet")
    report = build_report(list_tables(tmp_path, (sales,)), LIMITS)
    with house_style():
        for draw in analyse.list_drawings(report).values():
            draw()
    Page(render_page(report, {}))


def test_missing_table_is_an_error_with_a_fix(tmp_path: Path) -> None:
    """A table without a clean file stops the stage and names the command that writes it."""
    with pytest.raises(MergelineError, match="'sales' has no clean data") as caught:
        list_tables(tmp_path, (sales,))
    assert "dvc repro validate" in caught.value.fix


def test_stage_imports_neither_scikit_learn_nor_pandas_nor_mlflow(repository: Path) -> None:
    """The stage starts with what it needs and no more."""
    code = (
        "import runpy, sys\n"
        "sys.argv = ['analyse', '--help']\n"
        "try:\n    runpy.run_module('mergeline.stages.analyse', run_name='__main__')\n"
        "except SystemExit:\n    pass\n"
        "print([name for name in ('sklearn', 'pandas', 'mlflow', 'dvc') if name in sys.modules])"
    )
    environment = {"PYTHONPATH": str(repository / "src"), "PATH": ""}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.splitlines()[-1] == "[]"


def write_report(clean: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Run the stage on the two tables of this file and return the page."""
    monkeypatch.setattr(analyse, "TABLES", (shops, sales))
    params = load_params(Path(__file__).resolve().parents[3] / "params.yaml")
    monkeypatch.setattr(analyse, "load_params", lambda _: params)
    arguments = ["--clean", clean, "--report", folder / "report.html", "--figures", folder / "figures"]
    assert analyse.main([str(argument) for argument in arguments]) == 0
    return (folder / "report.html").read_text(encoding="utf-8")
