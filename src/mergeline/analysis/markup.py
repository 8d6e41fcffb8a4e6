"""The style sheet of the data report and the pieces of HTML it is made of.

Nothing here is yours to edit. Colours are variables, once for light and once for dark ground.
"""

from collections.abc import Sequence
from html import escape

STYLE = """
:root { color-scheme: light dark; --ink: #24292f; --soft: #59636e; --ground: #ffffff; --panel: #f6f8fa;
  --rule: #d1d9e0; --bar: #9aa1ab; --line: #d55e00; --link: #0072b2; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9198a1; --ground: #0d1117; --panel: #161b22;
  --rule: #3d444d; --bar: #6e7681; --line: #e69f00; --link: #56b4e9; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground); margin: 0 auto;
  padding: 1.5rem; max-width: 1120px; }
h1 { margin: 0; } h2 { margin: 2.5rem 0 .5rem; border-bottom: 1px solid var(--rule); } h3 { margin: 1.5rem 0 .5rem; }
a { color: var(--link); } p, li { max-width: 75ch; } .soft { color: var(--soft); }
nav a { margin-right: 1rem; }
.notable { background: var(--panel); border-left: 4px solid var(--line); padding: .75rem 1rem .75rem 2rem;
  margin: 1rem 0; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .2rem .7rem; border-bottom: 1px solid var(--rule); text-align: right; white-space: nowrap; }
th:first-child, td:first-child, td.text, th.text { text-align: left; }
th { color: var(--soft); font-weight: 600; } td.over { outline: 2px solid var(--line); outline-offset: -2px;
  font-weight: 700; }
figure { margin: 1rem 0; overflow-x: auto; } figure svg { max-width: 100%; height: auto; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(240px, 1fr)); gap: 1rem; }
.card { background: var(--panel); border: 1px solid var(--rule); border-radius: 6px; padding: .6rem .8rem; }
.card b { font-size: 1rem; } .card p { margin: .1rem 0; font-size: .8rem; color: var(--soft); }
.spark { width: 100%; height: 60px; display: block; margin: .4rem 0 .1rem; }
.bar { fill: var(--bar); } .line { fill: none; stroke: var(--line); stroke-width: 1.6;
  vector-effect: non-scaling-stroke; }
.ends { display: flex; justify-content: space-between; font-size: .75rem; color: var(--soft); }
"""


def make_table(header: Sequence[str], rows: Sequence[Sequence[str]], text: Sequence[str] = ()) -> str:
    """Return a table with these column heads; `text` names the columns that are set left."""
    head = "".join(
        f'<th class="text">{escape(name)}</th>' if name in text else f"<th>{escape(name)}</th>" for name in header
    )
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def make_cell(text: str) -> str:
    """Return a cell with `text`, escaped."""
    return f"<td>{escape(text)}</td>"


def make_shaded(value: float, top: float, text: str, over: bool = False) -> str:
    """Return a cell shaded by `value`, fully at `top`, and framed if `over`."""
    strength = min(max(value / top, 0.0), 1.0) * 0.45
    mark = ' class="over"' if over else ""
    return f'<td{mark} style="background: rgb(0 114 178 / {strength:.2f})">{escape(text)}</td>'


def make_soft(text: str) -> str:
    """Return a paragraph of small print; `text` is markup."""
    return f'<p class="soft">{text}</p>'
