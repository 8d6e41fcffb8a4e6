"""Finding a prediction in the log by its id, without parsing what does not hold it.

Nothing here is yours to edit.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mergeline.errors import MergelineError


def find_prediction(log: Path, wanted: str) -> list[dict[str, Any]]:
    """Return the log's lines of this id, or of this `row_id`: the answer first, then what a shadow scored beside it.

    Parameters
    ----------
    log : Path
        Folder of the prediction log.
    wanted : str
        The id that the answer bore, or the caller's own row_id.

    Raises
    ------
    MergelineError
        If the log has no such line.
    """
    found = [line for path in sorted(log.glob("*.jsonl")) for line in _search(path, wanted)]
    if not found:
        raise MergelineError(
            f"no prediction '{wanted}' is in the log",
            where=str(log),
            fix="give the id that the answer bore, or its row_id; the service removes its oldest files, in the end",
        )
    return sorted(found, key=lambda line: (line["shadow"], line["at"]))


def _search(path: Path, wanted: str) -> Iterator[dict[str, Any]]:
    needle = json.dumps(wanted, ensure_ascii=False)[1:-1].encode()
    with path.open("rb") as handle:
        for text in handle:
            if needle in text:
                try:
                    line = json.loads(text)
                except ValueError:
                    continue
                if wanted in (line.get("id"), line.get("row_id")):
                    yield line
