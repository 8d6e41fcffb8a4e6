"""Tests that a bundle outlives the library that trained its model."""

import json
from pathlib import Path

import pytest
import sklearn

from mergeline.bundle.read import read_bundle

PREVIOUS = Path(__file__).parent / "data/previous"


def test_a_bundle_of_the_previous_scikit_learn_opens_and_scores_as_it_did() -> None:
    """Golden scores are those that scikit-learn 1.8 itself gave; today's release cannot open its stored models."""
    bundle = read_bundle(PREVIOUS)
    release = bundle.lineage["training"]["scikit_learn"]
    assert release.startswith("1.8.")
    assert not sklearn.__version__.startswith("1.8.")
    assert bundle.form == "trees"
    assert bundle.check_golden() <= 1e-11


def test_golden_rows_of_the_previous_release_are_not_all_alike() -> None:
    """The bundle that is kept could show a difference: its scores spread, with missing and unseen values among them."""
    golden = json.loads((PREVIOUS / "golden.json").read_text())
    scores = [row["score"] for row in golden]
    assert max(scores) - min(scores) > 0.5
    assert any(None in row["inputs"].values() for row in golden)
    assert any("unseen" in row["row_id"] for row in golden)


def test_the_manifest_digest_is_what_a_deployment_would_name() -> None:
    """The digest of the kept bundle never changes by accident."""
    digest = json.loads((PREVIOUS / "manifest.json").read_text())["digest"]
    assert read_bundle(PREVIOUS, digest).digest == digest
    with pytest.raises(Exception, match="not ffff"):
        read_bundle(PREVIOUS, "f" * 64)
