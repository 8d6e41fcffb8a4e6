"""Stage `featurise`: the inputs of the model for every batch, from what was known when each decision was taken.

Nothing here is yours to edit: events, views and features are stated in `src/usecase/features.py`, the lead time in
`params.yaml`, group `featurise`.
"""

import argparse
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from mergeline.command import run
from mergeline.features.batches import compute_rows, make_batch, read_tables
from mergeline.features.definitions import check_definitions, get_lookbacks
from mergeline.features.walk import Batch, walk
from mergeline.files import replacing_directory, write_parquet
from mergeline.params import PARAMS_FILE, load_params
from usecase.features import EVENTS, FEATURES, VIEWS


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
    with replacing_directory(features) as directory:
        for batch, events in walk(map(partial(_load, clean, lead_minutes), batches), get_lookbacks(VIEWS)):
            frame = compute_rows(batch, events)
            write_parquet(directory / f"{batch.name}.parquet", frame)
            rows += frame.height
            print(f"{batch.name}: {frame.height:,} rows, {frame['target'].count():,} of them with a label", flush=True)
    return rows


def _load(clean: Path, lead_minutes: int, batch: str) -> Batch:
    return make_batch(batch, read_tables(clean, batch), lead_minutes)


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
