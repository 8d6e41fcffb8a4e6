"""Candidates from `params.yaml`, checked before anything is fitted: names, and every key against its estimator.

Nothing here is yours to edit: estimators are made in `src/usecase/model.py`, their parameters stand in `params.yaml`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from functools import partial
from typing import Any

from mergeline.errors import MergelineError
from mergeline.params import PARAMS_FILE, Train
from usecase.model import CANDIDATES, Features, make_candidates

GROUP = "train.candidates"


def build_candidates(params: Train, features: Features = ()) -> dict[str, Any]:
    """Return candidate name to unfitted estimator, in the order of `params.yaml`.

    Parameters
    ----------
    params : Train
        Group `train` of `params.yaml`.
    features : sequence of (str, {"categorical", "numeric"})
        Name and kind of the features; none is enough to check the parameters.

    Raises
    ------
    MergelineError
        If there is no candidate, a name or a key is unknown, or an estimator refuses a value. The key is named.
    """
    if not params.candidates:
        raise _error(GROUP, "is empty", f"name at least one of: {', '.join(CANDIDATES)}")
    for name, given in params.candidates.items():
        check_candidate(name, given, params.random_state)
    return make_candidates(params.candidates, features=features, random_state=params.random_state)


def check_candidate(name: str, given: Mapping[str, Any], random_state: int) -> None:
    """Check one candidate's name, its keys, and each value by the estimator's own rules."""
    if name not in CANDIDATES:
        raise _error(f"{GROUP}.{name}", "is not a known candidate", _suggest(name, CANDIDATES))
    parameters = find_classifier(CANDIDATES[name]((), random_state)).get_params(deep=False)
    for key, value in given.items():
        place = f"{GROUP}.{name}.{key}"
        if key not in parameters:
            raise _error(place, "is not a parameter of the estimator", _suggest(key, parameters))
        if isinstance(value, bool) and type(parameters[key]) in (int, float):
            raise _error(place, f"is {str(value).lower()}, not a number", "write a number")
        check_value(place, partial(CANDIDATES[name], (), random_state, **{key: value}))


def check_value(place: str, make: Callable[[], Any]) -> None:
    """Check that the estimator returned by `make` accepts its parameters, `place` being the one that was set."""
    try:
        classifier = find_classifier(make())
        # scikit-learn's own check. An estimator of another origin may check when it is made, or only when it is fitted.
        if getattr(classifier, "_parameter_constraints", None):
            classifier._validate_params()
    except (TypeError, ValueError) as error:
        wanted = re.search(r"must be (.+)\. Got", str(error))
        fix = f"write {wanted[1]}" if wanted else "write a value that the estimator accepts, or leave the key out"
        raise _error(place, f"is refused by the estimator: {error}", fix) from error


def find_classifier(estimator: Any) -> Any:
    """Return the last step of a pipeline, or the estimator itself."""
    return estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator


def _suggest(word: str, allowed: Iterable[str]) -> str:
    names = sorted(allowed)
    close = get_close_matches(word, names, n=1)
    return (f"did you mean '{close[0]}'? " if close else "") + f"allowed here: {', '.join(names)}"


def _error(place: str, what: str, fix: str) -> MergelineError:
    return MergelineError(f"parameter '{place}' {what}", where=f"{PARAMS_FILE}, key '{place}'", fix=fix)
