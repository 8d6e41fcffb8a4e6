"""Tests of how an estimator is stored."""

from sklearn.preprocessing import OrdinalEncoder

from mergeline.training.model_files import _dump


def test_equal_texts_give_equal_bytes_whether_or_not_they_are_one_object() -> None:
    """Which texts a process shares depends on what it imported before; the file must not."""
    shared, apart = OrdinalEncoder(), OrdinalEncoder()
    shared.categories, shared.handle_unknown = "error", "error"
    apart.categories, apart.handle_unknown = "error", "".join(["er", "ror"])
    assert apart.handle_unknown is not shared.handle_unknown
    assert _dump(shared) == _dump(apart)
