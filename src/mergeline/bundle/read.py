"""Opening a bundle: every byte is checked before anything is parsed, and nothing but JSON is ever parsed.

Nothing here is yours to edit. Imports the standard library and NumPy alone, so that a service starts fast and outlives
the libraries that trained the model; only a bundle of form "estimator" loads those, and says so.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mergeline.bundle.canonical import (
    CONTRACT,
    ESTIMATOR,
    FORMAT,
    GOLDEN,
    LINEAGE,
    MANIFEST,
    MODEL,
    REFERENCE,
    REQUIRED,
    compute_bundle_digest,
    describe_files,
    render_for_people,
)
from mergeline.bundle.features import FeatureSpec, read_features
from mergeline.bundle.portable import Model, build_model
from mergeline.errors import MergelineError

TOLERANCE = 1e-6
"""How far a score may lie from the one that was sealed: far below what any decision turns on, far above rounding."""

FETCH_AGAIN = "do not use it; fetch the bundle again, or package it anew: dvc repro package"


@dataclass(frozen=True)
class Bundle:
    """A sealed model with its contract, as it lay in a directory when it was checked.

    Attributes
    ----------
    directory : Path
        Where it was read from; nothing is read there again.
    digest : str
        64 hexadecimal digits that name it: they change with any byte of any file.
    candidate, form : str
        Name of the winning candidate; "prior", "linear", "trees" or "estimator".
    features : tuple of FeatureSpec
        The model's inputs, in order.
    model : Model
        `predict(rows)`, `predict_one(row)` and `predict_array(matrix)`.
    golden : list of dict
        Rows with the score that the trained estimator gave them: `row_id`, `inputs`, `score`.
    lineage : dict
        What it was made of.
    """

    directory: Path
    digest: str
    candidate: str
    form: str
    features: tuple[FeatureSpec, ...]
    model: Model
    golden: list[dict[str, Any]] = field(repr=False)
    lineage: dict[str, Any] = field(repr=False)
    _reference: bytes = field(repr=False)

    def reference(self) -> dict[str, Any]:
        """Return the profile of features and scores that monitoring compares with, parsed when asked for."""
        return json.loads(self._reference)

    def check_golden(self) -> float:
        """Return the largest difference to a golden score once every golden row is scored, alone and together.

        Raises
        ------
        MergelineError
            If a score is off by more than 1e-6, or is no number.
        """
        together = self.model.predict([row["inputs"] for row in self.golden])
        largest = 0.0
        for row, in_batch in zip(self.golden, together.tolist(), strict=True):
            for score in (self.model.predict_one(row["inputs"]), in_batch):
                difference = abs(score - row["score"])
                if not difference <= TOLERANCE:
                    raise MergelineError(
                        f"golden row '{row['row_id']}' scores {score}, not {row['score']}: off by {difference:.3g}",
                        where=f"{self.directory}, {GOLDEN}",
                        fix="do not serve it; compare the versions of NumPy and of this code with those that sealed it",
                    )
                largest = max(largest, difference)
        return largest


def read_bundle(
    directory: Path, digest: str | None = None, expected_contract: Sequence[tuple[str, str]] | None = None
) -> Bundle:
    """Return the bundle in `directory`, every byte of which was checked.

    Parameters
    ----------
    directory : Path
        Holds `manifest.json` and the files that it lists, nothing else.
    digest : str, optional
        Digest that the bundle must have.
    expected_contract : sequence of (str, str), optional
        Names and kinds of the features that the bundle must read, in order.

    Raises
    ------
    MergelineError
        If a file is missing, unlisted or altered, the format is unknown, the digest is another, or the bundle is made
        for another contract.
    """
    manifest = read_manifest(directory)
    contents = _read_contents(directory, manifest["files"])
    found = compute_bundle_digest(manifest["files"])
    if found != manifest["digest"]:
        raise _refuse(directory, f"the manifest names digest {manifest['digest']}, and its files have {found}")
    if digest is not None and found != digest:
        raise _refuse(directory, f"the bundle has digest {found}, not {digest}")
    if manifest["contract_digest"] != manifest["files"][CONTRACT]["sha256"]:
        raise _refuse(directory, f"the manifest is about another {CONTRACT}")
    features = read_features(json.loads(contents[CONTRACT]))
    if expected_contract is not None:
        _check_contract(directory, features, expected_contract)
    content = json.loads(contents[MODEL])
    if manifest["model"] != {"candidate": content["candidate"], "form": content["form"]}:
        raise _refuse(directory, f"the manifest is about another {MODEL}")
    return Bundle(
        directory=directory,
        digest=found,
        candidate=content["candidate"],
        form=content["form"],
        features=features,
        model=build_model(content, features, contents.get(ESTIMATOR)),
        golden=json.loads(contents[GOLDEN]),
        lineage=json.loads(contents[LINEAGE]),
        _reference=contents[REFERENCE],
    )


def read_manifest(directory: Path) -> dict[str, Any]:
    """Return the manifest of the bundle in `directory`, checked in form alone: its files may still be others."""
    try:
        raw = (directory / MANIFEST).read_bytes()
    except OSError as error:
        raise _refuse(directory, f"{MANIFEST} cannot be read ({error.strerror}), so there is no bundle") from error
    try:
        manifest = json.loads(raw)
    except ValueError as error:
        raise _refuse(directory, f"{MANIFEST} is not JSON: {error}") from error
    found = manifest.get("format") if isinstance(manifest, dict) else type(manifest).__name__
    if found != FORMAT:
        raise MergelineError(
            f"the bundle has format {found}, and this code reads format {FORMAT}",
            where=str(directory / MANIFEST),
            fix="serve it by the release of this repository that packaged it, or package it anew: dvc repro package",
        )
    files = manifest.get("files")
    keys = {"format", "files", "digest", "model", "contract_digest"}
    if set(manifest) != keys or not isinstance(files, dict) or render_for_people(manifest) != raw:
        raise _refuse(directory, f"{MANIFEST} is not as it was written")
    if set(files) - {ESTIMATOR} != REQUIRED:
        raise _refuse(directory, f"{MANIFEST} lists {', '.join(sorted(files))}, not {', '.join(sorted(REQUIRED))}")
    return manifest


def _read_contents(directory: Path, files: Mapping[str, Any]) -> dict[str, bytes]:
    """Return file name to content; what is parsed later are these very bytes, so no swap on disk matters."""
    present = {path.name for path in directory.iterdir()} - {MANIFEST}
    if missing := sorted(set(files) - present):
        raise _refuse(directory, f"the bundle lacks {', '.join(missing)}")
    if extra := sorted(present - set(files)):
        raise _refuse(directory, f"the bundle holds what its manifest does not list: {', '.join(extra)}")
    try:
        contents = {name: (directory / name).read_bytes() for name in files}
    except OSError as error:
        raise _refuse(directory, f"{error.filename} cannot be read: {error.strerror}") from error
    for name, found in describe_files(contents).items():
        if found != files[name]:
            raise _refuse(directory, f"{name} is not the file that was sealed: its sha256 is {found['sha256'][:12]}…")
    return contents


def _check_contract(directory: Path, features: Sequence[FeatureSpec], expected: Sequence[tuple[str, str]]) -> None:
    found, wanted = [(one.name, one.kind) for one in features], [(name, kind) for name, kind in expected]
    if found == wanted:
        return
    differing = sorted({name for name, _ in set(found) ^ set(wanted)})
    raise MergelineError(
        f"the bundle is made for another contract: {', '.join(differing) or 'the order of the features'} differ",
        where=str(directory / CONTRACT),
        fix="serve it by the code of its own commit, or package a model that was trained on the present features",
    )


def _refuse(directory: Path, what: str) -> MergelineError:
    return MergelineError(what, where=str(directory), fix=FETCH_AGAIN)
