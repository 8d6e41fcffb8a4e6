"""The rules that compare candidate and champion: better or not, calibration, and slice by slice.

Nothing here is yours to edit: margins are in `params.yaml`, group `gate`. Pure functions of intervals.
"""

from collections.abc import Mapping, Sequence

from mergeline.gate.floors import judge_too_good
from mergeline.gate.multiplicity import adjust_level
from mergeline.gate.paired import Answer, PairedInterval, at_level, judge
from mergeline.gate.rules import Outcome, Rule
from mergeline.gate.slices import Slice
from mergeline.params import Gate

NAMES = {"roc_auc": "ROC AUC", "brier": "Brier score", "log_loss": "log loss"}


def get_strict_level(looks: int, gate: Gate) -> float:
    """Return the level of the interval on which a claim in favour of the candidate rests at this look."""
    return adjust_level(gate.level, min(looks, gate.max_looks), gate.looks_correction)


def judge_intervals(intervals: Mapping[str, PairedInterval], looks: int, gate: Gate) -> list[Rule]:
    """Return the rules on the differences to the champion, measured on the same rows.

    Parameters
    ----------
    intervals : mapping of str to PairedInterval
        For "roc_auc" and "brier".
    looks : int
        How many proposals were judged on these held-out data, this one included. Claims in favour of the candidate
        ("better", "not worse") are corrected for it; a loss is not sought by trying, so "worse" is not.
    """
    auc, brier = intervals["roc_auc"], intervals["brier"]
    strict, strict_brier = (at_level(found, get_strict_level(looks, gate)) for found in (auc, brier))
    answer = judge(auc, loss=gate.max_auc_loss)
    if answer != "worse":
        answer = judge(strict, gain=gate.min_auc_gain, loss=gate.max_auc_loss)
    sharper = answer == "not worse" and judge(strict_brier) == "better"
    worn = looks > gate.max_looks
    better = (answer == "better" or sharper) and not worn
    enough = better or (answer == "not worse" and gate.reason != "quality")
    outcome: Outcome = "reject" if answer == "worse" else "pass" if enough else "hold"
    says = f"{describe(auc)}: {_explain(answer, sharper, gate)}; look {looks} at these held-out data"
    says += _describe(strict, gate)
    says += f", more than max_looks {gate.max_looks}: only newer data can tell" if worn else ""
    calibration = judge(brier, loss=gate.max_brier_rise)
    words = f"{describe(brier)}; worse means higher by more than {gate.max_brier_rise}, whole interval"
    return [
        Rule("champion", outcome, says, "" if outcome == "pass" else _find_change(answer, strict, worn, gate)),
        Rule("max_brier_rise", "reject", words, "calibrated probabilities: train.calibrate, no class_weight")
        if calibration == "worse"
        else Rule("max_brier_rise", "pass", words),
        judge_too_good("max_auc_jump", "ROC AUC gained over the champion", auc.difference, gate.max_auc_jump),
    ]


def judge_slices(slices: Sequence[Slice], gate: Gate) -> Rule:
    """Return the rule that no slice with enough rows may be worse beyond its margin."""
    worse = [f"{name_slice(part)} ({part.difference:+.4f})" for part in slices if part.worse]
    compared = sum(part.reason is None for part in slices)
    limit = f"by more than {gate.max_slice_loss}, all intervals at once"
    left = len(slices) - compared
    small = f"; {left} {'has' if left == 1 else 'have'} too few rows or days to tell, which is no pass" if left else ""
    if worse:
        says = f"lower ROC AUC {limit}: {', '.join(worse)}{small}"
        return Rule(
            "max_slice_loss", "reject", says, "look at what these rows have in common, and what changed for them"
        )
    return Rule("max_slice_loss", "pass", f"none of {compared} slices is lower {limit}{small}")


def name_slice(part: Slice) -> str:
    """Return the slice's values, None as "(no value)"."""
    return " × ".join("(no value)" if value is None else str(value) for value in part.values)


def describe(interval: PairedInterval) -> str:
    """Return the comparison in words, with its interval."""
    return (
        f"{NAMES[interval.metric]} {interval.candidate:.4f} against the champion's {interval.champion:.4f} on the same "
        f"{interval.n_rows:,} rows of {interval.n_clusters} days: {interval.difference:+.4f} "
        f"[{interval.low:+.4f}, {interval.high:+.4f}]"
    )


def _describe(strict: PairedInterval, gate: Gate) -> str:
    if strict.level == gate.level:
        return ""
    return f", which asks for a {strict.level:.2%} interval: [{strict.low:+.4f}, {strict.high:+.4f}]"


def _explain(answer: Answer, sharper: bool, gate: Gate) -> str:
    if answer == "better":
        return f"better by more than {gate.min_auc_gain}"
    if answer == "worse":
        return f"worse by more than {gate.max_auc_loss}"
    if sharper:
        return f"not worse by more than {gate.max_auc_loss}, and the Brier score is better"
    if answer == "not worse":
        return f"not worse by more than {gate.max_auc_loss}, and not better: reason '{gate.reason}'" + (
            ", which asks for better" if gate.reason == "quality" else ", which asks for no more"
        )
    return "the data cannot tell; more held-out days would narrow the interval"


def _find_change(answer: Answer, strict: PairedInterval, worn: bool, gate: Gate) -> str:
    if worn and answer != "worse":
        return "a newer batch: these rows were looked at too often"
    if answer == "worse":
        return f"a gain of {-gate.max_auc_loss - strict.difference:+.4f} at least, or leave the champion in place"
    reach = strict.difference - strict.low
    if answer == "not worse":
        other = (
            ", or gate.reason: refresh or refactor, where quality is not the aim" if gate.reason == "quality" else ""
        )
        return f"a difference above {gate.min_auc_gain + reach:+.4f} at this width{other}"
    return f"a difference above {reach - gate.max_auc_loss:+.4f} at this width, or a newer batch, which narrows it"
