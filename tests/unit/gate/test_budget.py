"""Time is measured so that a busy machine is no slow model, and a slow model is slow on any machine."""

from dataclasses import replace

import polars as pl
import pytest

from mergeline.gate.budget import CALLS, Cost, describe_cost, judge_cost, measure_cost, measure_ms
from parameters import GATE


class Clock:
    """A clock that calls move: each takes the next of `taken` seconds, in a circle."""

    def __init__(self, *taken: float) -> None:
        self.taken, self.now, self.calls = taken, 0.0, 0

    def __call__(self) -> float:
        return self.now

    def work(self, number: int) -> None:
        """Take the time."""
        self.now += self.taken[self.calls % len(self.taken)]
        self.calls += 1


def measure(clock: Clock, budget: float = 100) -> float:
    """Return what is measured of the clock's work."""
    return measure_ms(clock.work, budget, clock=clock)


def test_a_fast_model_is_measured_once() -> None:
    """One round within the budget is enough."""
    clock = Clock(0.01)
    assert measure(clock) == pytest.approx(10)
    assert clock.calls == 2 + CALLS


def test_single_stalls_are_no_slow_model() -> None:
    """Every third call stalls for a second: the median does not see it."""
    assert measure(Clock(0.01, 0.01, 1.0)) == pytest.approx(10)


def test_a_busy_first_round_is_forgotten() -> None:
    """A machine that was busy for some seconds: a later round counts."""
    clock = Clock(*[0.15] * (2 + CALLS), *[0.02] * (2 * CALLS))
    assert measure(clock) == pytest.approx(20)


def test_a_slow_model_is_slow_in_every_round() -> None:
    """It is found slow, and not waited for longer than some seconds."""
    clock = Clock(0.3)
    assert measure(clock) == pytest.approx(300)
    very_slow = Clock(30.0)
    assert measure(very_slow) == pytest.approx(30_000)
    assert very_slow.calls <= 2 + 3


def outcomes(cost: Cost) -> dict[str, str]:
    """Return rule name to outcome."""
    return {rule.name: rule.outcome for rule in judge_cost(cost, GATE)}


def test_budgets_are_kept_up_to_their_slack_and_broken_beyond() -> None:
    """Each budget has its own rule; sizes have no slack."""
    fine = {"max_row_ms": "pass", "max_batch_ms": "pass", "max_model_mb": "pass"}
    assert outcomes(Cost(100, 300, 20_000_000)) == fine
    assert outcomes(Cost(149, 449, 20_000_000)) == fine
    assert outcomes(Cost(151, 449, 20_000_000)) == fine | {"max_row_ms": "reject"}
    assert outcomes(Cost(149, 451, 20_000_000)) == fine | {"max_batch_ms": "reject"}
    assert outcomes(Cost(149, 449, 20_100_000)) == fine | {"max_model_mb": "reject"}


def test_what_is_kept_says_nothing_of_this_machine_and_what_is_broken_does() -> None:
    """The same commit gives the same verdict.json everywhere; the time stands in verdict.md and where it decides."""
    kept, again = (judge_cost(Cost(ms, ms, 1000), GATE) for ms in (10.0, 11.0))
    assert kept == again
    broken = judge_cost(Cost(1234.5, 10, 1000), GATE)[0]
    assert broken.says == "scoring one row takes 1,234.5 ms, more than 150 ms (100 ms and 50% slack)"
    assert "gate.max_row_ms" in broken.change
    assert "one row 1234.5 ms" in describe_cost(Cost(1234.5, 10, 1000))


def test_single_rows_and_whole_batches_are_asked() -> None:
    """A model judged on few rows is measured on a batch of 1,000 all the same."""
    sizes: list[int] = []
    rows = pl.DataFrame({"x": range(300)})
    cost = measure_cost(lambda frame: sizes.append(frame.height), rows, 5, replace(GATE, max_row_ms=1000))
    assert set(sizes) == {1, 1000}
    assert cost.n_bytes == 5
