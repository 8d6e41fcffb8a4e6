"""What the pull requests of a rehearsal change: an edit, what the developer runs after it, and who proposes it.

Nothing here is yours to edit; the rehearsed pull requests themselves are in `story.py`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from mergeline.errors import MergelineError
from mergeline.rehearsal.events import DEVELOPER

Edit = Callable[[Path], None]


@dataclass(frozen=True)
class Change:
    """One pull request.

    Attributes
    ----------
    branch, title : str
        As on GitHub.
    edit : callable
        Changes the files in the folder that it is given.
    commands : tuple of str
        What the developer runs before the commit; may fail, as on a real afternoon.
    author : str
        Login of who opens it; the guest's comes from a fork.
    """

    branch: str
    title: str
    edit: Edit
    commands: tuple[str, ...] = ()
    author: str = DEVELOPER


def replace(path: str, old: str, new: str) -> Edit:
    """Return the edit that replaces `old` by `new`, once, in the file at `path`."""

    def edit(folder: Path) -> None:
        text = (folder / path).read_text(encoding="utf-8")
        if old not in text:
            raise MergelineError(f"'{old}' is not in the file", where=path, fix="adjust the change in the rehearsal")
        (folder / path).write_text(text.replace(old, new, 1), encoding="utf-8")

    return edit


def raise_pins(action: str) -> Edit:
    """Return the edit that gives `action` the next patch version wherever it is used, as Dependabot does."""
    pin = re.compile(rf"({re.escape(action)}[\w./-]*@[0-9a-f]{{40}} # v\d+\.\d+\.)(\d+)")

    def edit(folder: Path) -> None:
        for path in folder.glob(".github/**/*.yml"):
            text = path.read_text(encoding="utf-8")
            # The commit stays: nobody looks it up here.
            path.write_text(pin.sub(lambda found: f"{found[1]}{int(found[2]) + 1}", text), encoding="utf-8")

    return edit


def append(path: str, text: str) -> Edit:
    """Return the edit that adds `text` at the end of the file at `path`, which it makes if need be."""

    def edit(folder: Path) -> None:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        with (folder / path).open("a", encoding="utf-8") as handle:
            handle.write(text)

    return edit


def set_params(change: Callable[[Any], None], path: str = "params.yaml") -> Edit:
    """Return the edit that lets `change` alter the parameters; comments and order stay."""

    def edit(folder: Path) -> None:
        yaml = YAML()
        yaml.width = 120
        yaml.preserve_quotes = True
        params = yaml.load((folder / path).read_text(encoding="utf-8"))
        change(params)
        with (folder / path).open("w", encoding="utf-8") as handle:
            yaml.dump(params, handle)

    return edit


def do_all(*edits: Edit) -> Edit:
    """Return the edit that does all of `edits`."""

    def edit(folder: Path) -> None:
        for one in edits:
            one(folder)

    return edit


def keep_candidate(params: Mapping[str, Any], name: str) -> None:
    """Leave `name` as the only candidate of the train stage."""
    candidates = params["train"]["candidates"]
    if name not in candidates:
        raise MergelineError(
            f"no candidate '{name}'", where="params.yaml, train.candidates", fix=f"add '{name}: {{}}' to the candidates"
        )
    for other in [key for key in candidates if key != name]:
        del candidates[other]
