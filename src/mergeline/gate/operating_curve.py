"""The operating curve: how often the gate promotes, holds and rejects, over the true difference to the champion.

Nothing here is yours to edit: margins are in `params.yaml`, group `gate`. Replays invent held-out periods of which the
truth is known (`simulation.py`) and judge each by the rules of the gate itself, as a first look. The rules on slices,
checks, floors and costs are left out: they can only make a promotion rarer. Writes `operating-curve.json` and
`operating-curve.svg`; equal seeds give equal bytes.
"""

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, Literal

from mergeline.command import run
from mergeline.files import write_json
from mergeline.gate.contest import judge_intervals
from mergeline.gate.paired import PairedInterval
from mergeline.gate.simulation import FEATURES, REFIT, Judge, Setting, measure_coverage, replay
from mergeline.gate.verdict import decide
from mergeline.params import Gate, load_params

SETTINGS: Mapping[str, Setting] = {"refit": REFIT, "features": FEATURES}
DIFFERENCES = (-0.02, -0.01, -0.005, -0.003, 0.0, 0.003, 0.005, 0.01, 0.02)
REASONS: tuple[Literal["quality", "refresh"], ...] = ("quality", "refresh")
RULES = ("level", "looks_correction", "max_auc_loss", "max_brier_rise", "max_auc_jump", "min_auc_gain")
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
    gate = load_params().gate
    curve = compute_curve(make_judges(gate), options.differences, options.replays, options.seed)
    coverage = compute_coverage(options.repetitions, options.seed) if options.repetitions else []
    write_json(
        options.out / "operating-curve.json",
        {
            "command": render_command(options),
            "rules": {name: getattr(gate, name) for name in RULES},
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
    print(f"\nwrote {options.out}/operating-curve.json and .svg; commit them if the gate's rules have changed")
    return 0


def render_command(options: argparse.Namespace) -> str:
    """Return the command that gives this result again."""
    differences = "" if options.differences == list(DIFFERENCES) else f" --differences {options.differences}"
    return (
        f"python -m mergeline.gate.operating_curve --seed {options.seed} --replays {options.replays} "
        f"--repetitions {options.repetitions}{differences}"
    )


def make_judges(gate: Gate) -> dict[str, Judge]:
    """Return, per `gate.reason`, the gate's verdict on the comparison with the champion at the first look."""

    def make(settled: Gate) -> Judge:
        def judge(intervals: Mapping[str, PairedInterval]) -> str:
            return str(decide(judge_intervals(intervals, 1, settled), "champion")["verdict"])

        return judge

    return {reason: make(replace(gate, reason=reason)) for reason in REASONS}


def compute_curve(
    judges: Mapping[str, Judge], differences: Sequence[float], n_replays: int, seed: int
) -> list[dict[str, Any]]:
    """Return, per setting, reason and true difference, the share of replays with each verdict."""
    return [
        {"setting": name, "reason": reason, "auc_difference": difference}
        | {verdict: counts[verdict] / n_replays for verdict in SHOWN}
        for name, setting in SETTINGS.items()
        for difference in differences
        for reason, counts in replay(judges, setting, difference, n_replays, seed).items()
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
    """Return both results as Markdown tables; a cell of the first is promote / hold / reject in percent."""
    columns = list(dict.fromkeys((point["setting"], point["reason"]) for point in curve))
    cells = {
        (point["auc_difference"], point["setting"], point["reason"]): " / ".join(f"{100 * point[v]:g}" for v in SHOWN)
        for point in curve
    }
    header = ["true difference of ROC AUC", *(f"{setting}, {reason}" for setting, reason in columns)]
    lines = [f"| {' | '.join(header)} |", f"|{' --: |' * len(header)}"]
    for difference in dict.fromkeys(point["auc_difference"] for point in curve):
        shown = [cells[difference, setting, reason] for setting, reason in columns]
        lines.append(f"| {' | '.join([f'{difference:+.3f}', *shown])} |")
    if coverage:
        lines += ["", "| days | blur | resampled by | ROC AUC | log loss | Brier |"]
        lines += ["| --: | --: | --- | --: | --: | --: |"]
    for row in coverage:
        shares = " | ".join(f"{row[metric]:.1%}" for metric in ("roc_auc", "log_loss", "brier"))
        lines.append(f"| {row['n_days']} | {row['blur']} | {row['unit']} | {shares} |")
    return "\n".join(lines)


def write_figure(path: Path, curve: Sequence[Mapping[str, Any]]) -> None:
    """Draw the share of each verdict over the true difference, one panel per setting and reason."""
    from mergeline.report.figures import BLUE, GREY, RED, house_style, make_figure, write_svg

    colours = {"promote": BLUE, "hold": GREY, "reject": RED}
    panels = [(setting, reason) for setting in SETTINGS for reason in REASONS]
    with house_style():
        figure = make_figure(11.2, 3.2)
        for axes, (setting, reason) in zip(figure.subplots(1, len(panels), sharey=True), panels, strict=True):
            points = [point for point in curve if (point["setting"], point["reason"]) == (setting, reason)]
            points.sort(key=lambda point: point["auc_difference"])
            for verdict, colour in colours.items():
                shares = [point[verdict] for point in points]
                axes.plot([p["auc_difference"] for p in points], shares, color=colour, marker="o", label=verdict)
            axes.set(ylim=(-0.02, 1.02))
            axes.locator_params(axis="x", nbins=4)
            axes.set_title(f"{setting}, reason {reason}")
        figure.axes[0].set_ylabel("share of replays")
        figure.legend(*figure.axes[0].get_legend_handles_labels(), loc="outside right center")
        figure.supxlabel("true difference of ROC AUC to the champion", fontsize=9)
        write_svg(path, figure)


def _small(n_days: int) -> Setting:
    """Return a period with strong noise by day and few rows, so that many of them can be invented."""
    return Setting(n_days, 60, day_noise=0.3, slope_noise=0.2, row_noise=0.1)


if __name__ == "__main__":
    run(main)
