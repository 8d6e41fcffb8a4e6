"""Tests that one row alone and the same row in a batch are the same: score, breaches, and the proof at load."""

from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergeline.bundle.features import read_features
from mergeline.bundle.read import read_bundle
from mergeline.errors import MergelineError
from mergeline.serving.contract import Contract
from mergeline.serving.limits import NUMBER
from mergeline.serving.measures import Measures
from mergeline.serving.state import Shadow
from mergeline.serving.variants import Ready
from unit.serving.bundles import FEATURES, write_bundle

NO_RANGE = {**FEATURES[1], "name": "rain", "low": None, "high": None, "null_share": 1.0}
# The contract of a service knows more than one bundle does, in another order.
CONTRACT = Contract(read_features({"features": [{**FEATURES[1], "name": "other"}, NO_RANGE, *reversed(FEATURES)]}))
values = {
    "origin": st.none() | st.sampled_from(["EWR", "JFK", "LGA", ""]),
    "distance": st.none() | st.sampled_from([0.0, 5000.0, 5000.001, -0.001]) | st.floats(-NUMBER, NUMBER),
    "wind gust": st.none() | st.floats(-1, 100),
    "rain": st.none() | st.floats(-1, 1),
    "other": st.none() | st.floats(-1, 1),
}
rows = st.lists(st.fixed_dictionaries({}, optional=values), min_size=1, max_size=5)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Ready:
    """Return a bundle that reads its own features out of a wider contract."""
    return make_ready(tmp_path_factory.mktemp("store"))


def make_ready(store: Path, **kinds: Any) -> Ready:
    """Return a ready bundle."""
    digest = write_bundle(store, 0.25, features=[*FEATURES, NO_RANGE], **kinds)
    bundle = read_bundle(store / digest, digest)
    return Ready(bundle, Shadow("champion", digest, "v0.0.1", "0" * 40), CONTRACT, Measures(), shadow=False)


@given(rows)
def test_a_row_alone_and_in_a_batch_are_the_same(ready: Ready, rows: list[dict[str, Any]]) -> None:
    """Score and breaches do not depend on the company that a row is sent in."""
    _, decoded = CONTRACT.decode(msgspec.json.encode({"rows": [{"inputs": row} for row in rows]}))
    assert decoded
    scores, breaches = ready.score_many([row.inputs for row in decoded])
    alone = [ready.score_one(CONTRACT.name_inputs(row.inputs)) for row in decoded]
    assert list(zip(scores.tolist(), breaches, strict=True)) == alone


def test_the_matrix_has_the_codes_of_the_bundle(ready: Ready) -> None:
    """Columns in the bundle's order; a category is its place, an unseen one -1, a missing value NaN."""
    row = {"origin": "JFK", "distance": 7, "other": 1}
    _, decoded = CONTRACT.decode(msgspec.json.encode({"rows": [{"inputs": row}, {"inputs": {"origin": "LGA"}}]}))
    matrix = ready._rows.read([one.inputs for one in decoded or []])
    np.testing.assert_array_equal(matrix, [[1.0, 7.0, np.nan, np.nan], [-1.0, np.nan, np.nan, np.nan]])


def test_the_proof_goes_the_way_of_a_request(tmp_path: Path) -> None:
    """Golden rows are decoded and scored as a caller's are; one that is off, alone or in a batch, is found."""
    make_ready(tmp_path).prove(CONTRACT)
    with pytest.raises(MergelineError, match="golden row 'first' scores 0.25, not 0.2501") as caught:
        make_ready(tmp_path, golden=0.2501).prove(CONTRACT)
    assert "package it anew" in caught.value.fix


def test_a_golden_row_that_callers_could_not_send_is_found(tmp_path: Path) -> None:
    """A bundle with inputs that the contract does not have is not served."""
    ready = make_ready(tmp_path)
    ready.bundle.golden[0]["inputs"] = {"nothing": 1}
    with pytest.raises(MergelineError, match="refused by the contract"):
        ready.prove(CONTRACT)
