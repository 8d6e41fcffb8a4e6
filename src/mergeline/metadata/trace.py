"""Where a prediction comes from: bundle, commit, data, parameters, training batches, verdict, who merged, how long.

Nothing here is yours to edit. Also: which models saw a batch (`--batch 2013-04`), and whether git and MLflow agree
(`--check`).
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mergeline.bundle.read import Bundle, read_bundle
from mergeline.command import run
from mergeline.errors import MergelineError
from mergeline.metadata.agree import check_agreement
from mergeline.metadata.decisions import choose_in_force, describe_commit, find_decisions, read_record
from mergeline.metadata.predictions import find_prediction
from mergeline.metadata.runs import Registered, read_durations, read_registered
from mergeline.params import load_params
from mergeline.release.production import read_history
from mergeline.tracking.record import flatten

LOG = Path(".mergeline/serving/log")
STORE = Path(".mergeline/serving/store")
LOCAL = Path("artifacts/bundle")


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(prog="python -m mergeline.metadata.trace", description=__doc__.splitlines()[0])
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument("prediction", nargs="?", metavar="PREDICTION_ID", help="id of an answer, or its row_id")
    asked.add_argument("--batch", metavar="BATCH", help="which models saw this batch, and how")
    asked.add_argument("--check", action="store_true", help="do git and MLflow agree? exits 1 if not")
    parser.add_argument("--log", type=Path, default=LOG, help="folder of the prediction log (default: %(default)s)")
    parser.add_argument("--store", type=Path, default=STORE, help="the bundle store (default: %(default)s)")
    parser.add_argument("--no-mlflow", action="store_true", help="do not ask MLflow, which takes seconds to load")
    parser.add_argument("--json", action="store_true", help="for machines")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Print the answer and return 0; with --check return 1 if something does not agree."""
    options = make_parser().parse_args(argv)
    if options.check:
        faults = check_agreement(load_params().release.service, None if options.no_mlflow else read_registered())
        print(
            "\n".join(
                [*faults, "next: make promote or make rollback, which put both right"]
                if faults
                else ["git and MLflow agree"]
            )
        )
        return int(bool(faults))
    if options.batch:
        found: Any = find_models(options.batch, options.store)
        print(json.dumps(found, indent=2, sort_keys=True) if options.json else render_models(options.batch, found))
        return 0
    registered = None if options.no_mlflow else read_registered()
    traced = [trace(line, options.store, registered) for line in find_prediction(options.log, options.prediction)]
    print(json.dumps(traced, indent=2, sort_keys=True) if options.json else "\n\n".join(map(render_trace, traced)))
    return 0


def trace(
    line: dict[str, Any], store: Path, registered: list[Registered] | None, folder: Path = Path()
) -> dict[str, Any]:
    """Return where one line of the log comes from; None stands where nobody knows.

    Parameters
    ----------
    line : dict
        Of the prediction log.
    store : Path
        The bundle store; the local bundle is looked at too.
    registered : list of Registered or None
        MLflow's versions, None if it is not asked.
    folder : Path
        The clone.
    """
    digest = line["digest"]
    bundle = find_bundle(digest, store, folder)
    decisions = find_decisions(digest, folder)
    in_force = choose_in_force(decisions, line["at"])
    record = read_record(decisions, folder)
    commit = decisions[-1].variant.commit if decisions else None
    version = next((one for one in registered or [] if one.bundle == digest), None)
    lineage = bundle.lineage if bundle else {}
    return {
        "prediction": {key: line[key] for key in ("id", "row_id", "at", "variant", "shadow", "score")},
        "bundle": digest,
        "candidate": bundle.candidate if bundle else None,
        "version": in_force.variant.version if in_force else None,
        "deployed": _describe_decision(in_force),
        "change": describe_commit(commit, folder) if commit else None,
        "data": lineage.get("data") or (record or {}).get("data_hash"),
        "params": dict(flatten(lineage["params"])) if "params" in lineage else None,
        "training_batches": bundle.reference().get("trained") if bundle else None,
        "held_out_batches": bundle.reference().get("held_out") if bundle else None,
        "verdict": {key: record["verdict"].get(key) for key in ("verdict", "reasons")} if record else None,
        "seconds": read_durations(version.run_id, folder) if version and version.run_id else None,
        "run": version.run_id if version else None,
    }


def _describe_decision(one: Any) -> dict[str, Any] | None:
    if one is None:
        return None
    state = one.state
    return {
        "commit": one.commit,
        "author": state.author,
        "reason": state.reason,
        "verdict": state.verdict,
        "at": state.at,
    }


def find_bundle(digest: str, store: Path, folder: Path = Path()) -> Bundle | None:
    """Return the bundle of this digest if it lies in the store or is the local one, else None."""
    for directory in (store / digest, folder / LOCAL):
        try:
            return read_bundle(directory, digest)
        except MergelineError:
            continue
    return None


def find_models(batch: str, store: Path, folder: Path = Path()) -> list[dict[str, Any]]:
    """Return for every bundle that lies here whether it was trained on the batch, judged on it, or never saw it."""
    history = read_history(folder)
    serving = {variant.digest for variant in history[0][1].everyone} if history else set()
    found: dict[str, dict[str, Any]] = {}
    for directory in (*sorted(path.parent for path in store.glob("*/manifest.json")), folder / LOCAL):
        if not (directory / "manifest.json").exists():
            continue
        bundle = read_bundle(directory)
        reference = bundle.reference()
        saw = "never"
        for how, key in (("judged", "held_out"), ("trained", "trained")):
            if batch in reference.get(key, ()):
                saw = how
        versions = sorted({one.variant.version for one in find_decisions(bundle.digest, folder)})
        serves = bundle.digest in serving
        found[bundle.digest] = {"bundle": bundle.digest, "versions": versions, "saw": saw, "serves": serves}
    return list(found.values())


def render_models(batch: str, found: Sequence[dict[str, Any]]) -> str:
    """Return the answer about a batch for people."""
    words = {"trained": "was trained on it", "judged": "was judged on it, and not trained", "never": "never saw it"}
    lines = [
        f"  {one['bundle'][:12]} {', '.join(one['versions']) or '(never deployed)'}"
        f"{' (serves)' if one['serves'] else ''}: {words[one['saw']]}"
        for one in found
    ]
    return "\n".join([f"batch {batch}:", *(lines or ["  no bundle lies here: make deploy"])])


def render_trace(traced: dict[str, Any]) -> str:
    """Return the answer about a prediction for people."""
    lines = [f"prediction {traced['prediction']['id']}"]
    for name, value in traced.items():
        if name == "prediction":
            lines += [f"  {key}: {part}" for key, part in value.items() if key != "id"]
        elif isinstance(value, dict):
            lines += [f"{name}:", *(f"  {key}: {part}" for key, part in value.items())]
        else:
            shown = ", ".join(value) if isinstance(value, list) else value
            lines.append(f"{name}: {'not known here' if shown is None else shown}")
    return "\n".join(lines)


if __name__ == "__main__":
    run(main)
