"""The bytes of a bundle: JSON in one form only, and what its digests are taken over.

Nothing here is yours to edit. Imports nothing beyond the standard library, as everything that opens a bundle.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

FORMAT = 1
MANIFEST = "manifest.json"
MODEL = "model.json"
CONTRACT = "contract.json"
GOLDEN = "golden.json"
REFERENCE = "reference.json"
LINEAGE = "lineage.json"
ESTIMATOR = "estimator.skops"
REQUIRED = frozenset({MODEL, CONTRACT, GOLDEN, REFERENCE, LINEAGE})


def render(content: Any) -> bytes:
    """Return `content` as JSON with sorted keys and no spaces; numbers by `repr`, so that float64 comes back exactly.

    Raises
    ------
    ValueError
        If a number is NaN or infinite.
    """
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    return (text + "\n").encode("utf-8")


def render_for_people(content: Any) -> bytes:
    """Return `content` as JSON with sorted keys, one value a line."""
    return (json.dumps(content, indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n").encode("utf-8")


def hash_bytes(content: bytes) -> str:
    """Return the SHA-256 of `content`, in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def describe_files(contents: Mapping[str, bytes]) -> dict[str, dict[str, Any]]:
    """Return file name to its SHA-256 and length in bytes."""
    return {name: {"sha256": hash_bytes(content), "bytes": len(content)} for name, content in contents.items()}


def compute_bundle_digest(files: Mapping[str, Any]) -> str:
    """Return the digest that names a bundle: over the names, digests and lengths of all its files but the manifest."""
    return hash_bytes(render(files))
