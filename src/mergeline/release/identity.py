"""Who deploys: the name that stands in tags, commits and the desired state.

Nothing here is yours to edit. A runner has no git identity, so that git, and GTO with it, refuses to write; there the
account that started the workflow is named.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from mergeline.errors import MergelineError
from mergeline.shell import run_git


@dataclass(frozen=True)
class Identity:
    """A name and an address, as git writes them."""

    name: str
    address: str

    def __str__(self) -> str:
        return f"{self.name} <{self.address}>"


def find_identity(folder: Path = Path()) -> Identity:
    """Return who runs this: git's own settings, else the account of the GitHub workflow.

    Raises
    ------
    MergelineError
        If neither says.
    """
    actor = os.environ.get("GITHUB_ACTOR", "")
    name = os.environ.get("GIT_COMMITTER_NAME") or _read_setting("user.name", folder) or actor
    address = os.environ.get("GIT_COMMITTER_EMAIL") or _read_setting("user.email", folder)
    if not address and actor:
        address = f"{actor}@users.noreply.github.com"
    if not name or not address:
        raise MergelineError(
            "nobody's name is set, and every deployment names who made it",
            where="git config user.name, user.email",
            fix="set them: git config user.name …; git config user.email …",
        )
    return Identity(_clean(name), _clean(address))


def _read_setting(key: str, folder: Path) -> str:
    try:
        return run_git("config", "--get", key, folder=folder)
    except MergelineError:  # git exits 1 where it is not set
        return ""


def _clean(text: str) -> str:
    return " ".join(text.replace("<", " ").replace(">", " ").split())
