"""How often monitoring alarms where nothing changed: quiet weeks drawn day by day from the real held-out data.

Nothing here is yours to edit: the limits are in `params.yaml`, group `monitor`. Each window takes, for every day of the
week, one such day of one held-out batch, and is compared with the days of that batch that were not drawn: window and
reference then differ by chance alone, and by as much as days do.
"""

import argparse
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from mergeline.bundle.read import Bundle, read_bundle
from mergeline.command import run
from mergeline.errors import MergelineError
from mergeline.files import write_json
from mergeline.monitoring.alarm import decide, find_alarms
from mergeline.monitoring.judge import judge_window
from mergeline.monitoring.layout import Block, Counts, Layout
from mergeline.monitoring.outcomes import BINS, DayOutcome
from mergeline.monitoring.tally import Day
from mergeline.monitoring.windows import Check, Window
from mergeline.params import Monitor, load_params

LONG_AFTER = datetime(9999, 1, 1, tzinfo=UTC)


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(
        prog="python -m mergeline.monitoring.simulate", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--bundle", type=Path, default=Path("artifacts/bundle"), help="default: %(default)s")
    parser.add_argument("--features", type=Path, default=Path("artifacts/features"), help="default: %(default)s")
    parser.add_argument(
        "--predictions", type=Path, default=Path("artifacts/predictions.parquet"), help="default: %(default)s"
    )
    parser.add_argument("--windows", type=int, default=1000, help="quiet windows per batch (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=13, help="default: %(default)s")
    parser.add_argument("--out", type=Path, help="also write the result here, as JSON")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Print the false-alarm rate and return 0."""
    options = make_parser().parse_args(argv)
    rows = read_rows(options.features, options.predictions)
    result = simulate(rows, read_bundle(options.bundle), load_params().monitor, options.windows, options.seed)
    if options.out:
        write_json(options.out, result)
    print(f"{result['windows']:,} quiet windows, seed {options.seed}")
    print(f"  with any breach: {result['breach_share']:.1%}; alarms: {result['alarms']}")
    print(f"  alarms per 100 quiet windows: {result['alarms_per_100']:.2f}")
    for name, share in result["by_check"].items():
        print(f"    {share:6.2%} of windows in breach: {name}")
    print("next: to have fewer alarms raise usual_factor, noise_factor or alarm_windows in params.yaml, group monitor")
    return 0


def read_rows(features: Path, predictions: Path) -> pl.DataFrame:
    """Return the held-out rows with their features, scores and targets.

    Raises
    ------
    MergelineError
        If the pipeline has not run.
    """
    if not predictions.exists():
        raise MergelineError("there are no held-out predictions", where=str(predictions), fix="run `make` first")
    scores = pl.read_parquet(predictions, columns=["row_id", "batch", "score"])
    batches = scores["batch"].unique().sort().to_list()
    parts = [pl.read_parquet(features / f"{batch}.parquet") for batch in batches]
    return pl.concat(parts).join(scores, on="row_id")


class Replayed(Layout):
    """A layout whose reference for one batch is what was not drawn from it."""

    def __init__(self, bundle: Bundle) -> None:
        super().__init__(bundle)
        self.left: dict[str, Counts] = {}

    def read_profile(self, block: Block, batches: Any) -> Counts:
        """Return the counts of the days not drawn where there are such, else the profile's."""
        total = np.zeros(block.stop - block.start, dtype=np.int64)
        for batch in batches:
            if batch in self.left:
                total += self.left[batch][block.start : block.stop]
            else:
                total += super().read_profile(block, [batch])
        return total


def simulate(rows: pl.DataFrame, bundle: Bundle, params: Monitor, n_windows: int, seed: int) -> dict[str, Any]:
    """Return how many of `n_windows` quiet windows per batch are in breach, and how many alarms they raise.

    Parameters
    ----------
    rows : polars.DataFrame
        `batch`, `day`, `target`, `score` and the features.
    bundle : Bundle
        Its reference sets the bins.
    params : Monitor
        The limits.
    n_windows : int
        Windows per batch, in one run: alarms open and close along it.
    seed : int
        Of the draws.
    """
    random = np.random.default_rng(seed)
    season = replace(params, reference="season")
    breaches: Counter[str] = Counter()
    ill = alarms = 0
    batches = rows["batch"].unique().sort().to_list()
    for batch in batches:
        layout = Replayed(bundle)
        days = count_days(rows.filter(pl.col("batch") == batch), layout)
        history: list[dict[str, Any]] = []
        is_open = False
        for number in range(n_windows):
            drawn = draw_window(days, random)
            checks = judge_drawn(drawn, days, batch, layout, season)
            names = [check.name for check in checks if check.state == "breach"]
            ill += bool(names)
            breaches.update(names)
            history.append({"start": f"{number:09}", "shadow": False, "checks": [check.to_json() for check in checks]})
            del history[: -params.alarm_of]
            action = decide(find_alarms(history, [], params), is_open, True, False).action
            alarms += action == "open"
            is_open = action in ("open", "update")
    total = n_windows * len(batches)
    return {
        "windows": total,
        "seed": seed,
        "breach_share": round(ill / total, 6),
        "alarms": alarms,
        "alarms_per_100": round(100 * alarms / total, 4),
        "by_check": {name: round(count / total, 6) for name, count in breaches.most_common()},
    }


def count_days(rows: pl.DataFrame, layout: Layout) -> dict[date, tuple[Day, DayOutcome]]:
    """Return what the monitor would have counted of each day."""
    counted = {}
    for (day,), part in rows.partition_by("day", as_dict=True).items():
        inputs = {block.name: part[block.name] for block in layout.features}
        places = np.zeros(len(part), dtype=np.int64)
        mine = Day(layout.count(inputs, part["score"], places, 1)[0], len(part), float(part["score"].sum()))
        known = part.filter(pl.col("target").is_not_null())
        scores, target = known["score"].to_numpy(), known["target"].to_numpy().astype(np.int64)
        bins = np.minimum((scores * BINS).astype(np.int64), BINS - 1)
        outcome = DayOutcome(
            predicted=len(part),
            labelled=len(known),
            labelled_score_sum=float(scores.sum()),
            squared_sum=float(((scores - target) ** 2).sum()),
            histogram=np.bincount(target * BINS + bins, minlength=2 * BINS).reshape(2, BINS),
        )
        counted[date.fromisoformat(str(day))] = (mine, outcome)
    return counted


def draw_window(days: Iterable[date], random: np.random.Generator) -> list[date]:
    """Return one of `days` for each day of the week."""
    by_weekday = [[day for day in sorted(days) if day.weekday() == weekday] for weekday in range(7)]
    return [found[int(random.integers(len(found)))] for found in by_weekday if found]


def judge_drawn(
    drawn: Sequence[date],
    days: Mapping[date, tuple[Day, DayOutcome]],
    batch: str,
    layout: Replayed,
    params: Monitor,
) -> list[Check]:
    """Return the judgements of a window of the days `drawn`, compared with the other `days` of the batch."""
    rest = [content for day, content in days.items() if day not in drawn]
    layout.left = {batch: np.sum([day.counts for day, _ in rest], axis=0)}
    labelled = sum(outcome.labelled for _, outcome in rest)
    positive = sum(int(outcome.histogram[1].sum()) for _, outcome in rest)
    layout.reference["labels"][batch] = {"n": labelled, "positive": positive}
    start = min(days)
    window = Window(start, start + timedelta(days=7), True)
    window.days = [days[day][0] for day in drawn]
    window.outcomes = [days[day][1] for day in drawn]
    return judge_window(window, layout, params, LONG_AFTER, True)


if __name__ == "__main__":
    run(main)
