"""The operating curve: how often the gate promotes, holds and rejects, over the true difference to the champion.

Nothing here is yours to edit: margins are in `params.yaml`, group `gate`. Replays invent held-out periods of which the
truth is known (`simulation.py`). Writes `operating-curve.json` and `operating-curve.svg`; equal seeds give equal bytes.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mergeline.command import run
from mergeline.files import write_json
from mergeline.gate.paired import Answer, PairedInterval, judge
from mergeline.gate.simulation import FEATURES, REFIT, Rule, Setting, measure_coverage, replay
from mergeline.params import Gate, load_params

SETTINGS: Mapping[str, Setting] = {"refit": REFIT, "features": FEATURES}
DIFFERENCES = (-0.02, -0.01, -0.005, -0.003, 0.0, 0.003, 0.005, 0.01, 0.02)
VERDICTS: Mapping[Answer, str] = {
    "better": "promote",
    "not worse": "hold",
    "cannot tell": "hold",
    "worse": "reject",
}
SHOWN = ("promote", "hold", "reject")
COVERAGE_BLUR = 0.3
COVERAGE_RESAMPLES = 500


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(
        prog="python -m mergeline.gate.operating_curve", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--replays", type=int, default=200, help="invented periods per point (default: 200)")
    parser.add_argument(
        "--differences",
        type=float,
        nargs="+",
        default=list(DIFFERENCES),
        metavar="D",
        help="true differences of ROC AUC, candidate minus champion, -0.03 to 0.03 (default: nine from -0.02 to 0.02)",
    )
    parser.add_argument(
        "--repetitions", type=int, default=500, help="periods on which coverage is counted; 0 leaves it out"
    )
    parser.add_argument("--seed", type=int, default=13, help="seed of everything that draws (default: 13)")
    parser.add_argument(
        "--out", type=Path, default=Path("docs/gate"), help="folder of the results (default: docs/gate)"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Write the operating curve; return 0."""
    options = make_parser().parse_args(argv)
    curve = compute_curve(make_rule(load_params().gate), options.differences, options.replays, options.seed)
    coverage = compute_coverage(options.repetitions, options.seed) if options.repetitions else []
    write_json(
        options.out / "operating-curve.json",
        {
            "seed": options.seed,
            "replays": options.replays,
            "repetitions": options.repetitions,
            "settings": {name: asdict(setting) for name, setting in SETTINGS.items()},
            "curve": curve,
            "coverage": coverage,
        },
    )
    write_figure(options.out / "operating-curve.svg", curve)
    print(render_table(curve, coverage))
    print(f"wrote {options.out}/operating-curve.json and .svg; commit them if the gate's rules have changed")
    return 0


def make_rule(gate: Gate) -> Rule:
    """Return the gate's rule on ROC AUC: promote what is better beyond the margin, reject what is worse beyond it."""

    def rule(intervals: Mapping[str, PairedInterval]) -> str:
        return VERDICTS[judge(intervals["roc_auc"], gain=gate.min_auc_gain, loss=gate.max_auc_loss)]

    return rule


def compute_curve(rule: Rule, differences: Sequence[float], n_replays: int, seed: int) -> list[dict[str, Any]]:
    """Return, per setting and true difference, the share of replays with each verdict of `rule`."""
    return [
        {"setting": name, "auc_difference": difference, **{verdict: counts[verdict] / n_replays for verdict in SHOWN}}
        for name, setting in SETTINGS.items()
        for difference in differences
        for counts in [replay(rule, setting, difference, n_replays, seed)]
    ]


def compute_coverage(n_repetitions: int, seed: int) -> list[dict[str, Any]]:
    """Return the coverage of 95 % intervals on 90 and on 30 days, without a difference and with one."""
    return [
        {"n_days": n_days, "blur": blur, "unit": unit, **shares}
        for n_days in (90, 30)
        for blur in (0.0, COVERAGE_BLUR)
        for covered in [measure_coverage(_small(n_days), blur, n_repetitions, seed, n_resamples=COVERAGE_RESAMPLES)]
        for unit, shares in covered.items()
    ]


def render_table(curve: Sequence[Mapping[str, Any]], coverage: Sequence[Mapping[str, Any]]) -> str:
    """Return both results as Markdown tables."""
    lines = ["| change | true difference of ROC AUC | promote | hold | reject |", "| --- | --- | --- | --- | --- |"]
    for point in curve:
        shares = " | ".join(f"{point[verdict]:.1%}" for verdict in SHOWN)
        lines.append(f"| {point['setting']} | {point['auc_difference']:+.3f} | {shares} |")
    if coverage:
        lines += [
            "",
            "| days | blur | resampled by | ROC AUC | log loss | Brier |",
            "| --- | --- | --- | --- | --- | --- |",
        ]
    for row in coverage:
        shares = " | ".join(f"{row[metric]:.1%}" for metric in ("roc_auc", "log_loss", "brier"))
        lines.append(f"| {row['n_days']} | {row['blur']} | {row['unit']} | {shares} |")
    return "\n".join(lines)


def write_figure(path: Path, curve: Sequence[Mapping[str, Any]]) -> None:
    """Draw the share of each verdict over the true difference, one panel per setting."""
    from mergeline.report.figures import BLUE, GREY, RED, house_style, make_figure, write_svg

    colours = {"promote": BLUE, "hold": GREY, "reject": RED}
    with house_style():
        figure = make_figure(8.4, 3.4)
        for axes, name in zip(figure.subplots(1, len(SETTINGS), sharey=True), SETTINGS, strict=True):
            points = sorted((p for p in curve if p["setting"] == name), key=lambda point: point["auc_difference"])
            for verdict, colour in colours.items():
                shares = [point[verdict] for point in points]
                axes.plot([p["auc_difference"] for p in points], shares, color=colour, marker="o", label=verdict)
            axes.set(xlabel="true difference of ROC AUC to the champion", ylim=(-0.02, 1.02))
            axes.locator_params(axis="x", nbins=5)
            axes.set_title(f"{name}: {SETTINGS[name].n_days} days")
        figure.axes[0].set_ylabel("share of replays")
        figure.axes[0].legend(loc="center left")
        write_svg(path, figure)


def _small(n_days: int) -> Setting:
    """Return a period with strong noise by day and few rows, so that many of them can be invented."""
    return Setting(n_days, 60, day_noise=0.3, slope_noise=0.2, row_noise=0.1)


if __name__ == "__main__":
    run(main)
