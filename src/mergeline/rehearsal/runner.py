"""Running one workflow for one event: what it may do, what it is told, and what came of it.

Nothing here is yours to edit.
"""

import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mergeline.rehearsal import act
from mergeline.rehearsal.environment import lead_git
from mergeline.rehearsal.events import REPOSITORY, Event
from mergeline.rehearsal.hub import Hub
from mergeline.rehearsal.preflight import find_standins, list_labels
from mergeline.rehearsal.reading import read_run, split_matrix
from mergeline.rehearsal.results import Run
from mergeline.rehearsal.workflows import LEVELS, Workflow

Permissions = Mapping[str, str]


@dataclass
class Runner:
    """Everything that a workflow run needs beside its workflow, its event and its tree.

    Attributes
    ----------
    act, scratch, origin : Path
        The program, the folder for logs and workspaces, and the repository that jobs clone from.
    hub : Hub
        Gives out tokens, keeps artifacts.
    environment : dict
        What jobs see of this machine.
    versions : list of str
        Pythons of this machine that jobs can have.
    limit : float
        Seconds after which a run is ended.
    say : callable
        Gets a line per run.
    variables : dict
        Variables of the repository (`vars`).
    """

    act: Path
    scratch: Path
    origin: Path
    hub: Hub
    environment: Mapping[str, str]
    versions: Sequence[str]
    limit: float
    say: Callable[[str], None]
    variables: Mapping[str, str] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1001))

    def run(self, workflow: Workflow, event: Event, tree: Path) -> Run:
        """Run `workflow` of the repository in `tree` for `event`; return its results."""
        number = next(self.numbers)
        token = f"token-{number}"
        allowed = {job.id: restrict(job.permissions, event.restricted) for job in workflow.jobs}
        alone = must_run_alone(allowed)
        self.hub.tokens[token] = {**allowed, "": {} if alone else join(allowed)}

        def take_over(job: str) -> None:
            if alone:
                self.hub.tokens[token][""] = allowed.get(job, {})

        choice, absent = split_matrix(workflow, self.versions)
        command = act.build_command(
            self.act,
            event.name,
            tree,
            workflow.path,
            self._write_payload(number, event),
            self.scratch,
            labels=list_labels(workflow),
            standins=find_standins(workflow),
            environment=describe_run(number, self.hub.base),
            variables=self.variables,
            token=token,
            actor=event.actor,
            matrix=choice,
            one_by_one=alone,
        )
        can_push = any(permissions.get("contents") == "write" for permissions in allowed.values())
        environment = {**self.environment, **lead_git(self.hub.base, self.origin, can_push)}
        log = self.scratch / f"logs/{number}-{workflow.path.stem}.jsonl"
        status, records, messages = act.perform(command, environment, self.limit, log, take_over)
        del self.hub.tokens[token]
        run = read_run(number, workflow, event.name, status, records, messages, absent)
        run.source = show_run(run, workflow, self.hub.base)
        self.say(f"  {workflow.name:<8} {event.name:<13} {run.conclusion:<9} {run.seconds:6.1f} s")
        return run

    def _write_payload(self, number: int, event: Event) -> Path:
        path = self.scratch / f"logs/{number}.event.json"
        path.write_text(json.dumps(event.payload), encoding="utf-8")
        return path


def restrict(permissions: Permissions, restricted: bool) -> dict[str, str]:
    """Return a job's permissions; those of a fork's or Dependabot's pull request are read-only."""
    return {scope: "read" if restricted and level == "write" else level for scope, level in permissions.items()}


def must_run_alone(allowed: Mapping[str, Permissions]) -> bool:
    """Return whether jobs run one by one, so that a call is known to be the running job's: their permissions differ.

    Reading the repository does not count: checkouts name their job.
    """
    without = [{scope for scope in held.items() if scope != ("contents", "read")} for held in allowed.values()]
    return any(permissions != without[0] for permissions in without)


def join(allowed: Mapping[str, Permissions]) -> dict[str, str]:
    """Return the highest level of each scope that any of the jobs has."""
    joined: dict[str, str] = {}
    for scope, level in (item for held in allowed.values() for item in held.items()):
        joined[scope] = max(joined.get(scope, "none"), level, key=LEVELS.index)
    return joined


def describe_run(number: int, server: str) -> dict[str, str]:
    """Return the variables that tell a job which run it belongs to, and where GitHub is."""
    return {
        "GITHUB_REPOSITORY": REPOSITORY,
        "GITHUB_RUN_ID": str(number),
        "GITHUB_RUN_NUMBER": str(number - 1000),
        "GITHUB_RUN_ATTEMPT": "1",
        "GITHUB_SERVER_URL": server,
        "GITHUB_API_URL": f"{server}/api/v3",
        "ACTIONS_RESULTS_URL": f"{server}/",
        "ACTIONS_RUNTIME_TOKEN": f"runtime-{number}",
    }


def show_run(run: Run, workflow: Workflow, server: str) -> dict[str, object]:
    """Return a run as the API shows it, without where it came from."""
    return {
        "id": run.id,
        "name": workflow.name,
        "path": workflow.path.as_posix(),
        "event": run.event,
        "conclusion": run.conclusion,
        "run_number": run.id - 1000,
        "run_attempt": 1,
        "html_url": f"{server}/{REPOSITORY}/actions/runs/{run.id}",
    }
