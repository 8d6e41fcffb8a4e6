"""What is wrong with a request, in words: the field, what it held, and what to send instead.

Nothing here is yours to edit. The house form of an error (what, where, fix) is also what goes over the wire.
"""

import json
import math
import re
from collections.abc import Collection
from difflib import get_close_matches
from typing import Any

import msgspec

FIX = "see /docs for the fields and their types"
UNKNOWN = re.compile(r"^Object contains unknown field `(?P<name>[^`]*)`(?P<beside>.*)", re.DOTALL)
MISSING = re.compile(r"^Object missing required field `(?P<name>[^`]*)`")
PLACE = re.compile(r" - at `\$\.?(?P<place>[^`]*)`$")
TYPES = {
    "float": "a number",
    "str": "text",
    "null": "null",
    "object": "an object",
    "array": "a list",
    "int": "a number",
}


class Fault(msgspec.Struct):
    """Why a request was refused."""

    what: str
    where: str
    fix: str


def explain(content: bytes, error: Exception, names: Collection[str]) -> Fault:
    """Return what is wrong with the body `content`, which failed to decode by `error`.

    Parameters
    ----------
    content : bytes
        The body as it came.
    error : Exception
        What `Contract.decode` raised.
    names : collection of str
        The features that exist.
    """
    text = str(error)
    place = found["place"] if (found := PLACE.search(text)) else ""
    text = PLACE.sub("", text)
    if unknown := UNKNOWN.match(text):
        return _explain_unknown(unknown["name"], place, unknown["beside"].strip(), names)
    if missing := MISSING.match(text):
        return Fault(
            f"'{missing['name']}' is missing", _join(place, missing["name"]), 'send {"inputs": {...}}, see /docs'
        )
    if isinstance(error, msgspec.ValidationError):
        return Fault(_translate(text), place or "body", FIX)
    if isinstance(error, RecursionError):
        return Fault("the body is nested too deeply", "body", FIX)
    if not_finite := _find_not_finite(content):
        return Fault(f"{not_finite[1]} is not a number of JSON", not_finite[0], "send null for a missing value")
    return Fault(f"the body is not JSON: {text}", "body", 'send JSON, such as {"inputs": {...}}')


def _explain_unknown(name: str, place: str, beside: str, names: Collection[str]) -> Fault:
    where = _join(place, name[:100])
    if beside:
        return Fault(f"'{name}' stands {beside.replace('`', chr(39))}", where, "put it into each of the rows")
    if not place.endswith("inputs"):
        if name in names:
            return Fault(f"'{name}' is a feature", where, f"put it under {_join(place, 'inputs')}")
        return Fault(f"'{name[:100]}' is not a known field", where, "allowed here: inputs, key, row_id; or rows alone")
    close = get_close_matches(name, names, n=1)
    guess = f"did you mean '{close[0]}'? " if close else ""
    return Fault(f"'{name[:100]}' is not a feature of this model", where, f"{guess}allowed: {', '.join(names)}")


def _translate(text: str) -> str:
    """Return msgspec's message in the words of JSON."""
    return re.sub(r"`([^`]*)`", lambda found: " or ".join(TYPES.get(w, w) for w in found[1].split(" | ")), text)


def _find_not_finite(content: bytes) -> tuple[str, str] | None:
    if b"NaN" not in content and b"Infinity" not in content:
        return None
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return _first_not_finite(body, "")


def _first_not_finite(value: Any, place: str) -> tuple[str, str] | None:
    children: list[tuple[str, Any]] = []
    if isinstance(value, dict):
        children = [(_join(place, name), child) for name, child in value.items()]
    elif isinstance(value, list):
        children = [(f"{place}[{position}]", child) for position, child in enumerate(value)]
    elif isinstance(value, float) and not math.isfinite(value):
        return place or "body", json.dumps(value)
    return next((found for name, child in children if (found := _first_not_finite(child, name))), None)


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
