"""Says in one query whether a frame keeps its pandera schema; pandera itself then explains a frame that does not.

Nothing here is yours to edit: the rules are in `src/usecase/schema.py`.
"""

from collections.abc import Iterator
from typing import Any

import pandera.backends.polars.builtin_checks  # noqa: F401  (checks made before it is loaded do not know polars)
import pandera.polars as pa
import polars as pl
from pandera.backends.polars.checks import PolarsCheckBackend


def keeps_schema(frame: pl.DataFrame, schema: Any) -> bool:
    """Return True only if the frame has just the schema's columns and types, in order, and breaks no rule.

    False means that pandera has to look: a schema may use more of pandera than is understood here (optional columns,
    patterns, coercion), and a check may raise.

    Notes
    -----
    pandera runs two queries per check, one after the other, a hundred for a table of 19 columns; they cost 2.5 times
    as much as its own check functions do when run together.
    """
    expected = {name: column.dtype and column.dtype.type for name, column in schema.columns.items()}
    if list(frame.schema.items()) != list(expected.items()):
        return False
    keys = [[name] for name, column in schema.columns.items() if column.unique]
    keys += [schema.unique] if schema.unique else []
    if any(frame.select(key).is_duplicated().any() for key in keys):
        return False
    try:
        outcomes = pl.collect_all(list(_outcomes(frame.lazy(), schema)), engine="in-memory")
    except Exception:  # Whatever a rule raises, pandera names the rule.
        return False
    return all(outcome.item() for outcome in outcomes)


def _outcomes(rows: pl.LazyFrame, schema: Any) -> Iterator[pl.LazyFrame]:
    """Yield frames of one Boolean: whether all rows pass one check."""
    required = [name for name, column in schema.columns.items() if not column.nullable]
    yield rows.select(pl.all_horizontal(pl.lit(True), *(pl.col(name).is_not_null().all() for name in required)))
    checks = [(name, check) for name, column in schema.columns.items() for check in column.checks]
    for name, check in [*checks, *(("*", check) for check in schema.checks)]:
        passed = PolarsCheckBackend(check).apply(pa.PolarsData(rows, name))
        if isinstance(passed, bool):
            yield pl.LazyFrame({"passed": [passed]})
        else:
            yield passed.select(pl.all().fill_null(check.ignore_na).all())
