"""Tests of the portable forms: the same scores as scikit-learn, whatever the values."""

import json
from random import Random
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler

from mergeline.bundle.convert import convert
from mergeline.bundle.convert_columns import NotPortableError
from mergeline.bundle.golden import make_gaps
from mergeline.bundle.inputs import RowReader
from mergeline.errors import MergelineError
from unit.bundle.making import (
    NAMES,
    NUMBERS,
    TEXTS,
    fit,
    make_columns,
    make_encoder,
    make_estimators,
    make_forest,
    make_history,
    make_model,
    make_specs,
    make_trees,
    score,
)

TRAINED = make_history()
SPECS = make_specs(TRAINED)
LATER = make_history(1000, batch=2)
FITTED = {name: fit(estimator, TRAINED) for name, estimator in make_estimators().items()}
MODELS = {name: make_model(estimator, SPECS) for name, estimator in FITTED.items()}
LIMITS = sorted(
    {node["num_threshold"] for (tree,) in FITTED["trees"].steps[-1][1]._predictors for node in tree.nodes}
    - {float("inf")}
)


def pick_number() -> st.SearchStrategy[float | None]:
    """Return missing values, bin limits, their neighbours, huge and tiny numbers."""
    beside = [float(np.nextafter(limit, side)) for limit in LIMITS for side in (-np.inf, np.inf)]
    odd = [0.0, -0.0, 5e-324, -5e-324, 1e-300, 1e15, -1e15, 1e100, 0.1 + 0.2, 1.0, 23.0, 24.0]
    return st.none() | st.sampled_from([*LIMITS, *beside, *odd]) | st.floats(-100, 100)


PICK_VALUES = st.fixed_dictionaries(
    {
        name: st.lists(st.sampled_from([None, "", "nan", "unseen", "É", *values]), min_size=6)
        for name, values in TEXTS.items()
    }
    | {name: st.lists(pick_number(), min_size=6, max_size=12) for name in NUMBERS}
)
N_ROWS = 100


def draw_rows(values: dict[str, list[Any]], seed: int) -> list[dict[str, Any]]:
    """Return rows whose values are drawn from those of each feature: drawing all by Hypothesis takes half a minute."""
    draw = Random(seed)
    return [{name: draw.choice(known) for name, known in values.items()} for _ in range(N_ROWS)]


