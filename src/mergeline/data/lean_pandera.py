"""Imports pandera for polars without pandas and Hypothesis: half the start-up time and half the memory of validate.

Nothing here is yours to edit. pandera imports both wherever they are installed, and works without them where they are
not; here they are installed, for MLflow and the tests. Called first thing in the stage's own process and nowhere else:
`pandera.pandas` cannot be imported in that process afterwards.
"""

import gc
import importlib
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from types import ModuleType

LEFT_OUT = ("pandas", "hypothesis")


class _Hidden(MetaPathFinder):
    def find_spec(self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None) -> None:
        if fullname in LEFT_OUT:
            raise ModuleNotFoundError(f"No module named '{fullname}'", name=fullname)


def import_lean_pandera() -> None:
    """Leave `pandera.polars` imported and ready, and neither pandas nor Hypothesis, unless one was imported before.

    pandera looks for them once more at the first check that it runs, so one is run here.
    """
    if "pandera" in sys.modules or "pandas" in sys.modules:
        return
    hidden = _Hidden()
    sys.meta_path.insert(0, hidden)
    gc.disable()  # Looking for garbage among what was just made takes a tenth of the time.
    try:
        pa, pl = importlib.import_module("pandera.polars"), importlib.import_module("polars")
        pa.DataFrameSchema({"number": pa.Column(pl.Int64, pa.Check.ge(0))}).validate(pl.DataFrame({"number": [0]}))
    finally:
        sys.meta_path.remove(hidden)
        gc.enable()
