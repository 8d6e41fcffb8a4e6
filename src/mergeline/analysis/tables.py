"""Where the clean tables lie, and single columns of them, read over all batches without the rest of the table.

Nothing here is yours to edit: tables are listed in `src/usecase/schema.py`.
"""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from mergeline.errors import MergelineError
from mergeline.vocabulary import Table

WHOLE = ""


@dataclass(frozen=True)
class Files:
    """The clean files of one table.

    Attributes
    ----------
    table : Table
        Its declaration.
    paths : dict of str to Path
        Batch to file, oldest first; a table without batches has one, of name "".
    """

    table: Table
    paths: dict[str, Path]

    @property
    def batches(self) -> list[str]:
        """Names of the batches, oldest first."""
        return list(self.paths)

    def read(self, *expressions: pl.Expr | str) -> dict[str, pl.DataFrame]:
        """Return these columns of each batch; nothing else of the files is read."""
        return {batch: pl.scan_parquet(path).select(*expressions).collect() for batch, path in self.paths.items()}


def list_tables(clean: Path, tables: tuple[Table, ...]) -> list[Files]:
    """Return the files of every table below `clean`, tables with batches first.

    Raises
    ------
    MergelineError
        If a table has no file.
    """
    found = []
    for table in tables:
        batched = "{batch}" in table.path
        paths = sorted((clean / table.name).glob("*.parquet")) if batched else [clean / f"{table.name}.parquet"]
        if not paths or not paths[0].is_file():
            raise MergelineError(
                f"table '{table.name}' has no clean data",
                where=str(clean),
                fix="run `dvc repro validate`, which writes it",
            )
        found.append(Files(table, {path.stem if batched else WHOLE: path for path in paths}))
    return sorted(found, key=lambda files: "{batch}" not in files.table.path)