def to_frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Return rows as the frame that an estimator takes."""
    return pl.DataFrame(rows, schema=dict.fromkeys(TEXTS, pl.String) | dict.fromkeys(NUMBERS, pl.Float64))


@pytest.mark.parametrize("name", MODELS)
def test_scores_are_those_of_scikit_learn(name: str) -> None:
    """On later rows, and with every feature missing in turn and every category unseen, to 1e-12."""
    frame = pl.concat([LATER.select("row_id", *NAMES), make_gaps(LATER.select("row_id", *NAMES).head(50), SPECS)])
    rows = frame.drop("row_id").to_dicts()
    expected = score(FITTED[name], frame)
    assert np.abs(MODELS[name].predict(rows) - expected).max() <= 1e-12
    alone = [MODELS[name].predict_one(row) for row in rows[-300:]]
    assert np.abs(np.array(alone) - expected[-300:]).max() <= 1e-12


@given(PICK_VALUES, st.integers(0, 2**32))
@settings(max_examples=105)
def test_scores_are_those_of_scikit_learn_on_any_rows(values: dict[str, list[Any]], seed: int) -> None:
    """More than 10,000 rows: values on bin limits and beside them, huge, missing, unseen; alone and together."""
    rows = draw_rows(values, seed)
    frame = to_frame(rows)
    for name in ("trees", "linear"):
        expected = score(FITTED[name], frame)
        assert np.abs(MODELS[name].predict(rows) - expected).max() <= 1e-6
        alone = [MODELS[name].predict_one(row) for row in rows[:20]]
        assert np.abs(np.array(alone) - expected[:20]).max() <= 1e-6


def test_a_row_alone_scores_as_it_does_among_others() -> None:
    """To the last bit, so that a replayed log shows no difference that is none."""
    rows = LATER.select(NAMES).to_dicts()
    for name, model in MODELS.items():
        assert [model.predict_one(row) for row in rows[:200]] == model.predict(rows).tolist()[:200], name


def test_an_array_of_codes_scores_as_the_rows_do() -> None:
    """`predict_array` takes places of categories, -1 for unseen, NaN for missing."""
    rows = make_gaps(LATER.select("row_id", *NAMES).head(20), SPECS).drop("row_id").to_dicts()
    matrix = RowReader(SPECS).read(rows)
    assert -1 in matrix[:, 0]
    for model in MODELS.values():
        assert model.predict_array(matrix).tolist() == model.predict(rows).tolist()
    assert MODELS["trees"].predict([]).shape == (0,)


@pytest.mark.parametrize("name", ["prior", "linear", "trees", "trees of 150 leaves"])
def test_what_is_left_out_or_not_finite_is_missing(name: str) -> None:
    """An absent key, None, NaN, infinity and a number beyond float64 are one and the same."""
    row = LATER.select(NAMES).row(0, named=True)
    model = MODELS[name]
    expected = model.predict_one({**row, "wind": None})
    absent = {key: value for key, value in row.items() if key != "wind"}
    assert model.predict_one(absent) == model.predict([absent])[0] == expected
    for value in (float("nan"), float("inf"), -float("inf"), 10**400):
        assert model.predict_one({**row, "wind": value}) == model.predict([row, {**row, "wind": value}])[1] == expected
    assert model.predict_one({**row, "origin": float("nan")}) == model.predict_one({**row, "origin": None})


@pytest.mark.parametrize("name", ["linear", "trees"])
@pytest.mark.parametrize(
    ("feature", "value", "fix"),
    [("wind", "12", "a number or null"), ("origin", 3, "text or null"), ("hour", [1], "a number")],
)
def test_a_value_of_another_kind_is_refused_by_name(name: str, feature: str, value: Any, fix: str) -> None:
    """Text that looks like a number is no number: the service would else answer for another row."""
    row = {**LATER.select(NAMES).row(0, named=True), feature: value}
    for ask in (MODELS[name].predict_one, lambda asked: MODELS[name].predict([asked])):
        with pytest.raises(MergelineError, match=f"feature '{feature}'") as error:
            ask(row)
        assert fix in error.value.fix


@pytest.mark.parametrize(
    ("estimator", "reason"),
    [
        (make_forest(), "RandomForestClassifier has no portable form"),
        (make_pipeline(make_columns(make_encoder(), FunctionTransformer()), make_trees()[-1]), "FunctionTransformer"),
        (make_pipeline(make_encoder(), make_trees()[-1]), "text and numbers at once"),
        (make_pipeline(make_columns(make_encoder(), MinMaxScaler()), make_trees()[-1]), "MinMaxScaler"),
    ],
)
def test_an_estimator_without_a_portable_form_is_named(estimator: Any, reason: str) -> None:
    """Whoever reads the notice learns what stands in the way."""
    whole = TRAINED.with_columns(pl.col(NUMBERS).fill_null(0.0))
    with pytest.raises(NotPortableError, match=reason):
        convert(fit(estimator, whole), SPECS)


def test_three_classes_have_no_portable_form() -> None:
    """A converter that took them for two would serve another model."""
    target = np.arange(TRAINED.height) % 3
    estimator = make_trees().fit(TRAINED.select(NAMES).to_pandas(), target)
    with pytest.raises(NotPortableError, match="classes"):
        convert(estimator, SPECS)


def test_numbers_survive_the_file_to_the_last_bit() -> None:
    """JSON keeps every float64 as it is."""
    content = convert(FITTED["trees"], SPECS)
    assert json.loads(json.dumps(content)) == content
