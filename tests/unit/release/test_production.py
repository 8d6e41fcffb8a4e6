"""Tests of the desired state's form: the schema, and what it cannot say."""

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from mergeline.errors import MergelineError
from mergeline.release.production import SCHEMA, Production, Variant, parse_production, render_production

ONE = Variant("champion", "a" * 64, "v0.0.1", "b" * 40, 90)
OTHER = Variant("challenger", "c" * 64, "v0.0.2", "d" * 40, 10)
SHADOW = Variant("shadow", "e" * 64, "v0.0.3", "f" * 40)
STATE = Production("flights", (ONE, OTHER), SHADOW, "Test", "because", "promote", "2026-11-30T12:00:00Z")


def test_a_state_is_read_as_it_was_written() -> None:
    """Nothing is lost on the way, with and without a shadow."""
    assert parse_production(render_production(STATE), "here") == STATE
    alone = Production(
        "flights",
        (Variant("champion", "a" * 64, "v0.0.1", "b" * 40, 100),),
        None,
        "T",
        "r",
        "promote",
        "2026-11-30T12:00:00Z",
    )
    assert parse_production(render_production(alone), "here") == alone
    assert alone.champion.version == "v0.0.1"


def test_the_schema_is_one() -> None:
    """It is valid by its own rules."""
    Draft202012Validator.check_schema(json.loads(SCHEMA.read_text()))


def change(**changes: Any) -> dict[str, Any]:
    """Return the state's file with other entries."""
    return {**json.loads(render_production(STATE)), **changes}


def change_variant(**changes: Any) -> dict[str, Any]:
    """Return the state's file with other entries of the first variant."""
    content = change()
    content["variants"][0] |= changes
    return content


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (change(format=2), "'format'"),
        (change(extra=1), "extra"),
        (change(variants=[]), "'variants'"),
        (change(reason=""), "'reason'"),
        (change(at="yesterday"), "'at'"),
        (change_variant(digest="a" * 63), r"variants\[0\].digest"),
        (change_variant(weight=50), "add up to 60"),
        (change_variant(weight=-1), r"variants\[0\].weight"),
        (change_variant(weight=90.5), r"variants\[0\].weight"),
        (change_variant(commit="main"), r"variants\[0\].commit"),
        (change_variant(name="challenger"), "stands twice"),
        (change_variant(name="shadow"), "stands twice"),
        ({key: value for key, value in change().items() if key != "author"}, "author"),
        ([], "not of its form"),
    ],
)
def test_a_state_of_another_form_is_refused_and_the_place_is_named(content: Any, named: str) -> None:
    """Each fault says where it is and how to get out of it."""
    with pytest.raises(MergelineError, match=named) as error:
        parse_production(json.dumps(content), "production.json")
    assert "make rollback" in error.value.fix


def test_a_state_that_is_not_json_is_refused() -> None:
    """Half a file is none."""
    with pytest.raises(MergelineError, match="not JSON"):
        parse_production('{"format": 1,', "production.json")
