"""The champion's age, what it has seen, and whether the candidate or the champion was champion before.

Nothing here is yours to edit: what follows from age and from rows it has seen is in `params.yaml`, group `gate`.
Everything is read off records: the training ranges in the champion's model.json and the history of its branch.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from mergeline.gate.champion import Champion
from mergeline.gate.rules import Rule
from mergeline.params import Gate


def judge_age(champion: Champion, starts: Mapping[str, datetime], gate: Gate) -> Rule:
    """Return the rule on how many of today's batches the champion's shipping model was not trained on.

    Parameters
    ----------
    champion : Champion
        The record.
    starts : mapping of str to datetime
        Today's batches and their first decisions.
    """
    trained_to = datetime.fromisoformat(champion.trained_to)
    newer = sorted(batch for batch, start in starts.items() if start > trained_to)
    counted = "1 batch is" if len(newer) == 1 else f"{len(newer)} batches are"
    says = f"the champion was trained on rows up to {trained_to:%Y-%m-%d}; {counted} newer"
    if len(newer) <= gate.max_champion_age:
        return Rule("champion_age", "pass", f"{says}, no more than {gate.max_champion_age}")
    says += f", more than {gate.max_champion_age}: it is old, and to beat it shows less than to beat a fresh one"
    change = "promote a model trained on newer batches (gate.reason: refresh), or raise gate.max_champion_age"
    return Rule("champion_age", gate.champion_too_old, says, "" if gate.champion_too_old == "pass" else change)


def judge_seen(manifest: Mapping[str, Any], starts: Mapping[str, datetime], batches: Sequence[str], gate: Gate) -> Rule:
    """Return the rule that each held-out batch can be scored by a model of the champion that has not seen it.

    Parameters
    ----------
    manifest : mapping
        Content of the champion's model.json, whose training ranges are believed.
    starts : mapping of str to datetime
        Batches and their first decisions.
    batches : sequence of str
        The held-out batches.
    """
    faults = [words for batch in batches if (words := _find_leak(manifest["models"], batch, starts[batch]))]
    if faults:
        says = f"the champion was trained on rows that are held out now, so no comparison is fair: {'; '.join(faults)}"
        change = f"wait for a batch that begins after {_get_newest(manifest)}, or go back to an earlier champion"
        return Rule("champion_saw_rows", gate.champion_saw_rows, says, change)
    ships = next(entry for entry in manifest["models"] if entry["file"] == manifest["ships"])
    newest = datetime.fromisoformat(ships["trained_to"])
    seen = [batch for batch in batches if starts[batch] <= newest]
    says = "each held-out batch is scored by a model of the champion from before it"
    says += f"; the one that ships has seen {', '.join(seen)} and is not asked there" if seen else ""
    return Rule("champion_saw_rows", "pass", says)


def judge_history(digest: str, records: Sequence[Champion]) -> Rule:
    """Return the rule that a model which was champion before does not come back by a merge.

    Parameters
    ----------
    digest : str
        Digest of the candidate's model.json.
    records : sequence of Champion
        The champion and all before it, newest first; at least one.
    """
    current, *former = records
    found = next((record for record in former if record.model_digest == digest), None)
    if found and digest != current.model_digest:
        says = f"this very model was champion before (commit {found.commit[:12]}) and was replaced or rolled back since"
        change = f"to bring it back on purpose: python -m mergeline.release.rollback --to {found.commit[:12]}"
        return Rule("champion_history", "hold", says, change)
    between = [record for record in former if record.model_digest != current.model_digest]
    last = next((place for place, record in enumerate(former) if record.model_digest == current.model_digest), None)
    if between and last:
        away = former[0]
        says = f"the champion is a model brought back: that of commit {away.commit[:12]} was rolled back to it"
        return Rule("champion_history", "pass", says)
    says = f"the champion is number {len(records)} on record; the candidate is none of the former ones"
    return Rule("champion_history", "pass", says)


def _find_leak(models: Sequence[Mapping[str, Any]], batch: str, start: datetime) -> str:
    begins = f"batch {batch} begins at {start:%Y-%m-%d}"
    unaware = [entry for entry in models if datetime.fromisoformat(entry["labels_known_by"]) <= start]
    if not unaware:
        oldest = min(models, key=lambda entry: entry["trained_to"])
        return f"{begins}, the oldest model was trained up to {oldest['trained_to'][:10]}"
    chosen = max(unaware, key=lambda entry: datetime.fromisoformat(entry["labels_known_by"]))
    if datetime.fromisoformat(chosen["trained_to"]) >= start:
        return f"{begins}, the model for it was trained up to {chosen['trained_to'][:10]}"
    return ""


def _get_newest(manifest: Mapping[str, Any]) -> str:
    return str(max(entry["trained_to"] for entry in manifest["models"])[:10])
