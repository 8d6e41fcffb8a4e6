"""An estimator without a portable form, kept by skops: the same bytes each time, which skops alone does not give.

Nothing here is yours to edit: types that a stored model of yours may hold go into `TRUSTED_TYPES` in
`src/usecase/model.py`.
"""

import io
import json
import zipfile
from importlib.metadata import version
from typing import Any

import numpy as np

from mergeline.bundle.convert import POSITIVE
from mergeline.bundle.estimator import PACKAGES
from mergeline.errors import MergelineError
from mergeline.tracking.trusted import find_trusted_types

LONG_AGO = (1980, 1, 1, 0, 0, 0)


def store_estimator(estimator: Any, reason: str, extra: tuple[str, ...]) -> tuple[dict[str, Any], bytes]:
    """Return the content of `model.json`, without the candidate's name, and that of `estimator.skops`.

    Parameters
    ----------
    estimator : estimator
        Fitted.
    reason : str
        Why it has no portable form, for whoever serves it.
    extra : tuple of str
        Types that the use case trusts besides.

    Raises
    ------
    MergelineError
        If it never saw a positive row, or holds a type that nobody trusts or skops cannot store.
    """
    import skops.io

    classes = list(estimator.classes_)
    if POSITIVE not in classes:
        raise MergelineError(
            f"the model never saw a positive row: its classes are {classes}",
            where="artifacts/model",
            fix="train on batches in which both outcomes occur",
        )
    content = {
        "form": "estimator",
        "positive": classes.index(POSITIVE),
        "reason": reason,
        "trusted": find_trusted_types(estimator, extra),
        "versions": {name: version(name) for name in PACKAGES},
    }
    return content, settle(skops.io.dumps(estimator))


def settle(stored: bytes) -> bytes:
    """Return the same skops file with its objects numbered in order, no time of day, and nothing between the numbers.

    Notes
    -----
    skops names objects and members by their address in memory, a zip archive notes when each member was written, and
    the nodes of scikit-learn's trees have gaps between their fields, filled with whatever the memory held.
    """
    with zipfile.ZipFile(io.BytesIO(stored)) as source:
        members = {name: source.read(name) for name in source.namelist()}
    numbers: dict[str, str] = {}
    schema = _number(json.loads(members.pop("schema.json")), numbers)
    renamed = {_rename(name, numbers): _fill_gaps(name, content) for name, content in members.items()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as target:
        for name in sorted(renamed):
            target.writestr(zipfile.ZipInfo(name, LONG_AGO), renamed[name])
        target.writestr(zipfile.ZipInfo("schema.json", LONG_AGO), json.dumps(schema))
    return buffer.getvalue()


def _fill_gaps(name: str, content: bytes) -> bytes:
    """Return an array file with zeros between the fields of its records; any other file as it is."""
    if not name.endswith(".npy"):
        return content
    records = np.load(io.BytesIO(content), allow_pickle=False)
    if records.dtype.names is None:
        return content
    clean = np.zeros(records.shape, records.dtype)
    for field in records.dtype.names:
        clean[field] = records[field]
    buffer = io.BytesIO()
    np.save(buffer, clean, allow_pickle=False)
    return buffer.getvalue()


def _number(tree: Any, numbers: dict[str, str]) -> Any:
    """Return `tree` with every object's id replaced by the order in which it first occurs."""
    if isinstance(tree, list):
        return [_number(item, numbers) for item in tree]
    if not isinstance(tree, dict):
        return tree
    changed: dict[str, Any] = {}
    for key, value in tree.items():
        if key == "__id__":
            changed[key] = int(numbers.setdefault(str(value), str(len(numbers) + 1)))
        elif key == "file" and isinstance(value, str):
            changed[key] = _rename(value, numbers)
        else:
            changed[key] = _number(value, numbers)
    return changed


def _rename(name: str, numbers: dict[str, str]) -> str:
    stem, dot, suffix = name.partition(".")
    return numbers.setdefault(stem, str(len(numbers) + 1)) + dot + suffix
