"""Small bundles for the tests of the service: each answers with a number of its own, so an answer tells who gave it."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mergeline.bundle.canonical import (
    CONTRACT,
    FORMAT,
    GOLDEN,
    LINEAGE,
    MANIFEST,
    MODEL,
    REFERENCE,
    compute_bundle_digest,
    describe_files,
    render,
    render_for_people,
)
from mergeline.files import write_json

FEATURES: list[dict[str, Any]] = [
    {"name": "origin", "kind": "categorical", "categories": ["EWR", "JFK"], "low": None, "high": None,
     "unit": "IATA code", "description": "airport of departure", "null_share": 0.0},
    {"name": "distance", "kind": "numeric", "categories": None, "low": 0.0, "high": 5000.0,
     "unit": "miles", "description": "distance flown", "null_share": 0.1},
    {"name": "wind gust", "kind": "numeric", "categories": None, "low": 0.0, "high": 80.0,
     "unit": "mph", "description": "gusts", "null_share": 0.5},
]  # fmt: skip


def write_bundle(
    store: Path, probability: float, *, features: Sequence[dict[str, Any]] = FEATURES, golden: float | None = None
) -> str:
    """Write a bundle that answers `probability` into `store`; return its digest. A wrong `golden` is a fault."""
    score = probability if golden is None else golden
    contents = {
        MODEL: render({"candidate": "prior", "form": "prior", "probability": probability}),
        CONTRACT: render({"features": list(features), "positive": 1}),
        GOLDEN: render([{"row_id": "first", "inputs": {}, "score": score}]),
        REFERENCE: render({}),
        LINEAGE: render({}),
    }
    files = describe_files(contents)
    digest = compute_bundle_digest(files)
    folder = store / digest
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    manifest = {
        "format": FORMAT,
        "files": files,
        "digest": digest,
        "model": {"candidate": "prior", "form": "prior"},
        "contract_digest": files[CONTRACT]["sha256"],
    }
    (folder / MANIFEST).write_bytes(render_for_people(manifest))
    return digest


def describe_variant(name: str, digest: str, weight: int | None = 100) -> dict[str, Any]:
    """Return a variant of the desired state, or a shadow where `weight` is None."""
    told = {"name": name, "digest": digest, "version": f"v-{digest[:6]}", "commit": "0" * 40}
    return told if weight is None else {**told, "weight": weight}


def write_state(path: Path, *variants: dict[str, Any], shadow: dict[str, Any] | None = None) -> None:
    """Write the desired state, whole or not at all."""
    about = {"author": "test", "reason": "a test", "verdict": "promote", "at": "2026-01-01T00:00:00Z"}
    write_json(path, {"format": 1, "service": "flights", "variants": list(variants), "shadow": shadow, **about})


def read_log(folder: Path) -> list[dict[str, Any]]:
    """Return all lines of the prediction log in `folder`."""
    return [json.loads(line) for path in sorted(folder.glob("*.jsonl")) for line in path.read_text().splitlines()]
