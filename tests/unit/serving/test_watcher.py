"""Tests of taking in a desired state: proven first, swapped whole, and never at the cost of what serves."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from mergeline.serving import watcher as module
from mergeline.serving.measures import Measures
from mergeline.serving.watcher import Watcher
from unit.serving.bundles import FEATURES, describe_variant, write_bundle, write_state


class Place:
    """A state file and a store, watched by hand."""

    def __init__(self, folder: Path) -> None:
        self.state, self.store = folder / "production.json", folder / "store"
        self.measures = Measures()
        self.watcher = Watcher(self.state, self.store, self.measures)

    def deploy(self, *digests: str) -> None:
        """Ask for the bundles, in equal shares, and look."""
        weights = [100 // len(digests)] * len(digests)
        weights[0] += 100 - sum(weights)
        named = zip(digests, weights, strict=True)
        write_state(self.state, *(describe_variant(f"v{n}", one, weight) for n, (one, weight) in enumerate(named)))
        self.watcher.check()

    @property
    def serving(self) -> list[str]:
        """Digests that answer."""
        assert self.watcher.deployment
        return [ready.digest for ready in self.watcher.deployment.variants]

    def count(self, outcome: str) -> float:
        """Return how many states came to this outcome."""
        return self.measures.registry.get_sample_value("mergeline_deployments_total", {"outcome": outcome}) or 0.0


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return a place where nothing serves yet."""
    return Place(tmp_path)


def test_a_new_state_takes_the_place_of_the_old(place: Place) -> None:
    """What is asked for serves after one look, and a second look changes nothing."""
    first, second = (write_bundle(place.store, score) for score in (0.1, 0.2))
    place.deploy(first)
    assert place.serving == [first]
    place.deploy(second)
    deployment = place.watcher.deployment
    place.watcher.check()
    assert (place.serving, place.watcher.deployment is deployment) == ([second], True)
    assert (place.count("switched"), place.count("failed")) == (2, 0)


def test_before_a_first_state_nothing_serves_and_the_reason_is_told(place: Place) -> None:
    """A service without a state waits for one."""
    place.watcher.check()
    assert place.watcher.deployment is None
    assert place.watcher.problem
    assert place.watcher.problem.what == "there is no desired state"
    place.deploy(write_bundle(place.store, 0.1))
    assert place.watcher.problem is None


BROKEN = {
    "a tampered byte": lambda folder: (folder / "model.json").write_bytes(
        (folder / "model.json").read_bytes().replace(b"0.2", b"0.3")
    ),
    "a missing file": lambda folder: (folder / "golden.json").unlink(),
    "an extra file": lambda folder: (folder / "more.json").write_text("{}"),
    "no manifest": lambda folder: (folder / "manifest.json").unlink(),
    "another format": lambda folder: (folder / "manifest.json").write_text(
        json.dumps({**json.loads((folder / "manifest.json").read_text()), "format": 2})
    ),
    "no bundle": shutil.rmtree,
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_bundle_is_kept_out(place: Place, fault: str) -> None:
    """What serves goes on serving, and the problem says what is wrong, where, and what to do."""
    good, bad = (write_bundle(place.store, score) for score in (0.1, 0.2))
    BROKEN[fault](place.store / bad)
    place.deploy(good)
    place.deploy(bad)
    assert place.serving == [good]
    assert place.watcher.problem
    assert bad in place.watcher.problem.where
    assert place.watcher.problem.fix
    assert place.count("failed") == 1
    assert place.measures.registry.get_sample_value("mergeline_deployment_failing") == 1


def test_a_bundle_that_scores_its_golden_rows_otherwise_is_kept_out(place: Place) -> None:
    """A model that is sealed well and computes wrong never answers."""
    good, bad = write_bundle(place.store, 0.1), write_bundle(place.store, 0.2, golden=0.21)
    place.deploy(good)
    place.deploy(bad)
    assert place.serving == [good]
    assert place.watcher.problem
    assert "golden row 'first'" in place.watcher.problem.what


def test_one_broken_variant_keeps_the_whole_state_out(place: Place) -> None:
    """A deployment is taken in whole or not at all."""
    first, second, bad = (write_bundle(place.store, score) for score in (0.1, 0.2, 0.3))
    place.deploy(first)
    (place.store / bad / "model.json").unlink()
    place.deploy(second, bad)
    assert place.serving == [first]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"format": 2}, "format 2"),
        ({"variants": []}, "length >= 1"),
        ({"variants": [{"name": "a"}]}, "missing required field"),
        ({"variants": [describe_variant("a", "0" * 64, 99)]}, "add up to 99"),
        ({"variants": [describe_variant("a", "0" * 64, 50)] * 2}, "two variants are named 'a'"),
        ({"variants": [describe_variant("a", "../../etc", 100)]}, "matching regex"),
        ({"variants": [{**describe_variant("a", "0" * 64), "weight": 99.5}]}, "weight"),
    ],
)
def test_a_state_of_another_form_is_kept_out(place: Place, change: dict[str, Any], what: str) -> None:
    """A state is read strictly: a slip in it never reaches a caller."""
    good = write_bundle(place.store, 0.1)
    place.deploy(good)
    place.state.write_text(json.dumps({**json.loads(place.state.read_text()), **change}))
    place.watcher.check()
    assert place.serving == [good]
    assert place.watcher.problem
    assert what in place.watcher.problem.what
    assert place.watcher.problem.fix


