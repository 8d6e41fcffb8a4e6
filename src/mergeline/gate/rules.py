"""One rule of the gate, what came of it, and what would change it.

Nothing here is yours to edit: floors, budgets and margins are in `params.yaml`, group `gate`.
"""

import math
from dataclasses import dataclass
from typing import Any, Literal, TypeGuard

Outcome = Literal["pass", "hold", "reject"]


@dataclass(frozen=True)
class Rule:
    """One rule and what came of it.

    Attributes
    ----------
    name : str
        The rule's name, that of its parameter where it has one.
    outcome : {"pass", "hold", "reject"}
        What this rule alone would have the verdict be; "pass" leaves it to the others.
    says : str
        The rule in words, with its numbers.
    change : str
        What would change the outcome; "" where it passes.
    """

    name: str
    outcome: Outcome
    says: str
    change: str = ""


def is_number(value: Any) -> TypeGuard[int | float]:
    """Return whether `value` is a finite number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
