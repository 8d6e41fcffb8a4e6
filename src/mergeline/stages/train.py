"""Stage `train`: the best candidate, chosen on folds ordered in time, fitted once per held-out batch.

Nothing here is yours to edit: candidates are made in `src/usecase/model.py`; which take part, their parameters, the
folds and the held-out batches stand in `params.yaml`, group `train`.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from mergeline.command import run
from mergeline.files import write_json
from mergeline.params import PARAMS_FILE, load_params
from mergeline.training.threads import fixed_threads


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(
        prog="python -m mergeline.stages.train",
        description=__doc__.splitlines()[0],
        epilog="The model that ships is the newest: trained before the last batch, and judged on it.",
    )
    parser.add_argument(
        "--features",
        type=Path,
        default=Path("artifacts/features"),
        help="one Parquet file per batch (default: %(default)s)",
    )
    parser.add_argument(
        "--models",
        type=Path,
        default=Path("artifacts/model"),
        help="directory to write: model.json and the estimators (default: %(default)s)",
    )
    parser.add_argument(
        "--report",
        type=Path,
        default=Path("reports/training.json"),
        help="file to write: how the candidates compare (default: %(default)s)",
    )
    parser.add_argument("--params", type=Path, default=PARAMS_FILE, help="the parameters (default: %(default)s)")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Return 0 once the models and the report are written."""
    options = make_parser().parse_args(argv)
    params = load_params(options.params).train
    with fixed_threads(params.threads):
        # Imported here: scikit-learn starts its threads by the environment it finds when it is loaded.
        from mergeline.training.history import read_history
        from mergeline.training.model_files import write_models
        from mergeline.training.outcome import train

        history = read_history(options.features)
        outcome = train(history, params, say)
        content = write_models(
            options.models, outcome.models, outcome.winner, outcome.decision.sigmoid, history, params
        )
    write_json(options.report, outcome.report)
    say(f"wrote {len(outcome.models)} models to {options.models} ({content['ships']} ships) and {options.report}")
    return 0


def say(text: str) -> None:
    """Print at once: a fit takes seconds, and under DVC standard output is a pipe."""
    print(text, flush=True)


if __name__ == "__main__":
    run(main)
