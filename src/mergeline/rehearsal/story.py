"""The story that `make rehearse` tells: what developers do, and what this repository promises to do in turn.

Nothing here is yours to edit unless your parameters have other names: then adjust the changes below. They assume a
candidate `prior` that must not pass the gate, a candidate `hist_gradient_boosting`, and batches that are months.
"""

from mergeline.rehearsal.changes import Change, append, keep_candidate, raise_pins, set_params
from mergeline.rehearsal.checks import (
    copy_comments,
    expect_all_known,
    expect_checks,
    expect_comment,
    expect_posted,
    expect_quiet,
    expect_summary,
    expect_untouched,
    expect_verdict,
)
from mergeline.rehearsal.events import DEPENDABOT, GUEST
from mergeline.rehearsal.promises import Ledger
from mergeline.rehearsal.simulation import Pull, Simulation

REPRODUCE = ("make repro",)
PROMOTE = (*REPRODUCE, "make gate", "make promote")
BETTER = Change(
    "more-trees",
    "Fit longer",
    set_params(lambda params: params["train"]["candidates"]["hist_gradient_boosting"].update(max_iter=150)),
    REPRODUCE,
)
NOTE = Change("more-trees", "Say why", append("docs/notes.md", "Longer fits, because.\n"))
WORDS = Change("words", "Explain", append("docs/words.md", "In other words.\n"))
WORSE = Change("guess", "Guess the base rate", set_params(lambda params: keep_candidate(params, "prior")), REPRODUCE)
BROKEN = Change(
    "lost-month",
    "Drop a month",
    set_params(lambda params: params["procure"]["batches"].pop(2)),
    ("make update-data", *REPRODUCE),
)
FOREIGN = Change(
    "threshold",
    "Another threshold",
    set_params(lambda params: params["evaluate"].update(threshold=0.4)),
    REPRODUCE,
    author=GUEST,
)
UPDATE = Change(
    "dependabot/github_actions/actions",
    "Bump the actions group",
    raise_pins("actions/checkout"),
    author=DEPENDABOT,
)
JUDGED_WELL = ("promote", "hold")


def tell(simulation: Simulation, ledger: Ledger) -> None:
    """Let the story happen and note every promise in `ledger`."""
    push(simulation, ledger)
    promote(simulation, ledger)
    pull = propose_better(simulation, ledger)
    propose_words(simulation, ledger)
    propose_worse(simulation, ledger)
    propose_broken(simulation, ledger)
    propose_foreign(simulation, ledger)
    update_actions(simulation, ledger)
    merge(simulation, ledger, pull)
    ledger.begin("At the end")
    expect_all_known(ledger, simulation)


def push(simulation: Simulation, ledger: Ledger) -> None:
    """Push main as it is now."""
    ledger.begin("Push to main")
    runs = simulation.push()
    expect_checks(ledger, runs, "success")
    expect_quiet(ledger, simulation, [], "nobody is commented on")


def promote(simulation: Simulation, ledger: Ledger) -> None:
    """Make main's model the champion, unless there is one, so that the pull requests are judged against it."""
    ledger.begin("The model on main is promoted")
    ledger.expect("there is a champion", simulation.promote(*PROMOTE), "no branch `deployments`: see logs/laptop.txt")


def propose_better(simulation: Simulation, ledger: Ledger) -> Pull:
    """Open a pull request that should pass, add a commit to it, and let the older run report once more."""
    ledger.begin("A pull request with a better model")
    pull, runs = simulation.open_pull(BETTER)
    expect_checks(ledger, runs, "success")
    expect_untouched(ledger, simulation, runs, ("validate", "analyse", "featurise"))
    expect_verdict(ledger, simulation, runs, JUDGED_WELL)
    expect_posted(ledger, runs)
    expect_comment(ledger, simulation, pull, *JUDGED_WELL)

    ledger.begin("One more commit on it")
    later = simulation.update_pull(pull, NOTE)
    expect_checks(ledger, later, "success")
    expect_posted(ledger, later)
    expect_comment(ledger, simulation, pull, *JUDGED_WELL)

    ledger.begin("The older run reports late")
    before = copy_comments(simulation)
    simulation.deliver(runs[:1])
    expect_quiet(ledger, simulation, before, "a stale report is not shown")
    return pull


def propose_words(simulation: Simulation, ledger: Ledger) -> None:
    """Open a pull request that changes documents only."""
    ledger.begin("A pull request that changes documents only")
    before = copy_comments(simulation)
    _, runs = simulation.open_pull(WORDS)
    expect_checks(ledger, runs, "success", skipped=("model", "test"))
    expect_posted(ledger, runs)
    expect_quiet(ledger, simulation, before, "nobody is commented on")


def propose_worse(simulation: Simulation, ledger: Ledger) -> None:
    """Open a pull request that the gate must reject."""
    ledger.begin("A pull request with a worse model")
    pull, runs = simulation.open_pull(WORSE)
    expect_checks(ledger, runs, "failure")
    expect_verdict(ledger, simulation, runs, ("reject",))
    expect_summary(ledger, runs, "reject")
    expect_posted(ledger, runs)
    expect_comment(ledger, simulation, pull, "reject")


def propose_broken(simulation: Simulation, ledger: Ledger) -> None:
    """Open a pull request whose data must stop the pipeline."""
    ledger.begin("A pull request with broken data")
    pull, runs = simulation.open_pull(BROKEN)
    expect_checks(ledger, runs, "failure")
    expect_summary(ledger, runs, "no verdict")
    expect_posted(ledger, runs)
    expect_comment(ledger, simulation, pull, "no verdict")


def propose_foreign(simulation: Simulation, ledger: Ledger) -> None:
    """Open a pull request from a fork: a read-only token, no secret."""
    ledger.begin("A pull request from a fork")
    pull, runs = simulation.open_pull(FOREIGN)
    expect_checks(ledger, runs, "success")
    expect_posted(ledger, runs)
    expect_comment(ledger, simulation, pull, *JUDGED_WELL)


def update_actions(simulation: Simulation, ledger: Ledger) -> None:
    """Let Dependabot open a pull request: a read-only token too."""
    ledger.begin("A pull request from Dependabot")
    pull, runs = simulation.open_pull(UPDATE)
    expect_checks(ledger, runs, "success")
    expect_posted(ledger, runs)
    expect_comment(ledger, simulation, pull, *JUDGED_WELL)


def merge(simulation: Simulation, ledger: Ledger, pull: Pull) -> None:
    """Merge the better model."""
    ledger.begin("The better model is merged")
    before = copy_comments(simulation)
    runs = simulation.merge_pull(pull)
    expect_checks(ledger, runs, "success")
    expect_quiet(ledger, simulation, before, "nobody is commented on")
