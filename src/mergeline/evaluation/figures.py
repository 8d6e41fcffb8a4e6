"""Figures of the evaluation, each drawn on one pair of axes with a title that says what is to be seen.

Nothing here is yours to edit. Input are the tables of `curves.py` and `importance.py` and the reports of `metrics.py`.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import polars as pl

from mergeline.evaluation.importance import WHOLE_GROUP
from mergeline.report.figures import BLUE, GREEN, GREY, INK, ORANGE, RED, house_style, make_figure, write_svg

Plots = Mapping[str, pl.DataFrame]
Axes = Any

SHOWN_FEATURES = 3


def draw_roc(axes: Axes, plots: Plots, report: Mapping[str, Any]) -> None:
    """Draw the ROC curve with the line of a random ranking."""
    roc = plots["roc"]
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="random ranking")
    axes.plot(roc["false_positive_rate"], roc["true_positive_rate"], color=BLUE, label="model")
    axes.set(xlabel="false-positive rate", ylabel="true-positive rate", xlim=(0, 1), ylim=(0, 1.01))
    axes.set_title(f"ROC AUC {report['roc_auc']:.3f}: {report['roc_auc']:.0%} of pairs ranked right")
    axes.legend(loc="lower right")


def draw_precision_recall(axes: Axes, plots: Plots, report: Mapping[str, Any]) -> None:
    """Draw precision over recall with the base rate, which a random ranking would reach."""
    curve = plots["precision_recall"]
    base_rate = report["base_rate"]
    axes.axhline(base_rate, color=GREY, linestyle="--", linewidth=1, label=f"base rate {base_rate:.3f}")
    axes.plot(curve["recall"], curve["precision"], color=BLUE, label="model")
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.01))
    gain = report["average_precision"] / base_rate
    axes.set_title(f"Average precision {report['average_precision']:.3f}, {gain:.1f} × base rate")
    axes.legend(loc="upper right")


def draw_calibration(axes: Axes, plots: Plots, report: Mapping[str, Any]) -> None:
    """Draw observed rate over mean score per bin of equal count."""
    bins = plots["calibration"]
    top = min(1.0, 1.08 * float(bins.select("mean_score", "observed_rate").to_numpy().max()))
    axes.plot([0, top], [0, top], color=GREY, linestyle="--", linewidth=1, label="perfect")
    axes.plot(bins["mean_score"], bins["observed_rate"], color=BLUE, marker="o", markersize=4, label="model")
    axes.set(xlabel="mean score of the bin", ylabel="observed rate", xlim=(0, top), ylim=(0, top))
    axes.set_title(f"Scores are off by {report['ece']:.3f} on average")
    axes.legend(loc="upper left")


def draw_confusion(axes: Axes, plots: Plots, report: Mapping[str, Any]) -> None:
    """Draw the four cells at the threshold, with counts and shares."""
    cells = {(row["actual"], row["predicted"]): row for row in plots["confusion"].iter_rows(named=True)}
    names = ("negative", "positive")
    shares = [[cells[actual, predicted]["share"] for predicted in names] for actual in names]
    axes.pcolor(shares, cmap="Blues", vmin=0, vmax=1, edgecolors="white", linewidth=2)
    for row, actual in enumerate(names):
        for column, predicted in enumerate(names):
            cell = cells[actual, predicted]
            text = f"{cell['share']:.1%}\n{cell['n_rows']:,} rows"
            ink = "white" if cell["share"] > 0.5 else INK
            axes.text(column + 0.5, row + 0.5, text, ha="center", va="center", color=ink, fontsize=9)
    axes.set(xlabel="predicted", ylabel="actual", xticks=(0.5, 1.5), yticks=(0.5, 1.5))
    axes.set_xticklabels(names)
    axes.set_yticklabels(names, rotation=90, va="center")
    axes.invert_yaxis()
    axes.grid(False)
    found, threshold = cells["positive", "positive"]["n_rows"], cells["positive", "positive"]["threshold"]
    axes.set_title(f"At {threshold:g}, {found / report['n_positive']:.0%} of positive rows are found")


def draw_scores(axes: Axes, plots: Plots, report: Mapping[str, Any]) -> None:
    """Draw how the scores of negative and of positive rows are distributed."""
    bins = plots["scores"]
    for name, colour in (("negative", BLUE), ("positive", ORANGE)):
        axes.step(bins["score"], bins[name], where="mid", color=colour, label=f"{name} rows")
        axes.fill_between(bins["score"], bins[name], step="mid", color=colour, alpha=0.15, linewidth=0)
    axes.set(xlabel="score", ylabel="share of the class", xlim=(0, 1), ylim=(0, None))
    axes.set_title(f"Mean score is {report['calibration_ratio']:.2f} × the observed rate")
    axes.legend(loc="upper right")


def draw_days(axes: Axes, plots: Plots, report: Mapping[str, Any]) -> None:
    """Draw observed rate and mean score day by day: the days, not the rows, are what varies independently."""
    import matplotlib.dates

    days, rates = plots["days"]["day"].to_list(), plots["days"]["observed_rate"].to_list()
    axes.plot(days, rates, color=GREY, linewidth=1.2, label="observed rate")
    axes.plot(days, plots["days"]["mean_score"], color=BLUE, linewidth=1.5, label="mean score")
    axes.set(xlabel=f"{days[0]} to {days[-1]}", ylabel="rate per day", ylim=(0, None))
    locator = matplotlib.dates.AutoDateLocator(maxticks=7)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(matplotlib.dates.ConciseDateFormatter(locator, show_offset=False))
    axes.set_title(f"From {min(rates):.0%} to {max(rates):.0%} positive a day")
    axes.legend(loc="upper left")


def draw_importance(axes: Axes, plots: Plots, report: Mapping[str, Any]) -> None:
    """Draw the loss of ROC AUC when a group of features is shuffled, and the strongest features of each group."""
    table = plots["importance"]
    shown = table.with_columns(place=pl.int_range(pl.len()).over("group")).filter(pl.col("place") <= SHOWN_FEATURES)
    names = shown["feature"].to_list()
    whole = [name == WHOLE_GROUP for name in names]
    labels = [group if all_of_it else name for group, name, all_of_it in zip(shown["group"], names, whole, strict=True)]
    axes.barh(range(len(names)), shown["auc_drop"], color=[BLUE if one else "#7FB8D8" for one in whole], height=0.75)
    axes.set_yticks(range(len(names)), labels)
    for text, one in zip(axes.get_yticklabels(), whole, strict=True):
        text.set_fontweight("bold" if one else "normal")
    axes.invert_yaxis()
    axes.grid(False, axis="y")
    axes.set_xlabel("ROC AUC lost when shuffled (bold: whole group)")
    axes.set_title(f"The model relies most on '{table['group'][0]}'")


def draw_slices(axes: Axes, slices: Mapping[str, Any], report: Mapping[str, Any]) -> None:
    """Draw the ROC AUC per slice beside that of all rows."""
    colours = (BLUE, GREEN, RED, ORANGE)
    position = 0
    ticks: list[int] = []
    labels: list[str] = []
    for number, (name, parts) in enumerate(slices["slices"].items()):
        known = {value: part["roc_auc"] for value, part in parts.items() if part["roc_auc"] is not None}
        places = range(position, position + len(known))
        axes.scatter(list(known.values()), places, color=colours[number % 4], s=28, zorder=3, label=name)
        ticks, labels, position = [*ticks, *places], [*labels, *known], position + len(known) + 1
    axes.axvline(report["roc_auc"], color=GREY, linestyle="--", linewidth=1, label="all rows")
    axes.set_yticks(ticks, labels)
    axes.invert_yaxis()
    axes.set_xlabel("ROC AUC")
    axes.set_title(say_spread(slices))
    axes.legend(loc="center left", bbox_to_anchor=(1, 0.5))


def say_spread(slices: Mapping[str, Any]) -> str:
    """Return which slice is ranked worst and which best."""
    figures = [
        (part["roc_auc"], value)
        for parts in slices["slices"].values()
        for value, part in parts.items()
        if part["roc_auc"] is not None
    ]
    if not figures:
        return "No slice is large enough to be measured"
    (low, worst), (high, best) = min(figures), max(figures)
    return f"ROC AUC from {low:.2f} ({worst}) to {high:.2f} ({best})"


FIGURES: dict[str, Callable[[Axes, Plots, Mapping[str, Any]], None]] = {
    "roc": draw_roc,
    "precision_recall": draw_precision_recall,
    "calibration": draw_calibration,
    "confusion": draw_confusion,
    "scores": draw_scores,
    "days": draw_days,
    "importance": draw_importance,
}
OVERVIEW = ("roc", "calibration", "days", "importance")


def write_figures(folder: Path, plots: Plots, report: Mapping[str, Any], slices: Mapping[str, Any]) -> None:
    """Write one SVG per figure to `folder`, and `overview.svg` with four of them."""
    with house_style():
        for name, draw in FIGURES.items():
            figure = make_figure(6.4 if name == "importance" else 4.8, 4.2 if name == "importance" else 3.6)
            draw(figure.subplots(), plots, report)
            write_svg(folder / f"{name}.svg", figure)
        figure = make_figure(5.6, 1.2 + 0.19 * sum(len(parts) + 1 for parts in slices["slices"].values()))
        draw_slices(figure.subplots(), slices, report)
        write_svg(folder / "slices.svg", figure)
        figure = make_figure(10.4, 7.2)
        for name, axes in zip(OVERVIEW, figure.subplots(2, 2).flat, strict=True):
            FIGURES[name](axes, plots, report)
        write_svg(folder / "overview.svg", figure)
