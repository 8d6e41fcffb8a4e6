"""Stage `featurise`: the inputs of the model for every batch, from what was known when each decision was taken.

Nothing here is yours to edit: events, views and features are stated in `src/usecase/features.py`, the lead time in
`params.yaml`, group `featurise`.
"""

import argparse
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path

import polars as pl

from mergeline.command import run
from mergeline.features.batches import compute_rows, make_batch, read_tables
from mergeline.features.definitions import check_definitions, get_lookbacks
from mergeline.features.walk import Batch, walk
from mergeline.files import replacing_directory, write_parquet
from mergeline.params import PARAMS_FILE, load_params
from usecase.features import EVENTS, FEATURES, VIEWS

MOST_BATCHES_AT_ONCE = 4


def featurise(clean: Path, features: Path, batches: Sequence[str], lead_minutes: int) -> int:
    """Return the number of rows written: one file per batch in the directory `features`, all of them or none.

    Parameters
    ----------
    clean : Path
        What `validate` wrote.
    features : Path
        Directory that holds exactly these batches afterwards.
    batches : sequence of str
        Names, oldest first.
    lead_minutes : int
        How long before the event that is predicted the decision is taken, in minutes.

    Raises
    ------
    MergelineError
        If the definitions or the batches do not fit together, or a batch is missing.
    """
    check_definitions(EVENTS, VIEWS, FEATURES)
    rows = 0
    threads = min(pl.thread_pool_size(), MOST_BATCHES_AT_ONCE)
    written: deque[Future[tuple[str, int, int]]] = deque()
    with replacing_directory(features) as directory, ThreadPoolExecutor(threads) as pool:
        for batch, events in walk(map(partial(_load, clean, lead_minutes), batches), get_lookbacks(VIEWS)):
            written.append(pool.submit(_write, directory, batch, events))
            if len(written) > threads:  # The oldest is awaited, lest the whole history queue up in memory.
                rows += _tell(*written.popleft().result())
        rows += sum(_tell(*future.result()) for future in written)
    return rows


def _load(clean: Path, lead_minutes: int, batch: str) -> Batch:
    return make_batch(batch, read_tables(clean, batch), lead_minutes)


def _write(directory: Path, batch: Batch, events: Mapping[str, pl.DataFrame]) -> tuple[str, int, int]:
    """Return name, rows and labelled rows of the batch once its features are written; batches do not share anything."""
    frame = compute_rows(batch, events)
    write_parquet(directory / f"{batch.name}.parquet", frame)
    return batch.name, frame.height, frame["target"].count()


def _tell(name: str, rows: int, labelled: int) -> int:
    print(f"{name}: {rows:,} rows, {labelled:,} of them with a label", flush=True)
    return rows


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(
        prog="python -m mergeline.stages.featurise",
        description=__doc__.splitlines()[0],
        epilog="A feature sees only what was known by then; docs/features.md says what each one is.",
    )
    parser.add_argument("--clean", type=Path, default=Path("artifacts/clean"), help="input (default: %(default)s)")
    parser.add_argument(
        "--features", type=Path, default=Path("artifacts/features"), help="output (default: %(default)s)"
    )
    parser.add_argument("--params", type=Path, default=PARAMS_FILE, help="the parameters (default: %(default)s)")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Return 0 once the features of all batches are written."""
    options = make_parser().parse_args(argv)
    params = load_params(options.params)
    rows = featurise(options.clean, options.features, params.procure.batches, params.featurise.lead_minutes)
    print(f"{options.features}/ holds {rows:,} rows of {len(FEATURES)} features")
    return 0


if __name__ == "__main__":
    run(main)
