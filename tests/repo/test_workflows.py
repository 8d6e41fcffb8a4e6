"""The workflow files keep the house rules; each rule is also broken on purpose and seen to be noticed."""

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from mergeline.params import read_yaml
from mergeline.rehearsal.preflight import inspect
from mergeline.rehearsal.workflows import Workflow, load_workflows, read_workflow

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
CI = ROOT / ".github/workflows/ci.yml"
CLOSING = "All required checks"
FLOORS = {"actions/checkout": 5, "actions/upload-artifact": 4, "actions/download-artifact": 4, "actions/cache": 4}


def find_complaints(path: Path) -> list[str]:
    """Return what is wrong with the workflow or action file at `path`."""
    text = path.read_text()
    content = read_yaml(path)
    complaints = complain_about_pins(text)
    if "runs" in content:
        return complaints + [problem for step in content["runs"]["steps"] for problem in complain_about_step(step)]
    if content.get("permissions") != {}:
        complaints.append("permissions: not {} on top")
    if "concurrency" not in content:
        complaints.append("concurrency: none")
    if "pull_request_target" in content["on"]:
        complaints.append("pull_request_target: runs a stranger's code with our token")
    if "pull_request" in content["on"] and "secrets." in text:
        complaints.append("a secret: forks and Dependabot have none")
    for line in re.findall(r"^ +[a-z-]+: (?:read|write)\b.*$", text, re.MULTILINE):
        if not re.search(r"# \S+", line):
            complaints.append(f"permission without a reason: {line.strip()}")
    for key, job in content["jobs"].items():
        complaints += complain_about_job(key, job, content["on"])
    return complaints


def complain_about_pins(text: str) -> list[str]:
    """Return the actions that are not pinned to a commit with its version beside it, or are too old."""
    complaints = []
    for used in re.findall(r"uses: (.+)$", text, re.MULTILINE):
        pinned = re.fullmatch(r"([\w.-]+/[\w.-]+)[\w./-]*@[0-9a-f]{40} # v(\d+)\.\d+\.\d+", used)
        if not used.startswith("./") and not pinned:
            complaints.append(f"not pinned to a commit with its version: {used}")
        elif pinned and int(pinned[2]) < FLOORS.get(pinned[1], 0):
            complaints.append(f"older than GitHub accepts: {used}")
    return complaints


def complain_about_job(key: str, job: dict[str, Any], triggers: dict[str, Any]) -> list[str]:
    """Return what is wrong with a job."""
    complaints = [f"job {key}: no {name}" for name in ("name", "timeout-minutes") if name not in job]
    if "pull_request" in triggers and "write" in (job.get("permissions") or {}).values():
        complaints.append(f"job {key}: runs a pull request's code with a token that may write")
    for step in job["steps"]:
        complaints += complain_about_step(step)
        if "workflow_run" in triggers and "ref" in step.get("with", {}):
            complaints.append(f"job {key}: checks out something else than the default branch")
    return complaints


def complain_about_step(step: dict[str, Any]) -> list[str]:
    """Return what is wrong with a step."""
    complaints = [] if "name" in step else [f"step without a name: {step}"]
    script = step.get("run", "")
    if "${{" in script:
        complaints.append(f"step '{step.get('name')}': an expression in the script")
    if len(script.strip().splitlines()) > 6:
        complaints.append(f"step '{step.get('name')}': a script that belongs into a tested command")
    if step.get("uses", "").startswith("actions/checkout@") and step["with"].get("persist-credentials") is not False:
        complaints.append(f"step '{step.get('name')}': leaves the token in the work tree")
    if step.get("uses", "").startswith("iterative/setup-cml@"):
        given = step.get("with", {})
        if not re.fullmatch(r"\d+\.\d+\.\d+", str(given.get("version", ""))) or given.get("vega") is not False:
            complaints.append("setup-cml: `version` must name a release, `vega: false` keep node packages out")
    return complaints


@pytest.mark.parametrize("path", [*WORKFLOWS, *(ROOT / ".github/actions").glob("*/action.yml")], ids=lambda p: p.stem)
def test_workflows_keep_the_house_rules(path: Path) -> None:
    """Pins, permissions with reasons, names, timeouts, concurrency, and no expression in a script."""
    assert find_complaints(path) == []


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        (r"permissions: \{\}\n\n#", "permissions: read-all\n\n#", "permissions: not {} on top"),
        (r"@[0-9a-f]{40} # v[\d.]+", "@v7", "not pinned"),
        (r"cache/restore@\S+ # v[\d.]+", f"cache/restore@{'a' * 40} # v3.0.0", "older than GitHub accepts"),
        ("contents: read # checkout", "contents: read", "permission without a reason"),
        ("contents: read # checkout", "contents: write # why not", "token that may write"),
        ("    timeout-minutes: 5\n", "", "no timeout-minutes"),
        ("      - name: Test\n        run", "      - run", "step without a name"),
        ("run: make check", "run: echo ${{ github.head_ref }}", "an expression in the script"),
        ("persist-credentials: false", "persist-credentials: true", "leaves the token"),
        ("  pull_request:\n", "  pull_request_target:\n", "stranger's code"),
        ("concurrency:\n", "env:\n", "concurrency: none"),
        ("run: make check", "env:\n          KEY: ${{ secrets.KEY }}\n        run: make check", "a secret"),
        (
            "uses: ./.github/actions/setup\n      - name: Check\n",
            f"uses: iterative/setup-cml@{'a' * 40} # v2.0.1\n        with: {{version: 1.2}}\n      - name: Check\n",
            "setup-cml",
        ),
    ],
)
def test_each_broken_rule_is_noticed(old: str, new: str, complaint: str, tmp_path: Path) -> None:
    """Every rule goes red when ci.yml breaks it."""
    text, count = re.subn(old, new, CI.read_text())
    assert count
    broken = tmp_path / "ci.yml"
    broken.write_text(text)
    assert any(complaint in found for found in find_complaints(broken))