def test_a_store_that_is_late_is_tried_again(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The state came before its bundle: once the bundle is there, it serves without a new state."""
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.0)
    good = write_bundle(place.store, 0.1)
    place.deploy(good)
    late = write_bundle(place.store, 0.2)
    aside = (place.store / late).rename(place.store.parent / "aside")
    place.deploy(late)
    assert place.serving == [good]
    aside.rename(place.store / late)
    place.watcher.check()
    assert (place.serving, place.watcher.problem) == ([late], None)


def test_without_the_store_the_last_state_can_still_be_rolled_back_to(place: Place) -> None:
    """The store is gone: what serves goes on, and the state before it is still in memory."""
    first, second = (write_bundle(place.store, score) for score in (0.1, 0.2))
    place.deploy(first)
    place.deploy(second)
    shutil.rmtree(place.store)
    place.deploy(first)
    assert (place.serving, place.watcher.problem) == ([first], None)


def test_a_state_that_goes_back_to_what_serves_clears_the_problem(place: Place) -> None:
    """A bad state is answered by the old one again: nothing is loaded, and nothing is wrong any more."""
    good = write_bundle(place.store, 0.1)
    place.deploy(good)
    deployment = place.watcher.deployment
    place.deploy("0" * 64)
    assert place.watcher.problem
    place.deploy(good)
    assert (place.watcher.problem, place.watcher.deployment is deployment) == (None, True)


def test_a_state_file_that_is_gone_changes_nothing(place: Place) -> None:
    """The file is removed: what serves goes on, and the problem is told."""
    place.deploy(good := write_bundle(place.store, 0.1))
    place.state.unlink()
    place.watcher.check()
    assert place.serving == [good]
    assert place.watcher.problem


def test_whatever_loading_raises_keeps_the_old(place: Place) -> None:
    """An error that nobody foresaw is told, not passed on."""
    place.deploy(good := write_bundle(place.store, 0.1))

    def explode(*_: object) -> None:
        raise ZeroDivisionError("surprise")

    place.watcher._load = explode  # type: ignore[assignment]
    place.deploy(write_bundle(place.store, 0.2))
    assert place.serving == [good]
    assert place.watcher.problem
    assert "surprise" in place.watcher.problem.what


def test_variants_of_another_contract_take_what_is_theirs(place: Place) -> None:
    """Champion and challenger may read different features: a request may hold all of them."""
    other = [FEATURES[0], {**FEATURES[1], "name": "rain"}]
    place.deploy(write_bundle(place.store, 0.1), write_bundle(place.store, 0.2, features=other))
    assert place.watcher.deployment
    assert list(place.watcher.deployment.contract.features) == ["origin", "distance", "wind gust", "rain"]
