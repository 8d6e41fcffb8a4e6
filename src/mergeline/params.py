"""Reading `params.yaml`: once, by YAML 1.2 rules, into frozen dataclasses that refuse what they do not know.

Nothing here is yours to edit; the values are, in `params.yaml`. DVC reads the file by the same rules (ruamel.yaml).
"""

import math
import typing
from dataclasses import dataclass, is_dataclass
from datetime import date
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError

from mergeline.errors import MergelineError

PARAMS_FILE = Path("params.yaml")


@dataclass(frozen=True)
class Between:
    """Smallest and largest allowed value of a parameter."""

    low: float
    high: float


Limits = tuple[float, float]


@dataclass(frozen=True)
class Procure:
    """Which raw batches `data/` holds."""

    batches: tuple[str, ...]


@dataclass(frozen=True)
class Validate:
    """Limits of the batch checks."""

    rows_ratio: Annotated[Limits, Between(0, 1000)]
    null_share_rise: Annotated[float, Between(0, 1)]
    unseen_share: Annotated[float, Between(0, 1)]
    target_rate: Annotated[Limits, Between(0, 1)]


@dataclass(frozen=True)
class Analyse:
    """From which distance to the earlier batches a column is called shifted in the data report."""

    min_rows: Annotated[int, Between(1, 10**9)]
    categories_limit: Annotated[float, Between(0, 100)]
    many_categories_limit: Annotated[float, Between(0, 100)]
    numbers_limit: Annotated[float, Between(0, 100)]


@dataclass(frozen=True)
class Featurise:
    """When the decision is taken."""

    lead_minutes: Annotated[int, Between(0, 1440)]


@dataclass(frozen=True)
class Train:
    """How candidates are compared and fitted."""

    held_out_batches: Annotated[int, Between(1, 24)]
    n_splits: Annotated[int, Between(2, 20)]
    gap_hours: Annotated[int, Between(0, 168)]
    calibrate: Literal["auto", "never"]
    random_state: Annotated[int, Between(0, 2**32 - 1)]
    threads: Annotated[int, Between(1, 64)]
    candidates: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Evaluate:
    """How the held-out period is reported."""

    calibration_bins: Annotated[int, Between(2, 100)]
    min_slice_rows: Annotated[int, Between(1, 10**9)]
    threshold: Annotated[float, Between(0, 1)]
    importance_rows: Annotated[int, Between(1, 10**9)]


@dataclass(frozen=True)
class Package:
    """How the model that ships is sealed."""

    form: Literal["auto", "estimator"]
    golden_rows: Annotated[int, Between(10, 10_000)]


@dataclass(frozen=True)
class Gate:
    """Floors, budgets, and margins against the champion."""

    min_roc_auc: Annotated[float, Between(0, 1)]
    min_brier_skill: Annotated[float, Between(-1, 1)]
    calibration_ratio: Annotated[Limits, Between(0, 100)]
    max_roc_auc: Annotated[float, Between(0, 1)]
    max_auc_jump: Annotated[float, Between(0, 1)]
    reason: Literal["quality", "refresh", "refactor"]
    cluster: str
    level: Annotated[float, Between(0.5, 0.9999)]
    n_resamples: Annotated[int, Between(100, 100_000)]
    random_state: Annotated[int, Between(0, 2**32 - 1)]
    min_auc_gain: Annotated[float, Between(0, 1)]
    max_auc_loss: Annotated[float, Between(0, 1)]
    max_brier_rise: Annotated[float, Between(0, 1)]
    max_slice_loss: Annotated[float, Between(0, 1)]
    min_slice_rows: Annotated[int, Between(1, 10**9)]
    min_slice_clusters: Annotated[int, Between(2, 10**6)]
    looks_correction: Literal["none", "bonferroni", "alpha-spending"]
    max_looks: Annotated[int, Between(1, 20)]
    champion_unscorable: Literal["hold", "reject"]
    champion_saw_rows: Literal["hold", "reject"]
    max_champion_age: Annotated[int, Between(1, 10_000)]
    champion_too_old: Literal["pass", "hold"]
    check_rows: Annotated[int, Between(1, 10**6)]
    min_check_rows: Annotated[int, Between(1, 10**6)]
    max_row_ms: Annotated[float, Between(0, 10**6)]
    max_batch_ms: Annotated[float, Between(0, 10**6)]
    latency_slack: Annotated[float, Between(0, 10)]
    max_model_mb: Annotated[float, Between(0, 10**6)]


