"""Tests of `mergeline.training.threads`: the thread count is the one asked for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mergeline.training.threads import fixed_threads

PROBE = """
from mergeline.training.threads import fixed_threads
with fixed_threads(2):
    import sklearn.ensemble
    from sklearn.utils._openmp_helpers import _openmp_effective_n_threads
    from threadpoolctl import threadpool_info
    pools = {(pool["user_api"], pool["num_threads"]) for pool in threadpool_info()}
    print(_openmp_effective_n_threads(), sorted(pools))
"""


@pytest.mark.parametrize(
    ("environment", "cores"), [({}, {0}), ({"OMP_NUM_THREADS": "8", "OPENBLAS_NUM_THREADS": "4"}, None)]
)
def test_threads_are_the_ones_asked_for(environment: dict[str, str], cores: set[int] | None) -> None:
    """On one core or all, with another number in the environment or none, OpenMP has two threads and BLAS one."""
    done = subprocess.run(
        [sys.executable, "-c", PROBE],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "src"), **environment},
        preexec_fn=(lambda: os.sched_setaffinity(0, cores)) if cores and hasattr(os, "sched_setaffinity") else None,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "2 [('blas', 1), ('openmp', 2)]"


def test_libraries_loaded_before_are_told_and_set_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a process that already runs scikit-learn the number holds within the block, and only there."""
    from sklearn.utils._openmp_helpers import _openmp_effective_n_threads

    monkeypatch.setenv("OMP_NUM_THREADS", "5")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    before = _openmp_effective_n_threads()
    with fixed_threads(3):
        assert _openmp_effective_n_threads() == 3
        assert os.environ["OMP_NUM_THREADS"] == "3"
    assert _openmp_effective_n_threads() == before
    assert os.environ["OMP_NUM_THREADS"] == "5"
    assert "OPENBLAS_NUM_THREADS" not in os.environ
