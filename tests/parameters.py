"""Copies of params.yaml in which the values a test speaks of are set, so that other numbers there turn no test red."""

import re

from mergeline.params import Gate


def set_values(text: str, **values: object) -> str:
    """Return the text of a params.yaml in which each key, at its first place, has the value given."""
    for key, value in values.items():
        text, count = re.subn(rf"(?m)^(\s+){key}:.*$", rf"\g<1>{key}: {value}", text, count=1)
        assert count, f"params.yaml has no key {key!r}"
    return text


GATE = Gate(
    min_roc_auc=0.66,
    min_brier_skill=0.08,
    calibration_ratio=(0.7, 1.45),
    max_roc_auc=0.82,
    max_auc_jump=0.05,
    reason="quality",
    cluster="day",
    level=0.95,
    n_resamples=2000,
    random_state=13,
    min_auc_gain=0.0,
    max_auc_loss=0.003,
    max_brier_rise=0.002,
    max_slice_loss=0.02,
    min_slice_rows=1000,
    min_slice_clusters=20,
    looks_correction="alpha-spending",
    max_looks=20,
    champion_unscorable="hold",
    champion_saw_rows="hold",
    max_champion_age=6,
    champion_too_old="pass",
    check_rows=1000,
    min_check_rows=50,
    max_row_ms=100.0,
    max_batch_ms=300.0,
    latency_slack=0.5,
    max_model_mb=20.0,
)
"""The gate that tests judge by, whatever params.yaml asks for today."""
