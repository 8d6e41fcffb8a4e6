"""The command writes the same curve for the same seed, and the gate's rule keeps its promises on it."""

import json
from pathlib import Path

import pytest

from mergeline.gate import operating_curve, simulation
from mergeline.gate.operating_curve import compute_curve, main, make_judges
from mergeline.gate.simulation import REFIT, Setting, compute_truth
from mergeline.params import load_params

SMALL = Setting(30, 20, REFIT.day_noise, REFIT.slope_noise, REFIT.row_noise)


def test_the_command_writes_the_same_curve_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repository: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Figures, picture and a table; equal seeds give equal bytes."""
    monkeypatch.chdir(repository)
    monkeypatch.setattr(operating_curve, "SETTINGS", {"refit": SMALL, "features": SMALL})
    monkeypatch.setattr(operating_curve, "_small", lambda n_days: SMALL)
    monkeypatch.setattr(simulation, "POPULATION_DAYS", 100)
    compute_truth.cache_clear()
    arguments = ["--replays", "2", "--differences", "-0.01", "0", "--repetitions", "2"]
    for name in ("first", "second"):
        assert main([*arguments, "--out", str(tmp_path / name)]) == 0
    for file in ("operating-curve.json", "operating-curve.svg"):
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "second" / file).read_bytes()
    content = json.loads((tmp_path / "first/operating-curve.json").read_text())
    assert content["seed"] == 13
    assert [(point["auc_difference"], point["reason"]) for point in content["curve"]] == [
        (-0.01, "quality"),
        (-0.01, "refresh"),
        (0.0, "quality"),
        (0.0, "refresh"),
    ] * 2
    assert all(point["promote"] + point["hold"] + point["reject"] == 1 for point in content["curve"])
    assert {row["unit"] for row in content["coverage"]} == {"cluster", "row"}
    assert "refit, quality | refit, refresh" in capsys.readouterr().out


def test_help_says_what_it_does(capsys: pytest.CaptureFixture[str]) -> None:
    """Every option is explained."""
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "true differences of ROC AUC" in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_200_replays_promote_seldom_without_cause(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No change, asked to be better: at most 5 % promotes; a real loss of 0.01, whatever the reason: at most 1 %."""
    monkeypatch.chdir(repository)
    curve = compute_curve(make_judges(load_params().gate), (-0.01, 0.0), 200, 13)
    for point in curve:
        if point["auc_difference"] == 0.0 and point["reason"] == "quality":
            assert point["promote"] <= 0.05, point
        if point["auc_difference"] == -0.01:
            assert point["promote"] <= 0.01, point
    refits = [point for point in curve if (point["setting"], point["auc_difference"]) == ("refit", 0.0)]
    assert {point["reason"]: point["reject"] for point in refits} == {"quality": 0.0, "refresh": 0.0}
    assert next(point["promote"] for point in refits if point["reason"] == "refresh") >= 0.5