@dataclass(frozen=True)
class Track:
    """Names used in MLflow."""

    experiment: str
    model_name: str


@dataclass(frozen=True)
class Release:
    """What is released."""

    service: str


@dataclass(frozen=True)
class Monitor:
    """What in production counts as a breach, and when it becomes an alarm."""

    window_days: Annotated[int, Between(1, 366)]
    reference: Literal["season", "trailing"]
    trailing_batches: Annotated[int, Between(1, 1000)]
    min_rows: Annotated[int, Between(1, 10**9)]
    min_days: Annotated[int, Between(1, 366)]
    min_contract_rows: Annotated[int, Between(1, 10**9)]
    drift_limit: Annotated[float, Between(0, 100)]
    usual_factor: Annotated[float, Between(0, 1000)]
    noise_factor: Annotated[float, Between(0, 1000)]
    missing_share: Annotated[float, Between(0, 1)]
    unseen_share: Annotated[float, Between(0, 1)]
    range_share: Annotated[float, Between(0, 1)]
    target_change: Annotated[float, Between(0, 1)]
    calibration_gap: Annotated[float, Between(0, 1)]
    auc_drop: Annotated[float, Between(0, 1)]
    label_days: Annotated[int, Between(0, 3660)]
    min_label_share: Annotated[float, Between(0, 1)]
    lost_label_share: Annotated[float, Between(0, 1)]
    contradictory_share: Annotated[float, Between(0, 1)]
    traffic_ratio: Annotated[Limits, Between(0, 1000)]
    silent_hours: Annotated[float, Between(0, 10**6)]
    unreadable_share: Annotated[float, Between(0, 1)]
    alarm_windows: Annotated[int, Between(1, 100)]
    alarm_of: Annotated[int, Between(1, 100)]
    retrain: bool


@dataclass(frozen=True)
class Params:
    """All of `params.yaml`, one attribute per group."""

    procure: Procure
    validate: Validate
    analyse: Analyse
    featurise: Featurise
    train: Train
    evaluate: Evaluate
    package: Package
    gate: Gate
    track: Track
    release: Release
    monitor: Monitor


def load_params(path: Path = PARAMS_FILE) -> Params:
    """Return the parameters in the file at `path`.

    Raises
    ------
    MergelineError
        If the file is missing or not YAML, or a key is unknown or missing, or a value has the wrong type or range.
    """
    return _build(Params, read_yaml(path), "", path)


def read_yaml(path: Path) -> Any:
    """Return the content of the YAML 1.2 file at `path`, or raise a `MergelineError` that says what is wrong."""
    try:
        return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise MergelineError(
            "the file is missing", where=str(path), fix="run the command from the top of the repository"
        ) from error
    except MarkedYAMLError as error:
        mark = error.problem_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise MergelineError(
            f"not valid YAML: {str(error.problem).splitlines()[0]}",
            where=f"{path}{line}",
            fix="correct the line; indent with spaces, and give each key once",
        ) from error


def _build(cls: Any, content: Any, prefix: str, path: Path) -> Any:
    if not isinstance(content, dict):
        raise _error(prefix or "the file", path, f"is {_show(content)}, not a group", "write one `key: value` a line")
    hints = typing.get_type_hints(cls, include_extras=True)
    for key in content:
        if key not in hints:
            close = get_close_matches(str(key), hints, n=1)
            guess = f"did you mean '{close[0]}'? " if close else ""
            fix = f"{guess}allowed here: {', '.join(sorted(hints))}"
            raise _error(_join(prefix, key), path, "is not a known key", fix)
    for key in hints:
        if key not in content:
            fix = f"add it under '{prefix}'" if prefix else "add the group"
            raise _error(_join(prefix, key), path, "is missing", fix)
    return cls(**{key: _convert(hint, content[key], _join(prefix, key), path) for key, hint in hints.items()})


