"""What a reader of the data report should know first, in sentences.

Nothing here is yours to edit. A sentence informs; what must stop the pipeline is in `params.yaml`, group `validate`.
"""

from collections.abc import Iterable

import polars as pl

from mergeline.analysis.report import Report, TableReport, Target

ROWS_APART = 0.1
OFTEN_EMPTY = 0.2
EMPTIER = 0.01


def find_notable(report: Report) -> list[str]:
    """Return what a reader should know first, a sentence each."""
    sentences = [*_describe_target(report.target), *_describe_shifts(report)]
    for table in report.tables:
        sentences += [*_describe_rows(table), *_describe_gaps(table), *_describe_missing(table)]
    return sentences


def _describe_target(target: Target | None) -> Iterable[str]:
    if target is None or target.batches["rate"].drop_nulls().is_empty():
        return
    known = target.batches.drop_nulls("rate").sort("rate", "batch")
    low, high = known.row(0, named=True), known.row(-1, named=True)
    total = known.select((pl.col("rate") * pl.col("labelled")).sum() / pl.col("labelled").sum()).item()
    yield (
        f"{total:.1%} of the labels are positive, from {low['rate']:.1%} in {low['batch']} to {high['rate']:.1%} in "
        f"{high['batch']}."
    )
    days = target.days.drop_nulls("rate").sort("rate", "day")
    if days.height > 1:
        low, high = days.row(0, named=True), days.row(-1, named=True)
        yield f"A single day has from {low['rate']:.1%} ({low['day']}) to {high['rate']:.1%} ({high['day']})."


def _describe_shifts(report: Report) -> Iterable[str]:
    skews = [skew for table in report.tables for skew in table.skews]
    for skew in skews:
        for batch, distance in skew.shifted.items():
            yield (
                f"Shifted: {skew.table}.{skew.column} in {batch} lies {distance:.3f} from the earlier batches; "
                f"the limit is {skew.limit:g}."
            )
    judged = [
        (distance / skew.limit, skew, batch)
        for skew in skews
        if skew.limit
        for batch, distance in skew.distances.items()
    ]
    if judged and not any(skew.shifted for skew in skews):
        _, skew, batch = max(judged, key=lambda item: item[0])
        yield (
            f"No column shifted. Nearest to its limit: {skew.table}.{skew.column} in {batch}, "
            f"{skew.distances[batch]:.3f} of {skew.limit:g}."
        )
    for skew in skews:
        if skew.unseen and (newest := report.batches[-1]) in skew.unseen:
            yield f"{skew.unseen[newest]:,} rows of {newest} have a {skew.table}.{skew.column} no earlier batch held."


def _describe_rows(table: TableReport) -> Iterable[str]:
    counts = pl.Series(list(table.rows.values()))
    usual = float(counts.median() or 0)  # type: ignore[arg-type]
    for batch, rows in table.rows.items():
        if len(counts) > 2 and usual and abs(rows / usual - 1) > ROWS_APART:
            yield f"{table.name} has {rows:,} rows in {batch}: {rows / usual - 1:+.0%} of its median batch."


def _describe_gaps(table: TableReport) -> Iterable[str]:
    if table.days_without_rows:
        first = ", ".join(str(day) for day in table.days_without_rows[:5])
        yield f"{table.name} has no row on {len(table.days_without_rows)} days ({first})."


def _describe_missing(table: TableReport) -> Iterable[str]:
    often = [column for column in table.columns if column.total_null_share >= OFTEN_EMPTY]
    if often:
        names = ", ".join(f"{column.name} {column.total_null_share:.0%}" for column in often)
        yield f"Often empty in {table.name}: {names}."
    rises = [
        (column.null_share(batch) - max(column.null_share(name) for name in earlier), column, batch)
        for column in table.columns
        for number, batch in enumerate(column.rows)
        if (earlier := list(column.rows)[:number])
    ]
    if rises and (most := max(rises, key=lambda item: item[0]))[0] >= EMPTIER:
        _, column, batch = most
        share = column.null_share(batch)
        yield f"Emptier than before: {table.name}.{column.name} in {batch}, {share:.1%} of its cells."
