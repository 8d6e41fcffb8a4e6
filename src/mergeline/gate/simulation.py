"""Invents held-out periods whose truth is known, to see how often the gate is right.

Nothing here is yours to edit. A period is made like the example's: days that differ strongly (daily rate of positives
with a standard deviation near 0.15), and two models that err together on a day. With equal noise the two are exchanged
at random, so the true difference of every metric is exactly 0; a real difference is made by blurring one of them.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from mergeline.gate.paired import PairedInterval, compute_paired_intervals
from mergeline.gate.pairs import Floats
from mergeline.gate.tables import METRICS, make_table

Judge = Callable[[Mapping[str, PairedInterval]], str]

INTERCEPT, DAY_SD, SKILL_SD = -1.35, 0.95, 0.9
KNOWN_DAY, KNOWN_SKILL = 0.5, 0.8
BLURS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
POPULATION_DAYS, POPULATION_ROWS = 1500, 60


@dataclass(frozen=True)
class Setting:
    """What a held-out period is like.

    Attributes
    ----------
    n_days, rows_per_day : int
        Its size; days differ by ± 40 % in their rows.
    day_noise, slope_noise, row_noise : float
        How differently two models see one day, the skill on one day, and one row (standard deviations, in logits).
    """

    n_days: int = 90
    rows_per_day: int = 300
    day_noise: float = 0.07
    slope_noise: float = 0.05
    row_noise: float = 0.04


REFIT = Setting()
"""Two fits of one recipe: standard error of the AUC difference by day 0.001 on 90 days."""

FEATURES = Setting(day_noise=0.2, slope_noise=0.15, row_noise=0.1)
"""Two recipes of equal worth that differ in a group of features: 0.003."""


@dataclass(frozen=True)
class Period:
    """One invented period: arrays of shape (n_rows,)."""

    probability: Floats
    target: NDArray[np.int64]
    champion: Floats
    candidate: Floats
    day: NDArray[np.int64]


def simulate_period(rng: np.random.Generator, setting: Setting, blur: float = 0.0) -> Period:
    """Return a period in which the candidate is blurred (`blur` above 0), or the champion (below 0).

    A blurred model sees the skill through noise of that many standard deviations, a quarter of it shared by a day, and
    discounts what it sees, as a model trained on it would.
    """
    rows = rng.integers(int(0.6 * setting.rows_per_day), int(1.4 * setting.rows_per_day) + 1, setting.n_days)
    day = np.repeat(np.arange(setting.n_days), rows)
    day_effect = rng.normal(0, DAY_SD, setting.n_days)[day]
    skill = rng.normal(0, SKILL_SD, day.size)
    probability = _sigmoid(INTERCEPT + day_effect + skill)
    target = (rng.random(day.size) < probability).astype(np.int64)

    def score(model_blur: float) -> Floats:
        shared = rng.normal(0, setting.day_noise, setting.n_days)[day]
        slope = rng.normal(0, setting.slope_noise, setting.n_days)[day]
        error = model_blur * SKILL_SD
        seen = skill + rng.normal(0, error, day.size) + rng.normal(0, 0.25 * error, setting.n_days)[day]
        seen /= 1 + model_blur**2
        row = rng.normal(0, setting.row_noise, day.size)
        return _sigmoid(INTERCEPT + KNOWN_DAY * day_effect + (KNOWN_SKILL + slope) * seen + shared + row)

    return Period(probability, target, score(max(0.0, -blur)), score(max(0.0, blur)), day)


@cache
def compute_truth(setting: Setting, blur: float, seed: int) -> Mapping[str, float]:
    """Return the true candidate minus champion of each metric, from a population of 1,500 days; 0 without blur.

    Notes
    -----
    The population is judged with the candidate and with the champion blurred, all else equal, so that what the two
    models see differently by chance cancels.
    """
    large = replace(setting, n_days=POPULATION_DAYS, rows_per_day=POPULATION_ROWS)
    worse, better = (simulate_period(np.random.default_rng(seed), large, sign * blur) for sign in (1, -1))
    return {metric: (_measure(worse, metric) - _measure(better, metric)) / 2 for metric in METRICS}


def find_blur(setting: Setting, auc_difference: float, seed: int) -> float:
    """Return the blur that makes this true difference of ROC AUC (candidate minus champion), by interpolation.

    Parameters
    ----------
    auc_difference : float
        From -0.03 to 0.03.
    """
    losses = [-compute_truth(setting, blur, seed)["roc_auc"] for blur in BLURS]
    return float(-np.sign(auc_difference) * np.interp(abs(auc_difference), losses, BLURS))


def replay(
    judges: Mapping[str, Judge], setting: Setting, auc_difference: float, n_replays: int, seed: int
) -> dict[str, Counter[str]]:
    """Return how often each judge gave which verdict over replays with this true difference of ROC AUC.

    Parameters
    ----------
    judges : mapping of str to callable
        From the intervals by metric to a verdict; all see the same replays.
    setting : Setting
        What the periods are like.
    auc_difference : float
        Candidate minus champion, -0.03 to 0.03; 0 is "no change".
    n_replays : int
        Periods to invent.
    seed : int
        Equal seeds give equal counts.
    """
    blur = find_blur(setting, auc_difference, seed) if auc_difference else 0.0
    rng = np.random.default_rng([seed, n_replays])
    verdicts: dict[str, Counter[str]] = {name: Counter() for name in judges}
    for number in range(n_replays):
        intervals = _compare(simulate_period(rng, setting, blur), "cluster", number)
        for name, judge in judges.items():
            verdicts[name][judge(intervals)] += 1
    return verdicts


def measure_coverage(
    setting: Setting,
    blur: float,
    n_repetitions: int,
    seed: int,
    *,
    by: Sequence[Literal["cluster", "row"]] = ("cluster", "row"),
    n_resamples: int = 2000,
) -> dict[str, dict[str, float]]:
    """Return, by unit of resampling and metric, the share of 95 % intervals that hold the true difference."""
    truth = compute_truth(setting, blur, seed)
    rng = np.random.default_rng([seed, n_repetitions])
    held = {unit: dict.fromkeys(METRICS, 0) for unit in by}
    for number in range(n_repetitions):
        period = simulate_period(rng, setting, blur)
        for unit in by:
            for metric, found in _compare(period, unit, number, n_resamples).items():
                held[unit][metric] += found.low <= truth[metric] <= found.high
    return {unit: {metric: count / n_repetitions for metric, count in counts.items()} for unit, counts in held.items()}


def _compare(period: Period, unit: str, seed: int, n_resamples: int = 2000) -> dict[str, PairedInterval]:
    cluster = period.day if unit == "cluster" else np.arange(period.day.size)
    return compute_paired_intervals(
        period.target, period.champion, period.candidate, cluster, n_resamples=n_resamples, random_state=seed
    )


def _measure(period: Period, metric: str) -> float:
    """Return the difference of a metric; a row counts as positive and negative by its probability, not its outcome."""
    target = np.repeat([True, False], period.day.size)
    weight = np.concatenate([period.probability, 1 - period.probability])
    one = np.zeros(target.size, dtype=np.intp)
    candidate, champion = (
        make_table(metric, target, np.tile(score, 2), one, weight, 1) for score in (period.candidate, period.champion)
    )
    return float((candidate - champion).evaluate(np.ones((1, 1)))[0][0])


def _sigmoid(logit: Floats) -> Floats:
    return 1 / (1 + np.exp(-logit))
