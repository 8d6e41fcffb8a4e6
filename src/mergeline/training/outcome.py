"""Training as a whole, files apart: choose the candidate, decide on calibration, fit a model per held-out batch.

Nothing here is yours to edit: candidates are made in `src/usecase/model.py`, the rules stand in `params.yaml`.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import polars as pl

from mergeline.params import Train
from mergeline.training.calibration import Decision, SigmoidCalibrated, decide_calibration
from mergeline.training.candidates import build_candidates
from mergeline.training.folds import Fold, make_folds
from mergeline.training.history import History, render_moment
from mergeline.training.selection import (
    Results,
    Say,
    choose_winner,
    compare_candidates,
    compute_mean,
    render_table,
)
from mergeline.training.walk_forward import Trained, choose_held_out, fit_models


@dataclass(frozen=True)
class Outcome:
    """What training yields.

    Attributes
    ----------
    winner : str
        Name of the chosen candidate.
    decision : Decision
        Whether its scores are calibrated.
    models : list of Trained
        One per held-out batch, oldest first.
    report : dict
        What `reports/training.json` holds: figures rounded to 6 decimals.
    """

    winner: str
    decision: Decision
    models: list[Trained]
    report: dict[str, Any]


def train(history: History, params: Train, say: Say = print) -> Outcome:
    """Return the models that `params` and `history` make; the choice rests on what was known before any held-out batch.

    Raises
    ------
    MergelineError
        If the history is too short, a parameter is refused, or a candidate refuses the data.
    """
    candidates = build_candidates(params, history.features)
    held_out = choose_held_out(history.batches, params.held_out_batches)
    if len(held_out) < params.held_out_batches:
        say(
            f"held out: {len(held_out)} of the {params.held_out_batches} batches wanted, because "
            f"{len(history.batches)} are there and at least half of them stay to train on"
        )
    rows = history.select_known(held_out[0])
    folds = make_folds(rows, params.n_splits, timedelta(hours=params.gap_hours))
    say(f"choosing among {len(candidates)} candidates on {rows.height} rows known before {held_out[0]}")
    results = compare_candidates(candidates, history, rows, folds, say)
    winner, reason = choose_winner(results)
    say(render_table(results, winner))
    decision = _decide(results, winner, params)
    say(f"  {decision.reason}")
    final = candidates[winner]
    if decision.sigmoid:
        final = SigmoidCalibrated(final, decision.sigmoid.slope, decision.sigmoid.intercept)
    say(f"fitting {winner} once per held-out batch; the last one ships")
    models = fit_models(winner, final, history, held_out, say)
    selection = {
        "rows": rows.height,
        "gap_hours": params.gap_hours,
        "folds": [_describe_fold(rows, fold) for fold in folds],
        "candidates": _describe_results(results),
        "winner": winner,
        "reason": reason,
    }
    report = {"held_out": held_out, "selection": selection, "calibration": _describe_decision(decision)}
    return Outcome(winner, decision, models, report)


def _decide(results: Results, winner: str, params: Train) -> Decision:
    if params.calibrate == "never":
        return Decision(None, "not calibrated: train.calibrate is never", [], [])
    return decide_calibration([(result.scores, result.target) for result in results[winner]])


def _describe_fold(rows: pl.DataFrame, fold: Fold) -> dict[str, Any]:
    moments = rows["decision_at"]
    return {
        "train_rows": len(fold.train),
        "train_to": render_moment(moments[int(fold.train[-1])]),
        "validate_rows": len(fold.validate),
        "validate_from": render_moment(fold.begins),
        "validate_to": render_moment(moments[int(fold.validate[-1])]),
    }


def _describe_results(results: Results) -> dict[str, Any]:
    return {
        name: {
            "log_loss": compute_mean(folds, "log_loss"),
            "roc_auc": compute_mean(folds, "roc_auc"),
            "folds": [{"log_loss": fold.log_loss, "roc_auc": fold.roc_auc} for fold in folds],
        }
        for name, folds in results.items()
    }


def _describe_decision(decision: Decision) -> dict[str, Any]:
    return {
        "kept": decision.sigmoid is not None,
        "reason": decision.reason,
        "slope": decision.sigmoid.slope if decision.sigmoid else None,
        "intercept": decision.sigmoid.intercept if decision.sigmoid else None,
        "log_loss_before": decision.before,
        "log_loss_after": decision.after,
    }
