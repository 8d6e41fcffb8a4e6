"""Rollback: one commit on `deployments` that restores an earlier desired state and its champion record.

Nothing here is yours to edit. Nothing is trained, judged or made again: the bundle of that state is found by its digest
when it is deployed. The present state stays in the history, so the way forward is a rollback too.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from mergeline.command import run
from mergeline.errors import MergelineError
from mergeline.gate.champion import BRANCH, RECORD, find_branch
from mergeline.params import load_params
from mergeline.release.identity import find_identity
from mergeline.release.objects import now, write_commit
from mergeline.release.production import FILE, Production, read_file, read_history, read_production, render_production
from mergeline.release.registry import move_alias
from mergeline.release.remote import fetch, push
from mergeline.release.versions import ensure_assigned, read_assignments
from mergeline.shell import has_commit

PREVIOUS = "previous"
ROLLBACK = "rollback"
State = tuple[str, Production]


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(
        prog="python -m mergeline.release.rollback",
        description=__doc__.splitlines()[0],
        epilog="Then `make deploy`; a service that follows the branch needs nothing else.",
    )
    parser.add_argument(
        "--to",
        required=True,
        help="a version (v0.0.3), a commit of main or of the branch (7 digits or more), or `previous`",
    )
    parser.add_argument("--reason", default="", help="why, for the record")
    parser.add_argument(
        "--push", action="store_true", help="first take tags and the branch from origin, at last bring them there"
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Restore the state and return 0; a state that serves already is left as it is."""
    options = make_parser().parse_args(argv)
    folder = Path()
    service = load_params(folder / "params.yaml").release.service
    if options.push:
        fetch(service, folder)
    to = options.to
    if to == PREVIOUS and (begun := find_unfinished(service, folder)):
        print(f"a rollback to {begun} was begun and broke off: it is finished")
        to = begun
    state, tip = roll_back(to, options.reason, folder)
    champion = state.champion
    assigned = None
    if has_commit(champion.commit, folder):
        assigned = ensure_assigned(service, champion.version, champion.commit, find_identity(folder), folder)
    print(f"{service}: {champion.version} should serve, bundle {champion.digest}; branch {BRANCH} at {tip[:12]}")
    if options.push:
        push([assigned] if assigned else [], folder)
    number = move_alias(champion.version, folder)
    known = (
        f"model version {number} bears the alias" if number else f"knows no {champion.version}, so no alias is moved"
    )
    print(f"MLflow: {known}")
    print("next: make deploy" if options.push else f"next: git push origin {BRANCH} --tags; make deploy")
    return 0


def find_unfinished(service: str, folder: Path = Path()) -> str | None:
    """Return the version of a rollback that has its commit and not yet its tag; None if there is none.

    Without this, `previous` would go one state further each time it is run again.
    """
    history = read_history(folder)
    assigned = read_assignments(service, folder)
    if not history or history[0][1].verdict != ROLLBACK or not assigned:
        return None
    champion = history[0][1].champion
    done = assigned[-1].commit == champion.commit or not has_commit(champion.commit, folder)
    return None if done else champion.version


def describe_alias(version: str, folder: Path) -> str:
    """Return what became of the alias in MLflow; a store that does not answer holds up no rollback."""
    try:
        number = move_alias(version, folder)
    except MergelineError as error:
        return f"the alias was not moved: {error.what}"
    return f"model version {number} bears the alias" if number else f"knows no {version}, so no alias is moved"


def roll_back(to: str, reason: str, folder: Path = Path()) -> tuple[Production, str]:
    """Return the state that should serve and the tip of the branch, once that state is the one `to` names.

    Raises
    ------
    MergelineError
        If nothing was deployed, or no state fits; those that there are, are named.
    OutrunError
        If another deployment came between.
    """
    tip = find_branch(folder)
    history = read_history(folder)
    commit, wanted = choose_state(history, to, folder)
    present = read_valid(folder)
    if tip is None or (present and present.serves_like(wanted)):
        return present or wanted, tip or commit
    who, at = find_identity(folder), now()
    why = reason or f"back to {wanted.champion.version}, as of {wanted.at}"
    state = wanted.because(str(who), why, ROLLBACK, f"{at:%Y-%m-%dT%H:%M:%SZ}")
    files = {FILE: render_production(state)}
    record = read_file(commit, RECORD, folder)
    if record:
        files[RECORD] = record
    message = f"Roll back to {state.service}@{wanted.champion.version}\n\n{why}\nState of {commit}"
    return state, write_commit(BRANCH, tip, files, message, who, at, folder)


def choose_state(history: Sequence[State], to: str, folder: Path = Path()) -> State:
    """Return the newest state that `to` names, of a `history` that is newest first.

    "previous" is what served before the present state was promoted: one that was rolled back is not returned to.

    Raises
    ------
    MergelineError
        If there is none.
    """
    if not history:
        raise _refuse("nothing was ever deployed", history)
    if to == PREVIOUS:
        return _choose_previous(history, folder)
    version = to.rpartition("@")[2]
    by_version = [state for state in history if state[1].champion.version == version]
    if by_version:
        return by_version[0]
    if len(to) >= 7 and set(to) <= set("0123456789abcdef"):
        for state in history:
            if state[0].startswith(to) or state[1].champion.commit.startswith(to):
                return state
    raise _refuse(f"no deployment is called '{to}'", history)


def _choose_previous(history: Sequence[State], folder: Path) -> State:
    served: list[State] = []
    for state in reversed(history):
        same = next((place for place, past in enumerate(served) if past[1].serves_like(state[1])), None)
        if state[1].verdict == ROLLBACK and same is not None:
            served = served[: same + 1]
        elif not (served and served[-1][1].serves_like(state[1])):
            served.append(state)
    # The newest state may be broken, and then every one that can be read is an earlier one.
    broken = read_valid(folder) is None
    if len(served) < 2 and not broken:
        raise _refuse("there is no earlier state", history)
    return served[-1 if broken else -2]


def read_valid(folder: Path) -> Production | None:
    """Return the present state, None if it is not of its form."""
    try:
        return read_production(folder)
    except MergelineError:
        return None


def _refuse(what: str, history: Sequence[State]) -> MergelineError:
    known = list(dict.fromkeys(f"{state.champion.version} ({commit[:12]})" for commit, state in history))
    return MergelineError(
        what,
        where=f"branch {BRANCH}",
        fix=f"choose one of: previous, {', '.join(known[:10])}" if known else "promote a model first: make promote",
    )


if __name__ == "__main__":
    run(main)
