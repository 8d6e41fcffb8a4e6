"""Names of batches: which file belongs to which, and whether parameters, source and `data.dvc` name the same ones.

Nothing here is yours to edit: name the batches in `params.yaml`, key `procure.batches`. A file belongs to the batch
whose name stands in its path (`flights/2013-01.csv`); a file without such a name is shared by all batches.
"""

import re
from collections.abc import Iterable, Sequence

from mergeline.errors import MergelineError
from mergeline.params import PARAMS_FILE

UPDATE = "python -m mergeline.stages.procure --update"
KEY = f"{PARAMS_FILE}, key 'procure.batches'"


def find_batch(path: str, names: Iterable[str]) -> str | None:
    """Return the batch of `names` that the file at `path` belongs to, None if it is shared.

    The name must stand alone: "2013-1" is not found in "flights/2013-12.csv". Of several, the longest counts.
    """
    found = [name for name in names if re.search(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])", path)]
    return max(found, key=len, default=None)


def find_batches(paths: Iterable[str], names: Sequence[str]) -> list[str]:
    """Return those of `names` that at least one of `paths` belongs to, in the order of `names`."""
    held = {find_batch(path, names) for path in paths}
    return [name for name in names if name in held]


def check_available(batches: Sequence[str], available: Sequence[str]) -> None:
    """Check that the parameters name batches that the source has, each once, in the source's order.

    Raises
    ------
    MergelineError
        If not; it lists what is available.
    """
    unknown = [name for name in batches if name not in available]
    if unknown:
        raise MergelineError(
            f"the source has no batch {_join(unknown)}",
            where=f"{KEY}; list_batches() in src/usecase/source.py",
            fix=f"name only these: {_join(available)}",
        )
    ordered = [name for name in available if name in batches]
    if list(batches) != ordered:
        raise MergelineError(
            f"the batches are not named once each, oldest first: {_join(batches)}",
            where=KEY,
            fix=f"write them as: {_join(ordered)}",
        )


def check_held(batches: Sequence[str], held: Sequence[str], pointer: str) -> None:
    """Check that the parameters name exactly the batches that `pointer` (`data.dvc`) holds.

    Raises
    ------
    MergelineError
        If not; it names the ones on one side only.
    """
    if list(batches) == list(held):
        return
    new = [name for name in batches if name not in held]
    left_out = [name for name in held if name not in batches]
    parts = [f"params.yaml adds {_join(new)}"] if new else []
    parts += [f"params.yaml leaves out {_join(left_out)}"] if left_out else []
    quoted = ", ".join(f'"{name}"' for name in held)
    raise MergelineError(
        f"params.yaml and {pointer} name other batches: {' and '.join(parts) or 'they stand in another order'}",
        where=KEY,
        fix=f"to make {pointer} follow params.yaml: {UPDATE}\notherwise name the ones that it holds: {quoted}",
    )


def _join(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= 24 else f"{', '.join(names[:12])}, …, {', '.join(names[-6:])}"
