"""Many questions to the same held-out rows: what to ask of each, so that luck alone seldom answers one of them.

Nothing here is yours to edit: the method is chosen in `params.yaml`, group `gate`. Two kinds of many are told apart:
looks (one proposal after another, judged on one period) and slices (many parts of one comparison).
"""

from collections.abc import Iterable
from typing import Literal

import numpy as np

from mergeline.errors import MergelineError
from mergeline.gate.pairs import Floats

Method = Literal["none", "bonferroni", "alpha-spending"]
METHODS: tuple[Method, ...] = ("none", "bonferroni", "alpha-spending")


def adjust_level(level: float, looks: int, method: Method) -> float:
    """Return the level that the interval of the latest look needs.

    Parameters
    ----------
    level : float
        Level wanted if nobody had looked before, 0–1 (both ends outside).
    looks : int
        Proposals judged on this held-out period so far, this one included; at least 1.
    method : {"none", "bonferroni", "alpha-spending"}
        With a = 1 - level:

        - "none" keeps a at every look. Guards against the luck of one proposal; among many worthless ones some pass.
        - "bonferroni" takes a ÷ looks. Guards the best of the proposals made so far, as if they had been judged
          together. Over a period that stays open, the errors still add up, slowly (a × (1 + 1/2 + 1/3 + …)).
        - "alpha-spending" takes a × 6 ÷ (π² looks²). These sum to a over any number of looks, so the chance that a
          worthless proposal is ever called better on this period stays below a. The price is a first look at 0.61 a.

        None of them guards against fitting the figures that earlier verdicts printed: only a new period does.

    Returns
    -------
    float
        At least `level` for the first two, above it for the last.

    Raises
    ------
    MergelineError
        If the level, the number of looks or the method is not one of those.

    Notes
    -----
    Union bound (C. E. Bonferroni, 1936), spent in advance over a sequence of tests (D. P. Foster and R. A. Stine,
    Journal of the Royal Statistical Society B 70, 2008); Σ 1/k² = π²/6. It holds for proposals that depend on earlier
    ones only by their verdicts (A. Blum and M. Hardt, The Ladder, ICML 2015). It is meant for claims in favour of the
    candidate: "worse" needs no correction, for a loss is not sought by trying.
    """
    if not 0 < level < 1:
        raise MergelineError(f"the level is {level}", where="gate level", fix="write a value between 0 and 1, say 0.95")
    if looks < 1:
        raise MergelineError(f"the number of looks is {looks}", where="looks", fix="count this look too: at least 1")
    shares = {"none": 1.0, "bonferroni": 1 / looks, "alpha-spending": 6 / (np.pi**2 * looks**2)}
    if method not in shares:
        raise MergelineError(
            f"no correction for looks is called '{method}'", where="gate", fix=f"write one of: {', '.join(METHODS)}"
        )
    return 1 - (1 - level) * float(shares[method])


def join_distances(distances: Iterable[Floats]) -> Floats:
    """Return the largest distance of each resample over several comparisons that share their resamples.

    Parameters
    ----------
    distances : iterable of ndarray of shape (n_resamples,)
        At least one.

    Notes
    -----
    max-|T|: the quantile of this maximum makes intervals that hold all at once (single-step method; P. H. Westfall and
    S. S. Young, Resampling-Based Multiple Testing, 1993; J. P. Romano and M. Wolf, Econometrica 73, 2005). Shared
    resamples keep the correlation of overlapping comparisons, which Holm's method has to assume away.
    """
    parts = iter(distances)
    joint = next(parts).copy()
    for part in parts:
        np.maximum(joint, part, out=joint)
    return joint


def compute_p_value(joint: Floats, distance: float) -> float:
    """Return how often the largest of all distances is at least `distance` by luck, corrected for all comparisons.

    Parameters
    ----------
    joint : ndarray of shape (n_resamples,)
        From `join_distances`.
    distance : float
        Of the observed value from the hypothesis, in standard errors; at most 0 if it is on the harmless side.

    Returns
    -------
    float
        Above 0, at most 1.
    """
    if distance <= 0:
        return 1.0
    return float((1 + np.count_nonzero(joint >= distance)) / (len(joint) + 1))
