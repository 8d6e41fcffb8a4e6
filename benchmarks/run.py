"""Run the benchmarks side by side, print a table and write benchmarks/results.json and docs/performance.md's table.

usage: python benchmarks/run.py [NAME ...]        (make bench, make bench NAME=features)
Every other module of this folder that has a function `measure` is a benchmark; it returns rows of
{name, ours, other, unit, ratio, target, met}. Rows of benchmarks that were not run are kept.
"""

import argparse
import importlib
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
RESULTS = FOLDER / "results.json"
PAGE = FOLDER.parent / "docs/performance.md"
BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the named benchmarks, or all; return 1 if a target of theirs is missed."""
    names = sorted(path.stem for path in FOLDER.glob("*.py") if "\ndef measure(" in path.read_text())
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which (default: all): {', '.join(names)}")
    chosen = parser.parse_args(argv).names or names
    if unknown := set(chosen) - set(names):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}; there are: {', '.join(names)}")
    kept = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    fresh: list[dict[str, Any]] = []
    for name in chosen:
        print(f"{name}: measuring", flush=True)
        rows = importlib.import_module(name).measure()
        fresh += [{"benchmark": name, **row} for row in rows]
    rows = sorted([row for row in kept if row["benchmark"] not in chosen] + fresh, key=lambda row: row["benchmark"])
    RESULTS.write_text(json.dumps(rows, indent=2, ensure_ascii=False) + "\n")
    print(render_table(fresh))
    update_page(rows)
    return int(not all(row["met"] for row in fresh))


def render_table(rows: list[dict[str, Any]]) -> str:
    """Return the rows as a Markdown table."""
    lines = ["| benchmark | what | ours | other | ratio | target | |", "| --- | --- | --- | --- | --- | --- | --- |"]
    for row in rows:
        figures = " | ".join(f"{row[key]:,.3g} {row['unit']}" for key in ("ours", "other"))
        mark = "met" if row["met"] else "**missed**"
        lines.append(
            f"| {row['benchmark']} | {row['name']} | {figures} | {row['ratio']:.3g} | {row['target']:g} | {mark} |"
        )
    return "\n".join(lines)


def update_page(rows: list[dict[str, Any]]) -> None:
    """Put the table between the marks of docs/performance.md."""
    text = PAGE.read_text()
    head, rest = text.split(BEGIN)
    tail = rest.split(END)[1]
    PAGE.write_text(f"{head}{BEGIN}\n{render_table(rows)}\n{END}{tail}")


if __name__ == "__main__":
    sys.exit(main())
