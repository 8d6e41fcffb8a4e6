"""A stage that may write no more: a limit on file size stands for a full disk, which refuses in the same way."""

import os
import resource
import subprocess
import sys
from pathlib import Path

import polars as pl


def test_a_stage_on_a_full_disk_says_so_and_leaves_its_earlier_outputs(
    repository: Path, data_dir: Path, tmp_path: Path
) -> None:
    """Exit status 1, no traceback, the file named; what was there before is there still, and nothing else."""
    earlier = tmp_path / "clean" / "flights" / "2013-01.parquet"
    earlier.parent.mkdir(parents=True)
    pl.DataFrame({"a": [1]}).write_parquet(earlier)
    before = earlier.read_bytes()
    places = {"data": data_dir, "clean": tmp_path / "clean", "report": tmp_path / "report"}
    options = [f"--{name}={place}" for name, place in places.items()]
    done = subprocess.run(
        [sys.executable, "-m", "mergeline.stages.validate", *options],
        cwd=repository,
        env={**os.environ, "PYTHONPATH": str(repository / "src")},
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "is full" in done.stderr
    assert "2013-01.parquet" in done.stderr
    assert "free some space" in done.stderr
    assert earlier.read_bytes() == before
    assert [path for path in (tmp_path / "clean").rglob("*") if path.is_file()] == [earlier]
    assert not list(tmp_path.glob(".*"))
