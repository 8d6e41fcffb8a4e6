"""The monitoring report as one HTML page that needs nothing else: no script, no font, no image, no address.

Nothing here is yours to edit. All text out of the log is escaped.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from html import escape
from typing import Any

from mergeline.analysis.markup import STYLE, make_cell, make_shaded, make_soft, make_table
from mergeline.analysis.sparkline import render_sparkline
from mergeline.monitoring.drawings import draw_calibration, draw_time
from mergeline.monitoring.layout import Layout
from mergeline.monitoring.reference import choose_batches
from mergeline.monitoring.tally import Key, Tally, sum_days
from mergeline.params import Monitor
from mergeline.report.figures import house_style, render_inline_svg

SHOWN = 12
MOST_BINS = 40

Window = Mapping[str, Any]


def render_page(report: Mapping[str, Any], history: Sequence[Mapping[str, Any]], tally: Tally, params: Monitor) -> str:
    """Return the page.

    Parameters
    ----------
    report : mapping
        Content of monitoring.json.
    history : sequence of mappings
        Lines of history.jsonl; only how many there are is told.
    tally : Tally
        Counts, for the distributions.
    params : Monitor
        Which reference is compared with.
    """
    parts = [
        "<h1>Monitoring</h1>",
        make_soft(
            f"As of {escape(report['now'])}; {report['log']['lines']:,} rows in {report['log']['files']} files; "
            f"{len(history)} windows in history.jsonl."
        ),
        _render_alarms(report),
        "<h2>The log now</h2>",
        _render_checks(
            [*report["service"]["now"], *(c for w in report["service"]["windows"][-1:] for c in w["checks"])]
        ),
    ]
    with house_style():
        for series in report["series"]:
            key = Key(series["digest"], series["shadow"])
            parts += _render_series(series, tally.layouts[key.digest], tally, key, params)
    if report["log"]["other_bundles"]:
        others = ", ".join(f"{digest[:12]}: {rows:,}" for digest, rows in report["log"]["other_bundles"].items())
        parts.append(make_soft(f"Rows of bundles that are not monitored: {escape(others)}"))
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Monitoring</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(parts)
        + "\n</body>\n</html>\n"
    )


def _render_alarms(report: Mapping[str, Any]) -> str:
    if not report["alarms"]:
        return "<p><b>No alarm.</b></p>"
    items = "".join(
        f"<li><b>{escape(alarm['name'])}</b>: {escape(alarm['says'])} ({escape(', '.join(alarm['windows']))})</li>"
        for alarm in report["alarms"]
    )
    return f'<ul class="notable">{items}</ul>'


def _render_checks(checks: Sequence[Mapping[str, Any]]) -> str:
    rows = [
        [
            make_cell(check["name"]),
            f'<td class="text{" over" if check["state"] == "breach" else ""}">{escape(check["state"])}</td>',
            f'<td class="text">{escape(check["says"])}</td>',
        ]
        for check in checks
    ]
    return make_table(["check", "state", "evidence"], rows, text=("state", "evidence"))


def _render_series(series: Mapping[str, Any], layout: Layout, tally: Tally, key: Key, params: Monitor) -> list[str]:
    windows = series["windows"]
    # A handful of rows draws a curve of chance.
    large = [window for window in windows if window["rows"] >= params.min_rows] or windows
    latest = next((window for window in reversed(large) if window["closed"]), large[-1])
    curve = next((window for window in reversed(large) if window["labels"]["labelled"] >= params.min_rows), None)
    expected = layout.bundle.lineage.get("metrics", {}).get("roc_auc")
    figures = [render_inline_svg(draw_time(large, expected), "Rows, scores and quality over time")]
    if curve:
        drawn = draw_calibration(curve["curve"], f"Calibration, window from {curve['start']}")
        figures.append(render_inline_svg(drawn, "Calibration"))
    breached = [check for check in latest["checks"] if check["state"] == "breach"]
    title = f"Bundle {series['digest'][:12]}" + (" (shadow)" if series["shadow"] else "")
    return [
        f"<h2>{title}</h2>",
        *(f"<figure>{figure}</figure>" for figure in figures),
        _render_windows(windows[-SHOWN:]),
        f"<h3>Breaches of the window from {latest['start']}</h3>",
        _render_checks(breached) if breached else make_soft("None."),
        "<h3>Distance from the reference</h3>",
        make_soft("Population stability index; a framed figure is beyond its limit. Blank: not judged (too few rows)."),
        _render_distances(windows[-SHOWN:]),
        f"<h3>Distributions: bars are the reference, the line is the window from {latest['start']}</h3>",
        _render_distributions(latest, layout, tally, key, params),
    ]


def _render_windows(windows: Sequence[Window]) -> str:
    header = ["window from", "rows", "mean score", "labels", "positive", "ROC AUC", "score − rate", "breaches"]
    rows = []
    for window in windows:
        labels, figures = window["labels"], window["figures"]
        share = f"{labels['labelled'] / labels['predicted']:.0%}" if labels["predicted"] else ""
        numbers = [figures["target_rate"], figures["roc_auc"], figures["calibration_gap"]]
        breaches = sum(check["state"] == "breach" for check in window["checks"])
        cells = [
            window["start"] + ("" if window["closed"] else " (open)"),
            f"{window['rows']:,}",
            f"{window['mean_score']:.3f}",
            share,
            *("" if number is None else f"{number:.3f}" for number in numbers),
            f"{breaches}",
        ]
        rows.append([make_cell(cell) for cell in cells])
    return make_table(header, rows)


def _render_distances(windows: Sequence[Window]) -> str:
    names = sorted({c["name"] for window in windows for c in window["checks"] if c["name"].startswith("drift")})
    by_window = [{check["name"]: check for check in window["checks"]} for window in windows]
    rows = []
    for name in names:
        cells = []
        for checks in by_window:
            check = checks.get(name)
            if check is None or check["value"] is None:
                cells.append(make_cell(""))
            else:
                over = check["state"] == "breach"
                cells.append(make_shaded(check["value"], check["limit"] or 1.0, f"{check['value']:.3f}", over))
        rows.append([make_cell(name.removeprefix("drift: ")), *cells])
    return make_table(["", *(window["start"] for window in windows)], rows)


def _render_distributions(window: Window, layout: Layout, tally: Tally, key: Key, params: Monitor) -> str:
    start, end = date.fromisoformat(window["start"]), date.fromisoformat(window["end"])
    total = sum_days([day for moment, day in tally.days[key].items() if start <= moment < end])
    cards = []
    for block in layout.blocks:
        known = layout.reference["held_out" if block is layout.score else "batches"]
        chosen = choose_batches(known, start + (end - start) / 2, params)
        reference = layout.read_profile(block, chosen.batches)
        current = total.counts[block.start : block.stop]
        order = list(range(len(reference)))
        if block.edges is None:
            order = sorted(order, key=lambda place: -int(reference[place] + current[place]))[:MOST_BINS]
        shares = [(counts / max(counts.sum(), 1))[order].tolist() for counts in (reference, current)]
        labels = [block.label_bins()[place] for place in order]
        drawn = render_sparkline(labels, *shares)
        cards.append(f'<div class="card"><b>{escape(block.name)}</b>{drawn}<p>{escape(chosen.how)}</p></div>')
    return f'<div class="cards">{"".join(cards)}</div>'
