"""The data report as one HTML page that needs nothing else: no script, no font, no image, no address.

Nothing here is yours to edit. What it says comes from `report.py`; all text out of the data is escaped.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from mergeline.analysis.columns import Column
from mergeline.analysis.drawings import compute_shares
from mergeline.analysis.markup import STYLE, make_cell, make_shaded, make_soft, make_table
from mergeline.analysis.notable import find_notable
from mergeline.analysis.report import Report, TableReport
from mergeline.analysis.skew import Skew
from mergeline.analysis.sparkline import render_sparkline

SECTIONS = (
    ("tables", "Tables"),
    ("target", "Target over time"),
    ("rows", "Rows per batch"),
    ("missing", "Empty cells"),
    ("skew", "Skew"),
    ("columns", "Columns"),
)


def render_page(report: Report, figures: Mapping[str, str]) -> str:
    """Return the page.

    Parameters
    ----------
    report : Report
        What it says.
    figures : mapping of str to str
        `target_rate` and `rows`, where there are any, as `<svg>` elements.
    """
    batched = [table for table in report.tables if "" not in table.rows]
    rows = sum(sum(table.rows.values()) for table in report.tables)
    span = f"batches {report.batches[0]} to {report.batches[-1]}" if report.batches else "no batches"
    bodies = {
        "tables": _render_tables(report.tables),
        "target": _render_target(report, figures),
        "rows": f"<figure>{figures['rows']}</figure>" if "rows" in figures else make_soft("No table has batches."),
        "missing": "".join(_render_missing(table) for table in report.tables),
        "skew": "".join(_render_skew(table) for table in batched) or make_soft("No table has batches."),
        "columns": "".join(_render_columns(table) for table in report.tables),
    }
    notable = "".join(f"<li>{escape(sentence)}</li>" for sentence in find_notable(report))
    parts = [
        "<h1>Data report</h1>",
        make_soft(f"{len(report.tables)} tables, {rows:,} rows, {span}. After validation: corrections are applied."),
        "<nav>" + "".join(f'<a href="#{name}">{title}</a>' for name, title in SECTIONS) + "</nav>",
        "<h2>What is notable</h2>",
        f'<ul class="notable">{notable}</ul>' if notable else make_soft("Nothing stands out."),
        *(f'<h2 id="{name}">{title}</h2>{bodies[name]}' for name, title in SECTIONS),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Data report</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body>\n</html>\n"
    )


def _render_tables(tables: Sequence[TableReport]) -> str:
    header = ["table", "files", "rows", "columns", "first day", "last day", "days without rows", "cells empty"]
    rows = [
        [
            table.name,
            f"{len(table.rows)}",
            f"{sum(table.rows.values()):,}",
            f"{len(table.columns)}",
            str(table.first_day or ""),
            str(table.last_day or ""),
            f"{len(table.days_without_rows)}" if table.first_day else "",
            f"{table.empty_share:.1%}",
        ]
        for table in tables
    ]
    return make_table(header, [[make_cell(text) for text in row] for row in rows])


def _render_target(report: Report, figures: Mapping[str, str]) -> str:
    if report.target is None or "target_rate" not in figures:
        return make_soft("No table holds the target.")
    batches = report.target.batches
    rows = [
        [
            make_cell(row["batch"]),
            make_cell(f"{row['labelled']:,}"),
            make_cell("" if row["rate"] is None else f"{row['rate']:.2%}"),
        ]
        for row in batches.iter_rows(named=True)
    ]
    words = make_soft(f"Held by table {escape(report.target.table)}. Days, not rows, are what varies independently.")
    return f"{words}<figure>{figures['target_rate']}</figure>" + make_table(["batch", "labels", "positive"], rows)


def _render_missing(table: TableReport) -> str:
    columns = [column for column in table.columns if any(column.nulls.values())]
    title = f"<h3>{escape(table.name)}</h3>"
    if not columns:
        return title + make_soft("No cell is empty.")
    rows = [
        [
            make_cell(column.name),
            *(make_shaded(column.null_share(batch), 1.0, f"{column.null_share(batch):.1%}") for batch in table.rows),
        ]
        for column in columns
    ]
    return title + make_table(["column", *(batch or "share" for batch in table.rows)], rows)


def _render_skew(table: TableReport) -> str:
    title = f"<h3>{escape(table.name)}</h3>"
    batches = list(table.rows)[1:]
    if not batches or not table.skews:
        return title + make_soft("There is nothing to compare yet: it takes a second batch.")
    words = make_soft(
        "Population stability index of each batch against all batches before it: 0 is the same shape. A framed figure "
        "reaches the column's limit; without a limit it is only reported. A blank: too few rows to compare."
    )
    header = ["column", *batches, "limit", "why this limit"]
    return (
        title + words + make_table(header, [_skew_row(skew, batches) for skew in table.skews], text=("why this limit",))
    )


def _skew_row(skew: Skew, batches: Sequence[str]) -> list[str]:
    figures = []
    for batch in batches:
        value = skew.distances.get(batch)
        over = batch in skew.shifted
        figures.append(make_cell("") if value is None else make_shaded(value, skew.limit or 1.0, f"{value:.3f}", over))
    limit = "" if skew.limit is None else f"{skew.limit:g}"
    return [make_cell(skew.column), *figures, make_cell(limit), f'<td class="text soft">{escape(skew.basis)}</td>']


def _render_columns(table: TableReport) -> str:
    key = "Bars: all earlier batches. Line: the newest." if len(table.rows) > 1 else "Bars: all rows."
    cards = "".join(_render_card(column) for column in table.columns)
    return f'<h3>{escape(table.name)}</h3>{make_soft(key)}<div class="cards">{cards}</div>'


def _render_card(column: Column) -> str:
    facts = [column.kind, f"{column.distinct:,} different", f"{column.total_null_share:.1%} empty"]
    body = f"<b>{escape(column.name)}</b><p>{escape(' · '.join(facts))}</p>"
    if column.high is not None:
        span = (_show(value) for value in (column.low, column.middle, column.high))
        body += "<p>{} · median {} · {}</p>".format(*map(escape, span))
    if column.labels:
        labels, earlier, newest = compute_shares(column)
        cut = f"{len(labels)} most frequent" if len(labels) < len(column.labels) else ""
        ends = "".join(f"<span>{escape(text)}</span>" for text in (labels[0], cut, labels[-1]))
        body += render_sparkline(labels, earlier, newest) + f'<div class="ends">{ends}</div>'
    return f'<div class="card">{body}</div>'


def _show(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return str(value).removesuffix("+00:00")
