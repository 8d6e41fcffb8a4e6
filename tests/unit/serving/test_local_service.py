"""Tests of `make serve`: a bundle is laid out once, what was deployed is left alone, the printed call works."""

import json
from pathlib import Path

import pytest

from mergeline.errors import MergelineError
from mergeline.serving.local import Place, deploy_local, describe_call, read_served
from mergeline.serving.state import parse_state
from unit.serving.bundles import describe_variant, write_bundle, write_state


def test_a_local_bundle_is_deployed_and_renewed(tmp_path: Path) -> None:
    """Without a state the local bundle serves; made anew, the new one does."""
    place = Place(tmp_path / "root")
    for score in (0.1, 0.2):
        digest = write_bundle(tmp_path / "made", score)
        told = deploy_local(tmp_path / "made" / digest, place, "flights")
        assert told.startswith(f"deployed the local bundle {digest[:12]}")
        assert parse_state(place.state.read_bytes(), place.state).variants[0].digest == digest
        assert deploy_local(tmp_path / "made" / digest, place, "flights").startswith("serving the local bundle")
        assert read_served(place).digest == digest


def test_what_was_deployed_is_left_alone(tmp_path: Path) -> None:
    """A state that a deployment wrote is served as it is."""
    place = Place(tmp_path)
    deployed, local = write_bundle(place.store, 0.1), write_bundle(tmp_path / "made", 0.2)
    write_state(place.state, describe_variant("champion", deployed))
    assert "serving what was deployed" in deploy_local(tmp_path / "made" / local, place, "flights")
    assert read_served(place).digest == deployed


def test_without_a_bundle_the_fix_is_make(tmp_path: Path) -> None:
    """On a clone where nothing was made yet the error says what to run."""
    with pytest.raises(MergelineError) as caught:
        deploy_local(tmp_path / "nothing", Place(tmp_path), "flights")
    assert caught.value.fix == "run `make`, which makes it, then `make serve`"


def test_the_printed_call_holds_a_row_and_its_score(tmp_path: Path) -> None:
    """What is printed can be pasted: the body is JSON that the contract takes."""
    bundle = read_served(_deploy(tmp_path))
    printed = describe_call(bundle, 8000)
    body = json.loads(printed.split("-d '")[1].split("'\n")[0])
    assert body["row_id"] == "first"
    assert "should be 0.250000" in printed


def _deploy(folder: Path) -> Place:
    place = Place(folder)
    deploy_local(folder / "made" / write_bundle(folder / "made", 0.25), place, "flights")
    return place
