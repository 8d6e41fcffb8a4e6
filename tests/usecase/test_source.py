"""The example's source: months of flights and weather, cut out of the package without changing a byte."""

import io
import tarfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergeline.errors import MergelineError
from usecase import source

ARCHIVE = Path(__file__).parents[2] / source.ARCHIVE


@pytest.fixture(scope="module")
def package():
    """Return the whole tables of the package, as `make data` left it; the tests download nothing."""
    if not ARCHIVE.exists():
        pytest.skip(f"no {source.ARCHIVE}: data/ came from a DVC cache or remote")
    with tarfile.open(ARCHIVE) as archive:
        members = {
            name: archive.extractfile(f"{source.FOLDER}/{name}").read()
            for name in ("flights.csv.zip", "weather.csv", "airports.csv")
        }
    with zipfile.ZipFile(io.BytesIO(members["flights.csv.zip"])) as inner:
        return {
            "flights": inner.read("flights.csv"),
            "weather": members["weather.csv"],
            "airports": members["airports.csv"],
        }


@pytest.fixture(scope="module")
def fetched(package, tmp_path_factory):
    """Return a folder that holds every batch of the source."""
    directory = tmp_path_factory.mktemp("fetched")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "ARCHIVE", ARCHIVE)
        source.fetch(source.list_batches(), directory)
    return directory


def test_source_lists_the_twelve_months_oldest_first():
    """A batch is a month of 2013."""
    batches = source.list_batches()
    assert (batches[0], batches[-1], len(batches)) == ("2013-01", "2013-12", 12)
    assert batches == sorted(set(batches))


@pytest.mark.parametrize("table", ["flights", "weather"])
def test_months_together_are_the_whole_table(table, package, fetched):
    """No line is lost, doubled or altered: the lines of all months are the lines of the table."""
    header, *lines = package[table].splitlines(keepends=True)
    cut = []
    for batch in source.list_batches():
        first, *rest = (fetched / table / f"{batch}.csv").read_bytes().splitlines(keepends=True)
        assert first == header
        cut += rest
    assert len(cut) == len(lines)
    assert sorted(cut) == sorted(lines)


@pytest.mark.parametrize("table", ["flights", "weather"])
def test_month_keeps_the_lines_and_their_order(table, package, fetched):
    """A month's file is a subsequence of the table: exactly the lines of that month, in their order."""
    header, *lines = package[table].splitlines(keepends=True)
    column = header.decode().strip().split(",").index("month")
    expected = [line for line in lines if line.split(b",")[column] == b"3"]
    assert (fetched / table / "2013-03.csv").read_bytes() == header + b"".join(expected)


def test_airports_come_whole(package, fetched):
    """The table without batches is copied as it is."""
    assert (fetched / "airports.csv").read_bytes() == package["airports"]


def test_fetch_writes_the_named_batches_and_no_others(package, tmp_path, monkeypatch):
    """Asked for one month, the source writes that month and the shared table, with the same bytes as ever."""
    monkeypatch.setattr(source, "ARCHIVE", ARCHIVE)
    source.fetch(["2013-07"], tmp_path)
    found = sorted(path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*.csv"))
    assert found == ["airports.csv", "flights/2013-07.csv", "weather/2013-07.csv"]


def test_altered_member_is_refused(package, tmp_path, monkeypatch):
    """An archive whose tables have other bytes is named, whatever brought it."""
    altered = tmp_path / "altered.tar.gz"
    with tarfile.open(altered, "w:gz") as archive:
        member = tarfile.TarInfo(f"{source.FOLDER}/flights.csv.zip")
        member.size = 5
        archive.addfile(member, io.BytesIO(b"other"))
    monkeypatch.setattr(source, "ARCHIVE", altered)
    with pytest.raises(MergelineError, match=r"flights\.csv\.zip") as caught:
        source.fetch(["2013-01"], tmp_path)
    assert "delete the archive" in caught.value.fix


@pytest.mark.parametrize("state", ["missing", "truncated", "foreign"])
def test_unreadable_archive_says_how_to_get_a_good_one(state, package, tmp_path, monkeypatch):
    """No archive, one cut short or something else in its place is an error with a remedy, not a traceback."""
    archive = tmp_path / "archive.tar.gz"
    if state != "missing":
        archive.write_bytes(ARCHIVE.read_bytes()[:100_000] if state == "truncated" else b"<html>not found</html>")
    monkeypatch.setattr(source, "ARCHIVE", archive)
    with pytest.raises(MergelineError) as caught:
        source.fetch(["2013-01"], tmp_path)
    assert "make data" in caught.value.fix


@given(rows=st.lists(st.tuples(st.integers(1, 12), st.text("abc.- NA", max_size=8)), max_size=40))
def test_cutting_copies_every_line_of_a_named_month(rows, tmp_path_factory):
    """Whatever the cells hold and however the months are mixed, each line lands in its month, in order."""
    directory = tmp_path_factory.mktemp("cut") / "table"
    lines = [f"{text},2013,{month},x\n".encode() for month, text in rows]
    source.write_months(io.BytesIO(b"name,year,month,rest\n" + b"".join(lines)), ["2013-02", "2013-12"], directory)
    for number in (2, 12):
        expected = b"".join(line for line, (month, _) in zip(lines, rows, strict=True) if month == number)
        assert (directory / f"2013-{number:02}.csv").read_bytes() == b"name,year,month,rest\n" + expected
    assert len(list(directory.iterdir())) == 2
