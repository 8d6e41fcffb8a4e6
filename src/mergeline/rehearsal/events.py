"""The events that GitHub would send, with the fields that workflows and the commenting command read.

Nothing here is yours to edit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

REPOSITORY = "acme/model"
FORK = "guest/model"
DEFAULT_BRANCH = "main"
DEVELOPER, GUEST, DEPENDABOT = "developer", "guest", "dependabot[bot]"


@dataclass(frozen=True)
class Event:
    """What happened on GitHub.

    Attributes
    ----------
    name : str
        As in `on:`.
    payload : dict
        What `github.event` holds.
    actor : str
        Who caused it.
    changed : tuple of str
        Paths that the push or pull request changes; for the filters.
    restricted : bool
        Whether the token is read-only and secrets are withheld: forks and Dependabot.
    only : str
        File name of the one workflow that is meant (workflow_dispatch); "" for all.
    """

    name: str
    payload: Mapping[str, Any] = field(repr=False)
    actor: str = DEVELOPER
    changed: tuple[str, ...] = ()
    restricted: bool = False
    only: str = ""


def describe_repository(full_name: str = REPOSITORY) -> dict[str, Any]:
    """Return a repository as payloads and the API show it."""
    owner, name = full_name.split("/")
    return {
        "full_name": full_name,
        "name": name,
        "owner": {"login": owner},
        "default_branch": DEFAULT_BRANCH,
        "fork": full_name != REPOSITORY,
        "private": False,
    }


def make_push(before: str, after: str, changed: tuple[str, ...]) -> Event:
    """Return the event of a push to the default branch."""
    payload = {
        "ref": f"refs/heads/{DEFAULT_BRANCH}",
        "before": before,
        "after": after,
        "deleted": False,
        "repository": describe_repository(),
    }
    return Event("push", payload, changed=changed)


def make_pull_request(action: str, pull: Mapping[str, Any], changed: tuple[str, ...]) -> Event:
    """Return the event of a pull request that was opened or updated."""
    payload = {
        "action": action,
        "number": pull["number"],
        "pull_request": pull,
        "repository": describe_repository(),
        "sender": pull["user"],
    }
    actor = pull["user"]["login"]
    foreign = pull["head"]["repo"]["full_name"] != REPOSITORY
    return Event("pull_request", payload, actor, changed, restricted=foreign or actor == DEPENDABOT)


def make_dispatch(workflow: str, inputs: Mapping[str, str]) -> Event:
    """Return the event of a person who starts the workflow file `workflow` by hand."""
    payload = {
        "ref": f"refs/heads/{DEFAULT_BRANCH}",
        "inputs": dict(inputs),
        "repository": describe_repository(),
    }
    return Event("workflow_dispatch", payload, only=workflow)


def make_workflow_run(run: Mapping[str, Any]) -> Event:
    """Return the event of a completed workflow run; `pull_requests` is empty, as it is for forks."""
    payload = {
        "action": "completed",
        "workflow_run": {**run, "status": "completed", "pull_requests": []},
        "repository": describe_repository(),
    }
    return Event("workflow_run", payload, actor=run["actor"]["login"])
