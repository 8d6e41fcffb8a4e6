"""A bundle made ready to answer: its model, and what training saw of each input.

Nothing here is yours to edit.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from mergeline.bundle.read import TOLERANCE, Bundle
from mergeline.errors import MergelineError
from mergeline.serving.contract import Contract
from mergeline.serving.limits import ROWS
from mergeline.serving.measures import Measures
from mergeline.serving.rows import RowMatrix
from mergeline.serving.state import Shadow


class Ready:
    """One bundle of the desired state, loaded and checked.

    Parameters
    ----------
    bundle : Bundle
        Opened by its digest.
    wanted : Shadow or Variant
        What the desired state says about it.
    contract : Contract
        Decodes the requests.
    measures : Measures
        Where its rows are counted.
    shadow : bool
        Whether it scores for the log alone.
    """

    def __init__(self, bundle: Bundle, wanted: Shadow, contract: Contract, measures: Measures, *, shadow: bool) -> None:
        self.bundle = bundle
        self.wanted = wanted
        self.name = wanted.name
        self.digest = bundle.digest
        self.counted = measures.predictions.labels(wanted.name, bundle.digest[:12], str(shadow).lower())
        self._rows = RowMatrix(bundle.features, list(contract.features))
        self._predict_one = bundle.model.predict_one
        self._seen: list[tuple[str, frozenset[str], bool]] = []
        self._ranges: list[tuple[str, float, float, bool]] = []
        for feature in bundle.features:
            never_missing = feature.null_share == 0
            if feature.categories is not None:
                self._seen.append((feature.name, frozenset(feature.categories), never_missing))
            elif feature.low is not None and feature.high is not None:
                self._ranges.append((feature.name, feature.low, feature.high, never_missing))

    def score_one(self, named: Mapping[str, Any]) -> tuple[float, tuple[str, ...]]:
        """Return the score, 0 to 1, of one row, and the names of its inputs that are outside what training saw.

        A number beyond the range, a category never seen, or a missing value where none was missing.
        """
        found = []
        for name, known, never_missing in self._seen:
            value = named[name]
            if value not in known if value is not None else never_missing:
                found.append(name)
        for name, low, high, never_missing in self._ranges:
            value = named[name]
            if not low <= value <= high if value is not None else never_missing:
                found.append(name)
        return self._predict_one(named), tuple(found)

    def score_many(self, inputs: Sequence[Any]) -> tuple[NDArray[np.float64], list[tuple[str, ...]]]:
        """Return the scores, shape (n,), and the breaches of rows as they were decoded."""
        matrix = self._rows.read(inputs)
        return self.bundle.model.predict_array(matrix), self._rows.find_breaches(matrix)

    def prove(self, contract: Contract) -> None:
        """Return once every golden row, sent through the decoder as a caller would, has its score.

        Raises
        ------
        MergelineError
            If one is refused, or off by more than 1e-6.
        """
        for first in range(0, len(self.bundle.golden), ROWS):
            golden = self.bundle.golden[first : first + ROWS]
            try:
                _, rows = contract.decode(msgspec.json.encode({"rows": [{"inputs": one["inputs"]} for one in golden]}))
            except msgspec.DecodeError as error:
                raise self._refuse(f"a golden row is refused by the contract: {error}") from error
            inputs = [row.inputs for row in rows or []]
            together = self.score_many(inputs)[0].tolist()
            for one, decoded, in_batch in zip(golden, inputs, together, strict=True):
                for score in (self.score_one(contract.name_inputs(decoded))[0], in_batch):
                    if not abs(score - one["score"]) <= TOLERANCE:
                        raise self._refuse(f"golden row '{one['row_id']}' scores {score}, not {one['score']}")

    def describe(self) -> dict[str, Any]:
        """Return what /version tells about it."""
        told = msgspec.structs.asdict(self.wanted)
        about = {"candidate": self.bundle.candidate, "form": self.bundle.form, "notice": self.bundle.model.notice}
        return {**told, **about}

    def _refuse(self, what: str) -> MergelineError:
        fix = "do not serve it; package it anew with the present code: dvc repro package"
        return MergelineError(what, where=str(self.bundle.directory), fix=fix)
