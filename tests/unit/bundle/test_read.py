"""Tests of `mergeline.bundle.read`: what was sealed is read, and nothing else."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mergeline.bundle.canonical import (
    MANIFEST,
    REQUIRED,
    compute_bundle_digest,
    describe_files,
    render,
    render_for_people,
)
from mergeline.bundle.read import read_bundle
from mergeline.errors import MergelineError
from unit.bundle.making import FEATURES, make_bundle

CONTRACT = [(feature.name, feature.kind) for feature in FEATURES]


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a small bundle that no test may change."""
    return make_bundle(tmp_path_factory.mktemp("sealed") / "bundle")


@pytest.fixture
def bundle(sealed: Path, tmp_path: Path) -> Path:
    """Return a copy of the bundle, to be spoilt."""
    return Path(shutil.copytree(sealed, tmp_path / "bundle"))


def change_manifest(bundle: Path, **changes: Any) -> None:
    """Write the manifest with other entries."""
    manifest = json.loads((bundle / MANIFEST).read_bytes())
    (bundle / MANIFEST).write_bytes(render_for_people({**manifest, **changes}))


def reseal(bundle: Path) -> str:
    """Make the manifest fit whatever the files now hold; return the new digest."""
    contents = {path.name: path.read_bytes() for path in bundle.iterdir() if path.name != MANIFEST}
    files = describe_files(contents)
    change_manifest(
        bundle,
        files=files,
        digest=compute_bundle_digest(files),
        contract_digest=files["contract.json"]["sha256"],
    )
    return compute_bundle_digest(files)


def test_a_bundle_is_read_as_it_was_sealed(sealed: Path) -> None:
    """Digest, contract, golden rows and reference are there, and every golden row scores as the estimator did."""
    digest = json.loads((sealed / MANIFEST).read_bytes())["digest"]
    bundle = read_bundle(sealed, digest, CONTRACT)
    assert bundle.digest == digest
    assert [(feature.name, feature.kind) for feature in bundle.features] == CONTRACT
    assert bundle.features[0].categories == ("EWR", "JFK", "LGA")
    assert bundle.features[2].low == 0
    assert bundle.features[2].high == 23
    assert bundle.check_golden() <= 1e-11
    assert bundle.reference()["features"]["wind"]["batches"]["2013-01"]["n"] == 3000
    assert len(bundle.golden) == 40
    assert bundle.model.notice is None


@pytest.mark.parametrize("name", sorted(REQUIRED))
@pytest.mark.parametrize("place", [0, 0.5, 1])
def test_a_tampered_byte_is_refused(bundle: Path, name: str, place: float) -> None:
    """One bit, anywhere in any file."""
    content = bytearray((bundle / name).read_bytes())
    content[int((len(content) - 1) * place)] ^= 1
    (bundle / name).write_bytes(content)
    with pytest.raises(MergelineError, match=name.replace(".", r"\.")) as error:
        read_bundle(bundle)
    assert "do not use it" in error.value.fix


def test_a_tampered_manifest_is_refused(bundle: Path) -> None:
    """Whatever bit of the manifest is turned, the bundle does not open."""
    raw = (bundle / MANIFEST).read_bytes()
    for place in range(0, len(raw), 7):
        changed = bytearray(raw)
        changed[place] ^= 1
        (bundle / MANIFEST).write_bytes(changed)
        with pytest.raises(MergelineError):
            read_bundle(bundle)


@pytest.mark.parametrize("name", [*sorted(REQUIRED), MANIFEST])
def test_a_missing_or_shortened_file_is_refused(bundle: Path, name: str) -> None:
    """A copy that broke off is no bundle."""
    content = (bundle / name).read_bytes()
    (bundle / name).write_bytes(content[:-1])
    with pytest.raises(MergelineError):
        read_bundle(bundle)
    (bundle / name).unlink()
    with pytest.raises(MergelineError, match=name.replace(".", r"\.")):
        read_bundle(bundle)


def test_an_extra_file_is_refused(bundle: Path) -> None:
    """What the manifest does not list was not judged."""
    (bundle / "model.pkl").write_bytes(b"cos\nsystem\n")
    with pytest.raises(MergelineError, match=r"model\.pkl"):
        read_bundle(bundle)


def test_a_directory_that_is_none_is_refused(tmp_path: Path) -> None:
    """Neither an absent nor an empty directory opens."""
    for folder in (tmp_path / "absent", tmp_path):
        with pytest.raises(MergelineError, match="no bundle"):
            read_bundle(folder)


def test_another_format_is_refused_before_anything_is_parsed(bundle: Path) -> None:
    """A bundle of a later release says so, even if its files are nonsense."""
    (bundle / "model.json").write_text("{")
    change_manifest(bundle, format=2)
    with pytest.raises(MergelineError, match="format 2") as error:
        read_bundle(bundle)
    assert "release of this repository that packaged it" in error.value.fix


def test_another_digest_is_refused(sealed: Path) -> None:
    """What is asked for is what is opened."""
    with pytest.raises(MergelineError, match=f"not {'0' * 64}"):
        read_bundle(sealed, "0" * 64)


@pytest.mark.parametrize("expected", [CONTRACT[1:], CONTRACT[::-1], [*CONTRACT[:-1], ("constant", "categorical")]])
def test_a_bundle_for_another_contract_is_refused(sealed: Path, expected: list[tuple[str, str]]) -> None:
    """Fewer features, another order or another kind is another contract."""
    with pytest.raises(MergelineError, match="another contract") as error:
        read_bundle(sealed, expected_contract=expected)
    assert "its own commit" in error.value.fix


def test_an_unknown_form_is_refused(bundle: Path) -> None:
    """A form of a later release is not guessed at."""
    (bundle / "model.json").write_bytes(render({"form": "network", "candidate": "small"}))
    reseal(bundle)
    change_manifest(bundle, model={"form": "network", "candidate": "small"})
    with pytest.raises(MergelineError, match="form 'network'"):
        read_bundle(bundle)


def test_a_wrong_golden_row_is_found(bundle: Path) -> None:
    """A model that does not score as it was sealed does not go into service; the row and the difference are named."""
    golden = json.loads((bundle / "golden.json").read_bytes())
    golden[3]["score"] += 2e-6
    (bundle / "golden.json").write_bytes(render(golden))
    reseal(bundle)
    with pytest.raises(MergelineError, match="2e-06") as error:
        read_bundle(bundle).check_golden()
    assert f"'{golden[3]['row_id']}'" in error.value.what


def test_reading_needs_numpy_alone(sealed: Path, repository: Path) -> None:
    """Opening and asking a bundle loads no scikit-learn, SciPy, polars, pandas, DVC, MLflow or pandera."""
    code = (
        "import sys\nfrom pathlib import Path\nfrom mergeline.bundle.read import read_bundle\n"
        f"bundle = read_bundle(Path({str(sealed)!r}))\nbundle.check_golden()\n"
        "heavy = {'sklearn', 'scipy', 'polars', 'pandas', 'dvc', 'mlflow', 'pandera', 'skops', 'joblib', 'usecase'}\n"
        "print('loaded:', *sorted(heavy & set(sys.modules)))"
    )
    environment = {**os.environ, "PYTHONPATH": str(repository / "src")}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "loaded:"