def test_one_action_has_one_pin_everywhere() -> None:
    """No action is used in two versions."""
    pins: dict[str, set[str]] = {}
    for path in (ROOT / ".github").rglob("*.yml"):
        for name, ref in re.findall(r"uses: ([\w.-]+/[\w.-]+)[\w./-]*@(\S+ # \S+)", path.read_text()):
            pins.setdefault(name, set()).add(ref)
    assert {name: refs for name, refs in pins.items() if len(refs) > 1} == {}


def test_a_pull_request_supersedes_itself_and_main_is_never_cancelled() -> None:
    """On main every commit has a group of its own, so that no run waits for or ends another."""
    concurrency = read_yaml(CI)["concurrency"]
    assert concurrency["cancel-in-progress"] == "${{ github.event_name == 'pull_request' }}"
    assert concurrency["group"] == "ci-${{ github.event.pull_request.number || github.sha }}"


def test_the_closing_job_looks_at_every_job_and_is_what_the_ruleset_requires() -> None:
    """No job can fail or be skipped beside the required check, and GitHub is told to require just that one."""
    ci = read_ci()
    closing = next(job for job in ci.jobs if job.name == CLOSING)
    others = {job.id for job in ci.jobs} - {closing.id}
    assert set(closing.body["needs"]) == others
    results = closing.body["steps"][0]["env"]["RESULTS"]
    assert set(re.findall(r"needs\.(\w+)\.result", results)) == others
    assert closing.body["if"] == "always()"
    rules = {rule["type"]: rule for rule in json.loads((ROOT / ".github/rulesets/main.json").read_text())["rules"]}
    required = rules["required_status_checks"]["parameters"]
    assert [check["context"] for check in required["required_status_checks"]] == [CLOSING]
    assert required["strict_required_status_checks_policy"] is True


def read_ci() -> Workflow:
    """Return ci."""
    return read_workflow(CI, ROOT)


def test_every_make_task_that_a_workflow_calls_exists() -> None:
    """A workflow does what a person can do by the same task."""
    tasks = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    called = {
        task
        for path in (ROOT / ".github").rglob("*.yml")
        for task in re.findall(r"^\s+(?:- )?(?:run: )?make ([a-z-]+)", path.read_text(), re.MULTILINE)
    }
    assert called - tasks == set()


def test_python_versions_are_those_that_the_project_supports() -> None:
    """The matrix is exactly requires-python."""
    matrix = next(job for job in read_ci().jobs if job.id == "test").matrix["python-version"]
    assert 'requires-python = ">=3.11,<3.14"' in (ROOT / "pyproject.toml").read_text()
    assert matrix == ["3.11", "3.12", "3.13"]


def test_everything_in_the_workflows_can_be_rehearsed() -> None:
    """No workflow uses what act leaves out without a word, and every action has a stand-in."""
    assert [finding for finding in inspect(ROOT) if finding.is_error] == []
    assert {workflow.name for workflow in load_workflows(ROOT)} >= {"ci", "report"}


def test_the_judging_job_has_the_whole_history() -> None:
    """A shallow clone knows neither the champion nor the base, and would judge by the floors alone."""
    model = next(job for job in read_ci().jobs if job.id == "model")
    checkout = next(step for step in model.body["steps"] if step.get("uses", "").startswith("actions/checkout@"))
    assert checkout["with"]["fetch-depth"] == 0


def test_the_lock_holds_what_pyproject_pins() -> None:
    """A pin that was raised without `make lock`, as Dependabot does, is not green with the old release installed."""
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"].values()
    wanted = [Requirement(item) for group in groups for item in group if isinstance(item, str)]
    locked = dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / "requirements/dev.lock").read_text(), re.MULTILINE))
    stale = [str(item) for item in wanted if not item.specifier.contains(locked.get(canonicalize_name(item.name), "0"))]
    assert stale == [], "run `make lock` and commit requirements/"


def test_dependabot_waits_and_groups() -> None:
    """Updates come in groups, a week after a release at the earliest, for actions and for Python."""
    updates = {update["package-ecosystem"]: update for update in read_yaml(ROOT / ".github/dependabot.yml")["updates"]}
    assert set(updates) >= {"github-actions", "uv"}
    assert all(update["cooldown"]["default-days"] >= 7 and update["groups"] for update in updates.values())


@pytest.mark.parametrize(
    "command", [["actionlint"], ["zizmor", "--offline", "--persona=auditor", "--no-progress", "."]]
)
def test_linters_find_nothing(command: list[str]) -> None:
    """actionlint, and zizmor as an auditor, are clean; what is excepted has its reason beside it."""
    program = shutil.which(command[0], path=str(Path(sys.executable).parent))
    assert program, f"{command[0]} is not installed: run `make setup`"
    done = subprocess.run([program, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    for path in (ROOT / ".github").rglob("*.yml"):
        for line in re.findall(r".*zizmor: ignore\[.*", path.read_text()):
            assert re.search(r"ignore\[[\w-]+\] \w{3,}", line), f"an exception without a reason: {line}"
