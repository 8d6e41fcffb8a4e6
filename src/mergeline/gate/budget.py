"""What serving the model costs: time to score one row and a batch, and the size of its file, against budgets.

Nothing here is yours to edit: budgets are in `params.yaml`, group `gate`. Times depend on the machine and the moment,
so they are printed and shown in verdict.md, and enter verdict.json only where a budget is broken: the same commit gives
the same verdict everywhere.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

from mergeline.gate.rules import Rule
from mergeline.params import Gate

ROUNDS, CALLS, WARM_UP = 3, 15, 2
BATCH = 1000
PATIENCE = 10.0


@dataclass(frozen=True)
class Cost:
    """What was measured of one model: milliseconds for one row and for a batch of 1,000 rows, and bytes of its file."""

    row_ms: float
    batch_ms: float
    n_bytes: int


def measure_ms(call: Callable[[int], Any], budget: float, *, clock: Callable[[], float] = time.perf_counter) -> float:
    """Return how long `call` takes: the lowest of up to three medians of 15 calls, in milliseconds.

    Parameters
    ----------
    call : callable
        Gets the number of the call, so that it can take another row each time.
    budget : float
        In ms. As soon as a round keeps it, no other is run; a model that is far off is not waited for.
    clock : callable
        Seconds, from any start.

    Notes
    -----
    Other work on the machine only ever adds time. The median of a round forgets single stalls; the lowest round
    forgets a stall of a second or two.
    """
    for number in range(WARM_UP):
        call(number)
    rounds: list[float] = []
    started = clock()
    for _ in range(ROUNDS):
        times: list[float] = []
        while len(times) < CALLS and (len(times) < 3 or clock() - started < PATIENCE):
            before = clock()
            call(len(times))
            times.append(1000 * (clock() - before))
        rounds.append(median(times))
        if rounds[-1] <= budget or clock() - started >= PATIENCE:
            break
    return min(rounds)


def measure_cost(predict: Callable[[Any], Any], rows: Any, n_bytes: int, gate: Gate) -> Cost:
    """Return what scoring costs.

    Parameters
    ----------
    predict : callable
        From a frame of features to scores.
    rows : polars.DataFrame
        Rows to take single rows and batches from; repeated if there are fewer than 1,000.
    n_bytes : int
        Size of the model's file.
    """
    batch = rows
    while batch.height < BATCH:
        batch = batch.vstack(rows)
    batch = batch.head(BATCH)
    row_ms = measure_ms(lambda number: predict(batch.slice(number, 1)), gate.max_row_ms)
    return Cost(row_ms, measure_ms(lambda _: predict(batch), gate.max_batch_ms), n_bytes)


def judge_cost(cost: Cost, gate: Gate) -> list[Rule]:
    """Return the rules on time and size."""
    return [
        _judge_time("max_row_ms", "scoring one row", cost.row_ms, gate.max_row_ms, gate.latency_slack),
        _judge_time("max_batch_ms", f"scoring {BATCH:,} rows", cost.batch_ms, gate.max_batch_ms, gate.latency_slack),
        _judge_size(cost.n_bytes / 1e6, gate.max_model_mb),
    ]


def describe_cost(cost: Cost) -> str:
    """Return what was measured, in words."""
    return (
        f"one row {cost.row_ms:.1f} ms, {BATCH:,} rows {cost.batch_ms:.1f} ms (median, this machine), "
        f"model file {cost.n_bytes / 1e6:.2f} MB"
    )


def _judge_time(name: str, words: str, taken: float, budget: float, slack: float) -> Rule:
    limit = budget * (1 + slack)
    if taken <= limit:
        return Rule(name, "pass", f"{words} takes no more than {limit:g} ms ({budget:g} ms and {slack:.0%} slack)")
    says = f"{words} takes {taken:,.1f} ms, more than {limit:g} ms ({budget:g} ms and {slack:.0%} slack)"
    return Rule(name, "reject", says, f"a smaller or simpler model, or a budget that serving can afford: gate.{name}")


def _judge_size(megabytes: float, budget: float) -> Rule:
    says = f"the file of the model that ships has {megabytes:.2f} MB"
    if megabytes <= budget:
        return Rule("max_model_mb", "pass", f"{says}, no more than {budget:g}")
    change = "fewer or smaller trees, or a budget that deployment can afford: gate.max_model_mb"
    return Rule("max_model_mb", "reject", f"{says}, more than {budget:g}", change)
