"""Tests of what a request may hold: every refusal names the field, and the schema says the same as the decoder."""

import json
import math
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergeline.bundle.features import read_features
from mergeline.errors import MergelineError
from mergeline.serving.contract import Contract, merge_features
from mergeline.serving.faults import Fault, explain
from mergeline.serving.limits import NUMBER, ROWS, TEXT
from unit.serving.bundles import FEATURES

SPECS = read_features({"features": FEATURES})
CONTRACT = Contract(SPECS)
REFUSED = [
    ('{"inputs": {"distance": NaN}}', "inputs.distance", "NaN is not a number of JSON"),
    ('{"rows": [{"inputs": {}}, {"inputs": {"distance": -Infinity}}]}', "rows[1].inputs.distance", "-Infinity is not"),
    ('{"inputs": {"distance": 1e999}}', "inputs.distance", "out of range"),
    ('{"inputs": {"distance": 1e300}}', "inputs.distance", "<= 9007199254740992"),
    ('{"inputs": {"distance": ' + "9" * 500 + "}}", "inputs.distance", "out of range"),
    ('{"inputs": {"distance": "12"}}', "inputs.distance", "Expected a number or null, got text"),
    ('{"inputs": {"distance": true}}', "inputs.distance", "Expected a number or null"),
    ('{"inputs": {"distance": [1]}}', "inputs.distance", "got a list"),
    ('{"inputs": {"origin": 3}}', "inputs.origin", "Expected text or null, got a number"),
    ('{"inputs": {"origin": "' + "x" * (TEXT + 1) + '"}}', "inputs.origin", "length <= 256"),
    ('{"inputs": {"wind gust": {}}}', "inputs.wind gust", "got an object"),
    ('{"inputs": {"distanc": 1}}', "inputs.distanc", "is not a feature"),
    ('{"rows": [{"inputs": {"distanc": 1}}]}', "rows[0].inputs.distanc", "is not a feature"),
    ('{"distance": 1}', "distance", "is a feature"),
    ('{"input": {}}', "input", "is not a known field"),
    ('{"inputs": {}, "key": ""}', "key", "length >= 1"),
    ('{"inputs": {}, "rows": [{"inputs": {}}]}', "inputs", "stands beside 'rows'"),
    ('{"rows": [{"inputs": {}}], "key": "a"}', "key", "stands beside 'rows'"),
    ('{"rows": []}', "rows", "length >= 1"),
    ("{}", "inputs", "is missing"),
    ('{"rows": [{}]}', "rows[0].inputs", "is missing"),
    ("[]", "body", "Expected an object, got a list"),
    ("", "body", "is not JSON"),
    ("{", "body", "is not JSON"),
    ('{"inputs": ' + '{"a":' * 5000, "inputs.a", "is not a feature"),
]


def refuse(content: str | bytes) -> Fault:
    """Return why `content` is refused."""
    raw = content.encode() if isinstance(content, str) else content
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError, RecursionError)) as caught:
        CONTRACT.decode(raw)
    return explain(raw, caught.value, CONTRACT.features)


@pytest.mark.parametrize(("content", "where", "what"), REFUSED, ids=range(len(REFUSED)))
def test_a_refusal_names_the_field(content: str, where: str, what: str) -> None:
    """Unknown fields, wrong types, NaN, infinities and huge numbers are each refused by the place they stand at."""
    fault = refuse(content)
    assert fault.where == where
    assert what in fault.what
    assert fault.fix


def test_a_misspelt_feature_is_guessed() -> None:
    """The fix says which feature was probably meant, and which there are."""
    assert refuse('{"inputs": {"distanc": 1}}').fix == "did you mean 'distance'? allowed: origin, distance, wind gust"


def test_bytes_that_are_no_text_are_refused() -> None:
    """A body that is not UTF-8 is a fault of the request."""
    assert refuse(b'{"inputs": {"origin": "\xff\xfe"}}').where in ("body", "inputs.origin")


def test_more_rows_than_the_limit_are_refused() -> None:
    """The limit of rows is checked while decoding."""
    fault = refuse(json.dumps({"rows": [{"inputs": {}}] * (ROWS + 1)}))
    assert (fault.where, f"length <= {ROWS}" in fault.what) == ("rows", True)


def test_a_value_left_out_is_missing() -> None:
    """Null and absent are the same; a whole number serves for a number."""
    one, many = CONTRACT.decode(b'{"inputs": {"distance": 12, "origin": null}, "key": "k"}')
    assert many is None
    assert (one.key, CONTRACT.name_inputs(one.inputs)) == ("k", {"origin": None, "distance": 12.0, "wind gust": None})


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
inputs = st.dictionaries(st.sampled_from(["origin", "distance", "wind gust", "x"]), json_values, max_size=4)


@given(st.fixed_dictionaries({"inputs": inputs | json_values}, optional={"key": json_values, "rows": json_values}))
def test_whatever_comes_is_decoded_or_explained(body: Any) -> None:
    """Any JSON is either a row with finite numbers or a fault with a place; nothing else happens."""
    raw = json.dumps(body).encode()
    try:
        one, many = CONTRACT.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        fault = explain(raw, error, CONTRACT.features)
        assert fault.what
        assert fault.where
        return
    for row in many or [one]:
        named = CONTRACT.name_inputs(row.inputs)
        assert named["origin"] is None or isinstance(named["origin"], str)
        for name in ("distance", "wind gust"):
            assert named[name] is None or (math.isfinite(named[name]) and abs(named[name]) <= NUMBER)


@given(st.binary(max_size=200))
def test_any_bytes_are_decoded_or_explained(raw: bytes) -> None:
    """No bytes break the decoder in another way than by an error that can be explained."""
    try:
        CONTRACT.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        fault = explain(raw, error, CONTRACT.features)
        assert fault.what


def test_variants_may_know_different_features_but_not_differ_about_one() -> None:
    """A request may hold the features of all variants; a name that is text for one and a number for another: no."""
    other = read_features({"features": [FEATURES[0], {**FEATURES[1], "name": "rain"}]})
    assert [one.name for one in merge_features([("a", SPECS), ("b", other)])] == [
        "origin",
        "distance",
        "wind gust",
        "rain",
    ]
    clash = read_features({"features": [{**FEATURES[1], "name": "origin"}]})
    with pytest.raises(MergelineError, match="'origin' is numeric for variant 'b' and categorical") as caught:
        merge_features([("a", SPECS), ("b", clash)])
    assert "only if their features mean the same" in caught.value.fix
