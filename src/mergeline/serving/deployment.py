"""A deployment: the bundles of one desired state, loaded, checked and ready, as one object that is swapped whole.

Nothing here is yours to edit. A request takes the deployment that is current when it arrives and keeps it to its end.
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mergeline.bundle.read import Bundle, read_bundle
from mergeline.errors import MergelineError
from mergeline.serving.contract import Contract, merge_features
from mergeline.serving.measures import Measures
from mergeline.serving.split import choose, compute_bounds, compute_percentile
from mergeline.serving.state import DesiredState, Shadow
from mergeline.serving.variants import Ready


class Deployment:
    """What serves.

    Attributes
    ----------
    state : DesiredState
        What was asked for.
    variants : tuple of Ready
        In the order of the state; each answers its share of the keys.
    shadow : Ready or None
        Scores every row for the log.
    contract : Contract
        What a request may hold: the features of all of them.
    bundles : dict of str to Bundle
        By digest; the next deployment takes from here what it shares with this one.
    """

    def __init__(self, state: DesiredState, bundles: Mapping[str, Bundle], measures: Measures) -> None:
        self.state = state
        self.bundles = dict(bundles)
        wanted = list_wanted(state)
        self.contract = contract = Contract(merge_features((one.name, bundles[one.digest].features) for one in wanted))
        ready = [Ready(bundles[one.digest], one, contract, measures, shadow=one is state.shadow) for one in wanted]
        self.variants = tuple(ready[: len(state.variants)])
        self.shadow = ready[-1] if state.shadow else None
        self.since = time.time()
        self._only = self.variants[0] if len(self.variants) == 1 else None
        self._bounds = compute_bounds([one.weight for one in state.variants])

    @property
    def everyone(self) -> tuple[Ready, ...]:
        """All bundles, the shadow last."""
        return (*self.variants, self.shadow) if self.shadow else self.variants

    def choose(self, key: str) -> Ready:
        """Return the variant that answers `key`."""
        if self._only is not None:
            return self._only
        return self.variants[choose(self._bounds, compute_percentile(self.state.service, key))]

    def describe(self) -> dict[str, Any]:
        """Return what /version tells."""
        return {
            "service": self.state.service,
            "variants": [ready.describe() for ready in self.variants],
            "shadow": self.shadow.describe() if self.shadow else None,
            "author": self.state.author,
            "reason": self.state.reason,
            "verdict": self.state.verdict,
            "at": self.state.at,
        }


def load_deployment(
    state: DesiredState, store: Path, measures: Measures, known: Mapping[str, Bundle] | None = None
) -> Deployment:
    """Return the deployment of `state`: every bundle opened by its digest and proven on its golden rows.

    Parameters
    ----------
    state : DesiredState
        What should serve.
    store : Path
        Holds `<digest>/` for each bundle.
    measures : Measures
        Where its rows will be counted.
    known : mapping, optional
        Bundles that are loaded already; they are not read again, so a roll-back works without the store.

    Raises
    ------
    MergelineError
        If a bundle is missing, altered or of another format, or a golden row's score is off.
    """
    bundles: dict[str, Bundle] = {}
    for wanted in list_wanted(state):
        if wanted.digest not in bundles:
            bundles[wanted.digest] = (known or {}).get(wanted.digest) or _open(wanted.digest, store)
    deployment = Deployment(state, bundles, measures)
    for ready in deployment.everyone:
        ready.prove(deployment.contract)
    return deployment


def list_wanted(state: DesiredState) -> list[Shadow]:
    """Return all that the state asks for, the shadow last."""
    return [*state.variants, *([state.shadow] if state.shadow else [])]


def _open(digest: str, store: Path) -> Bundle:
    directory = store / digest
    if not directory.is_dir():
        raise MergelineError(
            f"bundle {digest[:12]}… is not in the store",
            where=str(directory),
            fix="fetch it into the store, or roll back to a state whose bundles are there",
        )
    bundle = read_bundle(directory, digest)
    bundle.check_golden()
    return bundle
