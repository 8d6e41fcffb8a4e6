"""Counts how often a held-out period was looked at: results for the present data that git remembers.

Nothing here is yours to edit: how looks are corrected for is in `params.yaml`, `gate.looks_correction`.
"""

from pathlib import Path

from mergeline.shell import run_git

METRICS = "reports/metrics.json"


def count_looks(folder: Path = Path()) -> int:
    """Return how many different results were committed, on any branch, for the present data; at least 1.

    Every committed `reports/metrics.json` that was made from today's `data.dvc` is a look at the same held-out rows.
    Equal results are one look: a refactor with identical outputs, or the same proposal judged again, learns nothing
    new from these rows. New data makes a new period, and the count begins at 1. Results that were never committed, or
    whose branch is gone from this clone, cannot be counted: the count is a lower bound.
    """
    data = run_git("hash-object", "data.dvc", folder=folder)
    commits = run_git("log", "--all", "--format=%H", "--", METRICS, folder=folder).splitlines()
    looks = {run_git("hash-object", METRICS, folder=folder)}
    for commit in commits:
        listed = run_git("ls-tree", "--format=%(objectname)", commit, "data.dvc", METRICS, folder=folder).split()
        if len(listed) == 2 and data in listed:
            looks.update(set(listed) - {data})
    return len(looks)
