"""The tracked data keep their contract, each batch beside those before it; the one bad record needs its correction."""

import json
from pathlib import Path

import polars as pl
import pytest

from mergeline.data.corrections import COLUMNS
from mergeline.data.findings import DataError
from mergeline.params import load_params
from mergeline.stages.validate import main
from usecase.schema import TABLES, batch_dates

BATCHES = load_params(Path(__file__).resolve().parents[2] / "params.yaml").procure.batches


@pytest.fixture(scope="module")
def validated(data_dir: Path, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory with what the stage wrote for the tracked data: clean/ and report/."""
    folder = tmp_path_factory.mktemp("validated")
    assert main(arguments(data_dir, repository, folder)) == 0
    return folder


def arguments(data: Path, repository: Path, folder: Path) -> list[str]:
    """Return the command's options."""
    given = {
        "--data": data,
        "--clean": folder / "clean",
        "--report": folder / "report",
        "--corrections": repository / "src/usecase/corrections.csv",
        "--params": repository / "params.yaml",
    }
    return [text for name, path in given.items() for text in (name, str(path))]


def test_every_batch_passes_every_check_that_applies(validated: Path) -> None:
    """The limits in params.yaml hold for each tracked month judged by the months before it."""
    report = json.loads((validated / "report/validation.json").read_text())
    assert report["passed"] is True
    assert report["findings"] == []
    checked = {(item["table"], item["batch"]): item["checks"] for item in report["files"]}
    assert [len(checked["flights", batch]) for batch in BATCHES] == [2] + [5] * (len(BATCHES) - 1)
    assert all(check["passed"] for checks in checked.values() for check in checks)


def test_the_wind_of_1048_mph_is_the_one_correction_and_the_raw_file_keeps_it(validated: Path, data_dir: Path) -> None:
    """The typed table has no value there, the report says why, the file is as it came."""
    report = json.loads((validated / "report/validation.json").read_text())
    (applied,) = [correction for item in report["files"] for correction in item["corrections"]]
    assert (applied["batch"], applied["data_line"], applied["raw"], applied["corrected"]) == (
        "2013-02", 269, "1048.36058", "NA",
    )  # fmt: skip
    lines = (data_dir / "weather/2013-02.csv").read_text().splitlines()
    assert ",1048.36058," in lines[applied["data_line"] - 1]
    winds = pl.read_parquet(validated / "clean/weather/2013-02.parquet")["wind_speed"]
    assert winds[applied["data_line"] - 2] is None
    assert winds.max() < 50  # type: ignore[operator]
    assert applied["reason"] in (validated / "report/validation.md").read_text()


def test_february_fails_without_its_correction_and_nothing_is_written(
    data_dir: Path, repository: Path, tmp_path: Path
) -> None:
    """The contract finds exactly that record; the error has the line to write."""
    (tmp_path / "none.csv").write_text(",".join(COLUMNS) + "\n")
    options = arguments(data_dir, repository, tmp_path)
    options[options.index("--corrections") + 1] = str(tmp_path / "none.csv")
    with pytest.raises(DataError) as caught:
        main(options)
    (finding,) = caught.value.findings
    assert (finding.line, finding.column, finding.value) == (269, "wind_speed", "1048.36058")
    assert "weather,2013-02,time_hour=2013-02-12T08:00:00Z;origin=EWR,wind_speed,1048.36058,NA" in caught.value.fix
    assert not (tmp_path / "clean").exists()
    assert json.loads((tmp_path / "report/validation.json").read_text())["passed"] is False


def test_typed_tables_hold_every_row_in_file_order(validated: Path, data_dir: Path) -> None:
    """No row is dropped or moved, and the types are those of the schema."""
    for table in TABLES:
        for batch in BATCHES if "{batch}" in table.path else [""]:
            path = table.path.format(batch=batch)
            clean = pl.read_parquet(validated / "clean" / path.replace(".csv", ".parquet"))
            assert dict(clean.schema) == {name: column.dtype.type for name, column in table.schema.columns.items()}
            raw = pl.read_csv(data_dir / path, infer_schema=False)
            key = next(name for name in table.schema.columns if clean.schema[name] == pl.String)
            assert clean[key].to_list() == raw[key].to_list()


def test_two_runs_write_the_same_bytes(validated: Path, data_dir: Path, repository: Path, tmp_path: Path) -> None:
    """DVC hashes what the stage writes."""
    main(arguments(data_dir, repository, tmp_path))
    for path in [path for path in validated.rglob("*") if path.is_file()]:
        assert path.read_bytes() == (tmp_path / path.relative_to(validated)).read_bytes()


def test_each_flight_lies_in_the_month_of_its_local_date(validated: Path) -> None:
    """Months are local: 2013-01 has flights whose UTC date is in February."""
    flights = pl.read_parquet(validated / "clean/flights/2013-01.parquet")
    days = flights.select(pl.date("year", "month", "day")).to_series()
    assert set(days) == set(batch_dates("2013-01"))
    assert (flights["time_hour"].dt.month() == 2).any()
