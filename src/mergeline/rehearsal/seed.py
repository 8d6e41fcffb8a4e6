"""What lies in the checkout's caches, offered to the jobs as what main's last run left.

Nothing here is yours to edit. Only paths that a workflow restores by actions/cache are offered, and they are copied out
of the checkout, never written to.
"""

from collections.abc import Sequence
from pathlib import Path

from mergeline.rehearsal.workflows import Workflow


def list_cached_paths(workflows: Sequence[Workflow]) -> list[str]:
    """Return the paths that the workflows restore from a cache."""
    found: dict[str, None] = {}
    for workflow in workflows:
        for job in workflow.jobs:
            for step in job.body.get("steps") or []:
                if str(step.get("uses", "")).startswith("actions/cache"):
                    found |= dict.fromkeys(step["with"]["path"].split())
    return list(found)


def seed_cache(source: Path, cache: Path, paths: Sequence[str]) -> None:
    """Make `cache`/seed lead to those of `paths` that are in the checkout `source`."""
    for path in paths:
        if (source / path).exists():
            (cache / "seed" / path).parent.mkdir(parents=True, exist_ok=True)
            (cache / "seed" / path).symlink_to((source / path).resolve())
