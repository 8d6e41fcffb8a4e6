"""The stages' functions called in one plain Python process: our side of `features`, the other side of `overhead`.

usage: python benchmarks/stages_once.py DATA OUT STAGE [STAGE ...]
"""

import sys
from importlib import import_module
from pathlib import Path


def main(data: Path, out: Path, stages: list[str]) -> None:
    """Run the named stages one after the other, each as `dvc repro` would call it."""
    if stages[0] == "validate":
        from mergeline.data.lean_pandera import import_lean_pandera

        import_lean_pandera()
    arguments = {
        "validate": ["--data", data, "--clean", out / "clean", "--report", out / "reports/data"],
        "analyse": ["--clean", out / "clean", "--report", out / "report.html", "--figures", out / "data-figures"],
        "featurise": ["--clean", out / "clean", "--features", out / "features"],
        "train": ["--features", out / "features", "--models", out / "model", "--report", out / "training.json"],
        "evaluate": [
            *("--models", out / "model", "--features", out / "features"),
            *("--predictions", out / "predictions.parquet", "--metrics", out / "metrics.json"),
            *("--slices", out / "slices.json", "--plots", out / "plots", "--figures", out / "figures"),
        ],
        "package": [
            *("--data", data, "--features", out / "features", "--models", out / "model"),
            *(
                "--predictions",
                out / "predictions.parquet",
                "--metrics",
                out / "metrics.json",
                "--bundle",
                out / "bundle",
            ),
        ],
    }
    for stage in stages:
        if status := import_module(f"mergeline.stages.{stage}").main([str(word) for word in arguments[stage]]):
            sys.exit(status)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3:])
