"""A pipeline in miniature, for tests of the rehearsal: the same tasks, files and exit statuses as the real one."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

AUC = {"prior": 0.5, "logistic_regression": 0.68, "hist_gradient_boosting": 0.7}
REPORTS = Path("reports")


def read_params():
    """Return the candidates with their `max_iter`, and the batches."""
    candidates, batches, section = {}, [], ""
    for line in Path("params.yaml").read_text().splitlines():
        if line and not line.startswith((" ", "#")):
            section = line.strip(": ")
        key, _, value = line.strip().partition(":")
        if section == "procure" and key == "batches":
            batches = json.loads(value)
        if section == "train" and key in AUC:
            candidates[key] = 0
        if section == "train" and key == "max_iter":
            candidates["hist_gradient_boosting"] = int(value)
    return candidates, batches


def compute_lock():
    """Return what dvc.lock should say."""
    return hashlib.sha256(Path("params.yaml").read_bytes()).hexdigest() + "\n"


def repro():
    """Write the metrics and dvc.lock, or stop at data with a missing month."""
    candidates, batches = read_params()
    months = [int(batch[-2:]) for batch in batches]
    if months != list(range(months[0], months[0] + len(months))):
        (REPORTS / "validation.txt").write_text(f"a month is missing: {', '.join(batches)}\n")
        return fail(f"a month is missing: {', '.join(batches)}")
    auc = max(AUC[name] + iterations / 10_000 for name, iterations in candidates.items())
    (REPORTS / "metrics.json").write_text(json.dumps({"roc_auc": round(auc, 4)}) + "\n")
    Path("dvc.lock").write_text(compute_lock())
    cache = Path(".dvc/cache")
    cache.mkdir(parents=True, exist_ok=True)
    (cache / "entry").write_text(compute_lock())
    return 0


def verify_lock():
    """Fail unless the commit holds the dvc.lock that came out."""
    changed = run_git("status", "--porcelain", "--", "dvc.lock", "reports")
    return fail(f"the commit does not hold what came out: {changed}; run `make`") if changed else 0


def gate():
    """Judge the metrics by a floor."""
    auc = json.loads((REPORTS / "metrics.json").read_text())["roc_auc"]
    verdict = "promote" if auc >= 0.66 else "reject"
    found = run_git("rev-parse", "--verify", "-q", "origin/deployments")
    content = {
        "verdict": verdict,
        "champion": found.strip() or None,
        "reasons": [f"ROC AUC {auc} against a floor of 0.66"],
    }
    (REPORTS / "verdict.json").write_text(json.dumps(content) + "\n")
    return 1 if verdict == "reject" else 0


def report():
    """Write the report, also after a pipeline that stopped."""
    verdict, stopped = REPORTS / "verdict.json", REPORTS / "validation.txt"
    if verdict.exists():
        judged = json.loads(verdict.read_text())
        text = f"## Verdict: {judged['verdict']}\n\n{judged['reasons'][0]}\n\n| metric | value |\n|---|---|\n"
        text += f"| ROC AUC | {json.loads((REPORTS / 'metrics.json').read_text())['roc_auc']} |\n"
    else:
        text = f"## No verdict: the pipeline stopped\n\n{stopped.read_text() if stopped.exists() else ''}"
    (REPORTS / "report.md").write_text(text)
    return 0


def promote():
    """Record this commit on the champions' branch."""
    run_git("branch", "deployments")
    return 0


def run_git(*arguments):
    """Return what git prints."""
    return subprocess.run(["git", *arguments], capture_output=True, text=True).stdout


def fail(message):
    """Print the message and return 1."""
    print(f"error: {message}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    REPORTS.mkdir(exist_ok=True)
    tasks = {"repro": repro, "verify-lock": verify_lock, "gate": gate, "report": report, "promote": promote}
    sys.exit(tasks.get(sys.argv[1], lambda: 0)())
