"""Drawing the charts of a comment as GitHub does: Mermaid's xychart, as SVG; other diagrams stay text.

Nothing here is yours to edit; the charts are written by `mergeline.report.charts`.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape

WIDTH, HEIGHT = 700, 380
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 45, 60
COLOURS = ("#4682b4", "#ff8c00", "#3cb371")


@dataclass
class Chart:
    """A chart as written: texts, axes, and series of bars and lines."""

    title: str = ""
    x_label: str = ""
    y_label: str = ""
    names: list[str] = field(default_factory=list)
    ends: tuple[float, float] = (0.0, 1.0)
    limits: tuple[float, float] | None = None
    series: list[tuple[str, list[float]]] = field(default_factory=list)


def draw(source: str) -> str:
    """Return `source`, the text of a Mermaid diagram, as SVG, or as text if it is another kind or cannot be read."""
    try:
        if re.search(r"^\s*xychart-beta", source, re.MULTILINE):
            return render(read_chart(source))
    except (ValueError, IndexError, ZeroDivisionError):
        pass
    return f"<pre>{escape(source)}</pre>"


def read_chart(source: str) -> Chart:
    """Return the chart that `source` describes."""
    chart = Chart()
    for line in map(str.strip, source.splitlines()):
        label = found[1] if (found := re.search(r'"([^"]*)"', line)) else ""
        span = re.search(r"(-?[\d.]+) --> (-?[\d.]+)", line)
        ends = (float(span[1]), float(span[2])) if span else None
        if line.startswith("title"):
            chart.title = label
        elif line.startswith("x-axis"):
            chart.x_label = label
            chart.names = json.loads(line[line.index("[") :]) if "[" in line else []
            chart.ends = ends or chart.ends
        elif line.startswith("y-axis"):
            chart.y_label, chart.limits = label, ends
        elif line.startswith(("bar", "line")):
            chart.series.append((line.split()[0], json.loads(line[line.index("[") :])))
    return chart


def render(chart: Chart) -> str:
    """Return `chart` as SVG."""
    values = [value for _, series in chart.series for value in series]
    low, high = chart.limits or (min(0.0, *values), max(values))
    width, height = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def place(value: float) -> float:
        return TOP + height * (1 - (value - low) / (high - low))

    parts = [_text(WIDTH / 2, 22, chart.title, "middle", 15), _text(WIDTH / 2, HEIGHT - 12, chart.x_label, "middle")]
    parts.append(f'<g transform="rotate(-90 16 {HEIGHT / 2})">{_text(16, HEIGHT / 2, chart.y_label, "middle")}</g>')
    for step in range(6):
        value = low + (high - low) * step / 5
        parts.append(_line([(LEFT, place(value)), (LEFT + width, place(value))], "#d1d9e0", 1))
        parts.append(_text(LEFT - 8, place(value) + 4, f"{value:.3g}", "end"))
    names = chart.names or [f"{chart.ends[0] + (chart.ends[1] - chart.ends[0]) * i / 5:.3g}" for i in range(6)]
    banded = bool(chart.names)
    for number, name in enumerate(names):
        parts.append(_text(_across(number, len(names), banded), TOP + height + 18, str(name), "middle"))
    for number, (kind, series) in enumerate(chart.series):
        colour = COLOURS[number % len(COLOURS)]
        spots = [(_across(i, len(series), banded), place(value)) for i, value in enumerate(series)]
        if kind == "line":
            parts.append(_line(spots, colour, 2))
        else:
            wide = 0.8 * width / len(series)
            parts += [
                f'<rect x="{x - wide / 2:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{TOP + height - y:.1f}" '
                f'fill="{colour}"/>'
                for x, y in spots
            ]
    return f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" role="img">{"".join(parts)}</svg>'


def _across(number: int, count: int, banded: bool) -> float:
    """Return where the `number`th of `count` values lies: in the middle of its band, or from edge to edge."""
    share = (number + 0.5) / count if banded else number / (count - 1)
    return LEFT + (WIDTH - LEFT - RIGHT) * share


def _text(x: float, y: float, text: str, anchor: str, size: int = 12) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}">{escape(text)}</text>'


def _line(spots: Sequence[tuple[float, float]], colour: str, wide: int) -> str:
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
    return f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="{wide}"/>'
