"""The number of threads of a fit: fixed by `params.yaml`, never taken from the machine.

Nothing here is yours to edit; the number is `train.threads` in `params.yaml`. It is fixed for two reasons. A histogram
gradient boosting model remembers its thread count, and the last digits of linear algebra depend on it: taken from the
machine, the same inputs would give other bytes, and another `dvc.lock`, on a laptop than in CI. And OpenMP's threads
wait by spinning: more of them than idle cores cost more time than they save. Measured on two cores, one boosting fit
on 78,000 flights, median of three: left alone, one thread takes 2.3 s and two take 1.5 s; beside other work (load 7),
one takes 7 s and two take 74 s and ten times the processor time. So the default is one.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

BLAS_THREADS = 1
"""Linear algebra always runs on one thread: the last digits of its sums depend on how many it gets, and it never gets
more than there are cores. OpenMP obeys, and boosting gives the same trees with any number."""

_BLAS_VARIABLES = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


@contextmanager
def fixed_threads(threads: int) -> Iterator[None]:
    """Within the block OpenMP uses `threads` threads and linear algebra one, whatever the machine or the environment.

    Libraries loaded within the block read the environment set here, those loaded before are told directly. Unless
    `OMP_NUM_THREADS` is set, scikit-learn takes no more threads than there are cores, whatever OpenMP was told.
    """
    wanted = dict.fromkeys(_BLAS_VARIABLES, str(BLAS_THREADS)) | {"OMP_NUM_THREADS": str(threads)}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    from threadpoolctl import threadpool_limits

    try:
        with threadpool_limits(limits={"openmp": threads, "blas": BLAS_THREADS}):
            yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
