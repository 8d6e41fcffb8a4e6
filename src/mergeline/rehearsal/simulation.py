"""A GitHub of one repository: what developers do to it, and the workflow runs that follow.

Nothing here is yours to edit. Pushes, pull requests, forks and merges are done with real git; the workflow files run
unmodified in act; `workflow_run` events follow, on the default branch, as on GitHub.
"""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mergeline.rehearsal import events
from mergeline.rehearsal.changes import Change
from mergeline.rehearsal.events import DEFAULT_BRANCH, GUEST, REPOSITORY, Event
from mergeline.rehearsal.hub import Hub
from mergeline.rehearsal.repository import CHAMPIONS, Repository, describe_origin
from mergeline.rehearsal.results import Run
from mergeline.rehearsal.runner import Runner
from mergeline.rehearsal.triggers import starts
from mergeline.rehearsal.workflows import load_workflows

Pull = dict[str, Any]


@dataclass
class Simulation:
    """The running simulation; made by `simulating` in `setting.py`.

    Attributes
    ----------
    scratch : Path
        Everything lies below it.
    repository : Repository
        Origin, fork, and the developer's clone.
    hub : Hub
        Pull requests, comments, artifacts.
    runner : Runner
        Runs workflows.
    runs : list of Run
        Every run so far.
    """

    scratch: Path
    repository: Repository
    hub: Hub
    runner: Runner
    runs: list[Run] = field(default_factory=list)

    def push(self) -> list[Run]:
        """Push the default branch as it is; return the runs that follow."""
        head = self.repository.head()
        return self._check(events.make_push("0" * 40, head, ("**",)), f"refs/heads/{DEFAULT_BRANCH}", head)

    def promote(self, *commands: str) -> bool:
        """Let the developer run `commands` on the default branch and push the champions' branch, if there is none yet.

        Return whether there is one now.
        """
        if not self._has_champion():
            self._develop(commands)
            if self.repository.git("branch", "--list", CHAMPIONS):
                self.repository.git("push", "-q", "origin", CHAMPIONS)
        return self._has_champion()

    def open_pull(self, change: Change, deliver: bool = True) -> tuple[Pull, list[Run]]:
        """Open a pull request with `change`; return it and its runs.

        Without `deliver` the `workflow_run` events are held back; `deliver` sends them later.
        """
        commit = self._make(change, change.branch, DEFAULT_BRANCH)
        head = describe_origin(fork=change.author == GUEST)
        base = self.repository.head()
        pull = self.hub.add_pull(change.title, change.branch, commit, base, head, change.author)
        return pull, self._propose(pull, "opened", deliver)

    def update_pull(self, pull: Pull, change: Change, deliver: bool = True) -> list[Run]:
        """Push one more commit with `change` to the branch of `pull`; return the runs."""
        branch = pull["head"]["ref"]
        pull["head"]["sha"] = self._make(change, branch, branch)
        return self._propose(pull, "synchronize", deliver)

    def close_pull(self, pull: Pull) -> None:
        """Close `pull` without merging it."""
        pull["state"] = "closed"

    def merge_pull(self, pull: Pull) -> list[Run]:
        """Merge `pull` and return the runs of the push."""
        message = f"Merge pull request #{pull['number']} from {pull['head']['label']}"
        before, after = self.repository.merge(pull["head"]["ref"], message)
        pull.update(state="closed", merged=True)
        changed = self.repository.changed(before, after)
        return self._check(events.make_push(before, after, changed), f"refs/heads/{DEFAULT_BRANCH}", after)

    def dispatch(self, workflow: str, **inputs: str) -> list[Run]:
        """Start the workflow file `workflow` by hand; return its runs."""
        event = events.make_dispatch(workflow, inputs)
        return self._check(event, f"refs/heads/{DEFAULT_BRANCH}", self.repository.head())

    def deliver(self, runs: Sequence[Run]) -> list[Run]:
        """Send the `workflow_run` events of completed `runs`; return the runs that follow."""
        followed = []
        for run in runs:
            followed += self._fire(events.make_workflow_run(run.source), f"refs/heads/{DEFAULT_BRANCH}")
        return followed

    def _has_champion(self) -> bool:
        return bool(self.repository.git("branch", "--list", CHAMPIONS, folder=self.repository.origin))

    def _make(self, change: Change, branch: str, start: str) -> str:
        self.repository.git("checkout", "-q", "-B", branch, start)
        change.edit(self.repository.laptop)
        self._develop(change.commands)
        commit = self.repository.commit(change.title, change.author)
        self.repository.git("checkout", "-q", DEFAULT_BRANCH)
        return commit

    def _develop(self, commands: Sequence[str]) -> None:
        laptop, environment = self.repository.laptop, self.repository.environment
        environment = {**environment, "PATH": f"{laptop / '.venv/bin'}{os.pathsep}{environment['PATH']}"}
        for command in commands:
            with (self.scratch / "logs/laptop.log").open("a", encoding="utf-8") as log:
                print(f"$ {command}", file=log, flush=True)
                subprocess.run(command, shell=True, cwd=laptop, env=environment, stdout=log, stderr=log, check=False)

    def _propose(self, pull: Pull, action: str, deliver: bool) -> list[Run]:
        branch, number = pull["head"]["ref"], pull["number"]
        self.repository.propose(branch, number, pull["head"]["repo"]["full_name"])
        changed = self.repository.changed(DEFAULT_BRANCH, branch)
        event = events.make_pull_request(action, pull, changed)
        return self._check(event, f"refs/pull/{number}/merge", pull["head"]["sha"], pull, deliver)

    def _check(self, event: Event, ref: str, commit: str, pull: Pull | None = None, deliver: bool = True) -> list[Run]:
        runs = self._fire(event, ref)
        for run in runs:
            run.source |= {
                "head_sha": commit,
                "head_branch": pull["head"]["ref"] if pull else DEFAULT_BRANCH,
                "head_repository": events.describe_repository(
                    pull["head"]["repo"]["full_name"] if pull else REPOSITORY
                ),
                "actor": {"login": event.actor},
            }
        return [*runs, *(self.deliver(runs) if deliver else [])]

    def _fire(self, event: Event, ref: str) -> list[Run]:
        tree = self.repository.lay_out(ref, self.hub.base)
        started = [workflow for workflow in load_workflows(tree) if starts(workflow, event)]
        runs = [self.runner.run(workflow, event, tree) for workflow in started]
        self.runs += runs
        return runs
