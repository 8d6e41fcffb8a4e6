"""Stage `package`: the model that ships, sealed in a portable form with contract, golden rows, profile and lineage.

Nothing here is yours to edit: estimators are made in `src/usecase/model.py`, features in `src/usecase/features.py`;
what is sealed stands in `params.yaml`, group `package`. `docs/bundle.md` says what is in the directory.
"""

import argparse
import hashlib
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mergeline.command import run
from mergeline.files import read_json
from mergeline.params import PARAMS_FILE, Params, load_params
from mergeline.procurement.contents import compute_directory_hash, hash_files
from mergeline.training.threads import fixed_threads


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(
        prog="python -m mergeline.stages.package",
        description=__doc__.splitlines()[0],
        epilog="Before it is sealed, the portable model is compared with the estimator on every judged row.",
    )
    for name, default, words in (
        ("--data", "data", "directory of raw batches, hashed for the lineage"),
        ("--features", "artifacts/features", "directory with one Parquet file per batch"),
        ("--models", "artifacts/model", "directory with model.json and the estimators"),
        ("--predictions", "artifacts/predictions.parquet", "the judged rows with their scores"),
        ("--metrics", "reports/metrics.json", "what the judgement came to"),
        ("--bundle", "artifacts/bundle", "directory to write"),
    ):
        parser.add_argument(name, type=Path, default=Path(default), help=f"{words} (default: %(default)s)")
    parser.add_argument(
        "--code",
        type=Path,
        nargs="*",
        default=[Path("src/usecase/features.py"), Path("src/usecase/model.py")],
        help="files whose hashes are noted (default: the features and the estimators)",
    )
    parser.add_argument("--params", type=Path, default=PARAMS_FILE, help="the parameters (default: %(default)s)")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Return 0 once the bundle is written."""
    options = make_parser().parse_args(argv)
    params = load_params(options.params)
    made_of = describe_origin(options.data, options.code, options.metrics, params)
    with fixed_threads(params.train.threads):
        # Imported here: scikit-learn starts its threads by the environment it finds when it is loaded.
        from mergeline.bundle.seal import seal

        sealed = seal(options.models, options.features, options.predictions, made_of, options.bundle, params.package)
    print(
        f"package: form {sealed.form}, at most {sealed.difference:.1g} from the estimator on every judged row and on "
        f"made ones\npackage: {options.bundle}, digest {sealed.digest}",
        flush=True,
    )
    if sealed.reason:
        print(
            f"package: NOTICE: no portable form: {sealed.reason}. It serves by the estimator: slower, and only\n"
            "package: where the same release of scikit-learn is installed; docs/bundle.md names the portable ones",
            flush=True,
        )
    return 0


def describe_origin(data: Path, code: Sequence[Path], metrics: Path, params: Params) -> dict[str, Any]:
    """Return what the lineage says about data (the hash in `data.dvc`), parameters, code and metrics.

    Only parameters that shape the model and its judgement are noted. The commit cannot be: it holds `dvc.lock`, which
    holds the hash of this very bundle; promotion records which commit makes which bundle.
    """
    return {
        "format": 1,
        "data": compute_directory_hash(hash_files(data)),
        "params": {
            "procure": asdict(params.procure),
            "featurise": asdict(params.featurise),
            "train": asdict(params.train),
            "evaluate": asdict(params.evaluate),
        },
        "code": {path.as_posix(): hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest() for path in code},
        "metrics": read_json(metrics),
    }


if __name__ == "__main__":
    run(main)
