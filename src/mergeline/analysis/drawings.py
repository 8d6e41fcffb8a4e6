"""Figures of the data report, drawn on axes: the same for the page and for the PNG files.

Nothing here is yours to edit.
"""

from collections.abc import Callable, Sequence
from math import ceil
from typing import TYPE_CHECKING, Any

from mergeline.analysis.columns import Column
from mergeline.analysis.report import Report, TableReport, Target
from mergeline.report.figures import BLUE, GREY, INK, ORANGE, make_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHOWN_CATEGORIES = 30
SHOWN_TICKS = 12
COLUMNS_PER_ROW = 5


def draw_target(target: Target) -> "Figure":
    """Return the target rate day by day, with the rate of each batch as a line across it."""
    import matplotlib.dates

    figure = make_figure(9.6, 3.4)
    axes = figure.subplots()
    days = target.days.drop_nulls("rate")
    axes.plot(days["day"].to_list(), days["rate"], color=GREY, linewidth=1, label="per day")
    for number, row in enumerate(target.batches.drop_nulls("rate").iter_rows(named=True)):
        covered = days.filter(batch=row["batch"])["day"]
        if len(covered):
            label = "per batch" if number == 0 else None
            axes.plot([covered[0], covered[-1]], [row["rate"]] * 2, color=BLUE, linewidth=2.6, label=label)
            axes.text(covered[len(covered) // 2], row["rate"], f"{row['rate']:.0%}", color=INK, fontsize=8, va="bottom")
    axes.set(ylabel="share of positive labels", ylim=(0, None))
    locator = matplotlib.dates.AutoDateLocator()
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(matplotlib.dates.ConciseDateFormatter(locator))
    axes.set_title("Target rate per day and per batch")
    axes.legend(loc="upper left", ncols=2)
    return figure


def draw_rows(tables: Sequence[TableReport]) -> "Figure":
    """Return the number of rows per batch, a panel per table with batches."""
    figure = make_figure(9.6, 2.6)
    panels = figure.subplots(1, len(tables), squeeze=False)[0]
    for axes, table in zip(panels, tables, strict=True):
        places = range(len(table.rows))
        axes.bar(places, list(table.rows.values()), color=BLUE, width=0.7)
        axes.set_xticks(places, list(table.rows), rotation=45 if len(table.rows) > 6 else 0)
        axes.grid(False, axis="x")
        axes.set_title(f"{table.name}: rows per batch")
    return figure


def draw_cells(
    title: str, names: Sequence[str], batches: Sequence[str], values: Sequence[Sequence[float | None]]
) -> "Figure":
    """Return a shaded table with one row per name and one column per batch; None stays blank."""
    figure = make_figure(2.6 + 0.75 * len(batches), 0.9 + 0.24 * max(len(names), 1))
    axes = figure.subplots()
    top = max([value for row in values for value in row if value is not None], default=0) or 1
    shades = [[(value or 0) / top for value in row] for row in values] or [[0.0] * len(batches)]
    axes.pcolor(shades, cmap="Blues", vmin=0, vmax=1.8, edgecolors="white", linewidth=1)
    for place, row in enumerate(values):
        for batch, value in enumerate(row):
            if value is not None:
                axes.text(batch + 0.5, place + 0.5, f"{value:.3f}", ha="center", va="center", fontsize=7)
    axes.set_xticks([place + 0.5 for place in range(len(batches))], list(batches))
    axes.set_yticks([place + 0.5 for place in range(len(names))], list(names))
    axes.invert_yaxis()
    axes.grid(False)
    axes.set_title(title)
    return figure


def draw_distributions(table: TableReport) -> "Figure":
    """Return a panel per column that has a distribution: earlier batches filled, the newest as a line."""
    columns = [column for column in table.columns if column.labels]
    lines = max(ceil(len(columns) / COLUMNS_PER_ROW), 1)
    height = 0.9 + 1.6 * lines
    figure = make_figure(2.4 * COLUMNS_PER_ROW, height, layout="none")
    # Fixed places: a layout engine takes seconds for twenty panels.
    figure.subplots_adjust(left=0.03, right=0.99, top=1 - 0.7 / height, bottom=0.4 / height, hspace=0.7, wspace=0.2)
    title = f"{table.name}: bars are all earlier batches, the line is the newest"
    figure.suptitle(title, fontsize=10, x=0.03, y=1 - 0.15 / height, ha="left", va="top")
    for place, axes in enumerate(figure.subplots(lines, COLUMNS_PER_ROW, squeeze=False).flat):
        if place < len(columns):
            draw_distribution(axes, columns[place])
        else:
            axes.set_visible(False)
    return figure


def draw_distribution(axes: Any, column: Column) -> None:
    """Draw one column."""
    labels, earlier, newest = compute_shares(column)
    places = list(range(len(labels)))
    edges = [place - 0.5 for place in range(len(labels) + 1)]
    axes.stairs(earlier, edges, fill=True, color=GREY, alpha=0.55)
    if newest is not None:
        axes.stairs(newest, edges, color=ORANGE, linewidth=1.2)
    shown = sorted({0, len(labels) // 2, len(labels) - 1}) if len(labels) > SHOWN_TICKS else places
    axes.set_xticks(shown, [labels[place] for place in shown], fontsize=6, rotation=60 if len(shown) > 6 else 0)
    axes.set_yticks([])
    axes.grid(False)
    axes.set_title(column.name, fontsize=8)


def compute_shares(column: Column) -> tuple[list[str], list[float], list[float] | None]:
    """Return labels, the shares of the earlier batches together, and those of the newest (None if there is but one).

    Of many categories the most frequent are taken.
    """
    batches = list(column.drawn)
    newest = column.drawn[batches[-1]]
    earlier = [sum(counts) for counts in zip(*(column.drawn[name] for name in batches[:-1] or batches), strict=True)]
    shares = [[count / max(sum(counts), 1) for count in counts] for counts in (earlier, newest)]
    shown = SHOWN_CATEGORIES if column.kind == "category" else len(column.labels)
    return column.labels[:shown], shares[0][:shown], shares[1][:shown] if len(batches) > 1 else None


def draw_missing(table: TableReport) -> "Figure":
    """Return the share of empty cells per column and batch, of the columns that have any."""
    columns = [column for column in table.columns if any(column.nulls.values())]
    shares = [[column.null_share(batch) for batch in table.rows] for column in columns]
    return draw_cells(f"{table.name}: share of empty cells", [c.name for c in columns], list(table.rows), shares)


def draw_skew(table: TableReport) -> "Figure":
    """Return the distance of each column and batch from the earlier batches."""
    batches = list(table.rows)[1:]
    values = [[skew.distances.get(batch) for batch in batches] for skew in table.skews]
    title = f"{table.name}: distance from the earlier batches (PSI)"
    return draw_cells(title, [skew.column for skew in table.skews], batches, values)


def list_drawings(report: Report) -> dict[str, Callable[[], "Figure"]]:
    """Return file name, without its end, to the function that draws the figure."""
    batched = [table for table in report.tables if "" not in table.rows]
    drawings: dict[str, Callable[[], Figure]] = {}
    if report.target is not None:
        target = report.target
        drawings["target_rate"] = lambda: draw_target(target)
    if batched:
        drawings["rows"] = lambda: draw_rows(batched)
    for table in report.tables:
        drawings[f"distributions_{table.name}"] = lambda table=table: draw_distributions(table)  # type: ignore[misc]
    for table in batched:
        drawings[f"missing_{table.name}"] = lambda table=table: draw_missing(table)  # type: ignore[misc]
        if len(table.rows) > 1:
            drawings[f"skew_{table.name}"] = lambda table=table: draw_skew(table)  # type: ignore[misc]
    return drawings
