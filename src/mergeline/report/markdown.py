"""Turns values into Markdown that shows them and does nothing else: no link, picture, HTML, mention or formula.

Nothing here is yours to edit. Words that Markdown and GitHub read as words stay as they are; every other word becomes
a code span, in which GitHub interprets nothing.
"""

import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

MAX_VALUE = 300  # characters of one value
BAR = 20  # characters of a full text bar

_PLAIN = re.compile(
    r"(?:[^\W_]|(?<=[^\W_])_(?=[^\W_])|[.,;:()'\"%+=÷×…→–—−/?!-])+"
    r"|\[[-+]?\d[\d.]*,|[-+]?\d[\d.]*\][.,:;]?"  # the two words of an interval
)
_WORKS = re.compile(
    r"://|\bwww\.|^(?:mailto|xmpp):|\bGH-\d|:[\w+-]+:|^[0-9a-f]{7,40}$|^\W*[0-9a-f]{7,40}\W*$", re.IGNORECASE
)
_STARTS_A_BLOCK = re.compile(r"[-+=#:]+|\d+[.)]|(?:::|##).*")


def clean(value: Any, limit: int = MAX_VALUE) -> str:
    """Return `value` as one line of visible characters, cut at `limit` characters."""
    spaced = " ".join(str(value).split())
    text = "".join(char for char in spaced if unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    text = " ".join(text.split())
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def code(value: Any) -> str:
    """Return `value` as a code span, or "–" if there is nothing to show."""
    text = clean(value)
    if not text:
        return "–"
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    pad = " " if text.startswith("`") or text.endswith("`") else ""
    fence = "`" * (longest + 1)
    return f"{fence}{pad}{text}{pad}{fence}"


def prose(value: Any) -> str:
    """Return the sentence `value` with every word that could do something in a code span."""
    parts: list[tuple[bool, list[str]]] = []
    for position, word in enumerate(clean(value).split(" ")):
        harmless = bool(_PLAIN.fullmatch(word)) and not _WORKS.search(word)
        if position == 0 and _STARTS_A_BLOCK.fullmatch(word):
            harmless = False
        if parts and parts[-1][0] == harmless:
            parts[-1][1].append(word)
        else:
            parts.append((harmless, [word]))
    return " ".join(" ".join(words) if harmless else code(" ".join(words)) for harmless, words in parts)


def number(value: Any, form: str = ".4f") -> str:
    """Return a number in the format `form`, or "–" if it is missing or not finite."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return "–"
    return format(value, form)


def bar(share: Any) -> str:
    """Return a bar of blocks for a share of 0 to 1."""
    if number(share) == "–":
        return ""
    eighths = round(min(max(float(share), 0.0), 1.0) * BAR * 8)
    return "█" * (eighths // 8) + ("▏▎▍▌▋▊▉"[eighths % 8 - 1] if eighths % 8 else "")


def table(header: Sequence[str], rows: Iterable[Sequence[str]], numbers: Iterable[int] = ()) -> str:
    """Return a table; the columns whose positions are in `numbers` are right-aligned. Cells are Markdown already."""
    right = set(numbers)
    rule = ["--:" if position in right else "---" for position in range(len(header))]
    return "\n".join(f"| {' | '.join(map(_cell, row))} |" for row in (header, rule, *rows))


def fold(title: str, content: str) -> str:
    """Return `content` folded away under `title`, a text of ours."""
    return f"<details>\n<summary>{title}</summary>\n\n{content}\n\n</details>"


def _cell(text: str) -> str:
    # A backslash before a pipe would undo the one that keeps the pipe inside the cell.
    return re.sub(r"\\(?=\|)", "\\\\\u200b", text).replace("|", "\\|")
