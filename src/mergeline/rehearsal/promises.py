"""The promises of a rehearsal: what was expected, whether it held, and what was seen instead.

Nothing here is yours to edit; the promises are made in `story.py`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Promise:
    """One expectation: in which scene, what, whether it held, and what was seen."""

    scene: str
    text: str
    kept: bool
    seen: str = ""


@dataclass
class Ledger:
    """The promises of a rehearsal, in the order in which they were checked.

    Attributes
    ----------
    say : callable
        Gets a line per promise.
    """

    say: Callable[[str], None] = print
    promises: list[Promise] = field(default_factory=list)
    scene: str = ""

    def begin(self, scene: str) -> None:
        """Begin a scene."""
        self.scene = scene
        self.say(f"\n{scene}")

    def expect(self, text: str, kept: bool, seen: object = "") -> bool:
        """Note whether the promise `text` was kept; `seen` is shown where it was not. Return `kept`."""
        self.promises.append(Promise(self.scene, text, bool(kept), "" if kept else str(seen)))
        self.say(f"    {'kept  ' if kept else 'BROKEN'} {text}" + ("" if kept else f" (seen: {seen})"))
        return bool(kept)

    def broken(self) -> list[Promise]:
        """Return the promises that were not kept."""
        return [promise for promise in self.promises if not promise.kept]