def _convert(hint: Any, value: Any, name: str, path: Path) -> Any:
    if isinstance(value, date):
        raise _error(name, path, f"is a date, {value}, which DVC refuses", f'quote it: "{value}"')
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is Annotated:
        converted = _convert(arguments[0], value, name, path)
        _check_range(converted, arguments[1], name, path)
        return converted
    if is_dataclass(hint):
        return _build(hint, value, name, path)
    if origin is Literal:
        if value not in arguments:
            raise _error(name, path, f"is {_show(value)}", f"write one of: {', '.join(map(str, arguments))}")
        return value
    if origin is tuple:
        return _convert_list(arguments, value, name, path)
    if origin is dict:
        return _convert_mapping(arguments[1], value, name, path)
    return _check_free(value, name, path) if hint is Any else _convert_scalar(hint, value, name, path)


def _convert_list(arguments: tuple[Any, ...], value: Any, name: str, path: Path) -> tuple[Any, ...]:
    if not isinstance(value, list):
        raise _error(name, path, f"is {_show(value)}, not a list", "write [first, second]")
    if arguments[-1] is Ellipsis:
        if not value:
            raise _error(name, path, "is an empty list", "name at least one entry")
        arguments = (arguments[0],) * len(value)
    if len(value) != len(arguments):
        raise _error(name, path, f"has {len(value)} entries", f"write {len(arguments)} of them")
    pairs = enumerate(zip(arguments, value, strict=True))
    return tuple(_convert(hint, item, f"{name}[{position}]", path) for position, (hint, item) in pairs)


def _convert_mapping(hint: Any, value: Any, name: str, path: Path) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _error(name, path, f"is {_show(value)}, not a group", "write one `key: value` a line, or {}")
    return {str(key): _convert(hint, item, _join(name, key), path) for key, item in value.items()}


def _convert_scalar(hint: type, value: Any, name: str, path: Path) -> Any:
    if hint is float and type(value) is int:
        return float(value)
    if type(value) is hint:
        if isinstance(value, float) and not math.isfinite(value):
            raise _error(name, path, f"is {value}", "write a finite number")
        return value
    words = {int: "a whole number", float: "a number", str: "text", bool: "true or false"}
    what = f"is {_show(value)}, not {words[hint]}"
    if hint is int and isinstance(value, float) and value.is_integer():
        raise _error(name, path, what, f"write {int(value)}")
    if hint in (int, float) and isinstance(value, str) and (number := _as_number(value)) is not None:
        raise _error(name, path, what, f"write {_plain(number)}, without quotes or exponent")
    raise _error(name, path, what, f'quote it: "{value}"' if hint is str else f"write {words[hint]}")


def _check_free(value: Any, name: str, path: Path) -> Any:
    """Check a value that passes straight through to a library, which would take text for a number without a word."""
    if isinstance(value, str) and (number := _as_number(value)) is not None:
        what = f"is {_show(value)}, text that looks like a number"
        raise _error(name, path, what, f"write {_plain(number)}, without quotes or exponent")
    return value


def _check_range(value: Any, limits: Between, name: str, path: Path) -> None:
    for item in value if isinstance(value, tuple) else (value,):
        if not limits.low <= item <= limits.high:
            raise _error(name, path, f"is {item}", f"write a value from {limits.low} to {limits.high}")
    if isinstance(value, tuple) and value[0] > value[1]:
        raise _error(name, path, f"is {list(value)}", "write the smaller number first")


def _as_number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _plain(number: float) -> str:
    return f"{number:.15f}".rstrip("0").rstrip(".") if math.isfinite(number) else "a finite number"


def _show(value: Any) -> str:
    return f"'{value}' (text)" if isinstance(value, str) else f"{value} ({type(value).__name__})"


def _join(prefix: str, key: Any) -> str:
    return f"{prefix}.{key}" if prefix else str(key)


def _error(name: str, path: Path, what: str, fix: str) -> MergelineError:
    return MergelineError(f"parameter '{name}' {what}", where=f"{path}, key '{name}'", fix=fix)
