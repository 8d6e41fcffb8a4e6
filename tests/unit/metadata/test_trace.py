"""Tests of the trace: from a prediction's id to the person who merged, from a batch to its models, and one story."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mergeline.bundle.canonical import CONTRACT, GOLDEN, LINEAGE, MODEL, REFERENCE, render
from mergeline.bundle.write import write_bundle
from mergeline.errors import MergelineError
from mergeline.files import write_text
from mergeline.gate.champion import BRANCH, RECORD
from mergeline.metadata import trace as command
from mergeline.metadata.agree import check_agreement
from mergeline.metadata.decisions import describe_commit
from mergeline.metadata.predictions import find_prediction
from mergeline.metadata.runs import Registered, read_durations, read_registered
from mergeline.metadata.trace import find_models, main, trace
from mergeline.release.identity import Identity
from mergeline.release.objects import now, write_commit
from mergeline.release.production import FILE, Production, Variant, render_production
from mergeline.release.versions import ensure_version
from mergeline.shell import run_git

WHO = Identity("Robot", "robot@example.invalid")
ID = "5cc0b8a3-b36d-4eca-832f-565c198486bd"


def seal(directory: Path, probability: float, trained: list[str]) -> str:
    """Write a bundle that was trained on these batches and judged on 2013-06."""
    reference = {"format": 1, "trained": trained, "held_out": ["2013-06"]}
    files = {
        MODEL: render({"form": "prior", "candidate": "prior", "probability": probability}),
        CONTRACT: render({"features": [], "positive": 1}),
        GOLDEN: render([]),
        REFERENCE: render(reference),
        LINEAGE: render({"format": 1, "data": "abc.dir", "params": {"train": {"random_state": 13}}}),
    }
    return write_bundle(directory, files, {"candidate": "prior", "form": "prior"})


def commit(message: str, author: str = "Ada") -> str:
    """Commit nothing, as somebody; return the commit."""
    subprocess.run(
        ["git", "commit", "-q", "--allow-empty", f"--author={author} <a@b.invalid>", "-m", message], check=True
    )
    return run_git("rev-parse", "HEAD")


@pytest.fixture
def deployed(git_repository: Path) -> dict[str, Any]:
    """Return a clone in which one bundle was promoted from a merge by Grace of a change by Ada, and served."""
    run_git("checkout", "-q", "-b", "change")
    commit("Better model", "Ada")
    run_git("checkout", "-q", "-")
    subprocess.run(
        [
            "git",
            "-c",
            "user.name=Grace",
            "merge",
            "-q",
            "--no-ff",
            "-m",
            "Merge pull request #7 from ada/change",
            "change",
        ],
        check=True,
    )
    merge = run_git("rev-parse", "HEAD")
    digest = seal(Path("artifacts/bundle"), 0.3, ["2013-04", "2013-05"])
    ensure_version("flights", merge, digest, {}, WHO, Path())
    deploy(digest, merge, "v0.0.1", "2013-07-01T00:00:00Z")
    line = {
        "id": ID, "at": "2013-07-02T00:00:00.5Z", "row_id": "row 1", "variant": "champion", "digest": digest,
        "shadow": False, "score": 0.3, "inputs": {},
    }  # fmt: skip
    write_text(
        Path("log/a.jsonl"), json.dumps({**line, "id": "other", "row_id": None}) + "\n" + json.dumps(line) + "\n"
    )
    return {"digest": digest, "merge": merge, "line": line}


def deploy(digest: str, source: str, version: str, at: str) -> None:
    """Add a desired state to the branch."""
    state = Production(
        "flights", (Variant("champion", digest, version, source, 100),), None, "Grace", "better", "promote", at
    )
    record = {"commit": source, "data_hash": "abc.dir", "verdict": {"verdict": "promote", "reasons": ["better"]}}
    known = subprocess.run(["git", "rev-parse", "-q", "--verify", BRANCH], capture_output=True, text=True, check=False)
    files = {FILE: render_production(state), RECORD: json.dumps(record)}
    write_commit(BRANCH, known.stdout.strip() or None, files, f"Promote {version}", WHO, now(), Path())


def test_from_a_prediction_to_the_person_who_merged(deployed: dict[str, Any]) -> None:
    """Bundle, version, commit, data, parameters, batches, verdict, author and merger."""
    found = trace(find_prediction(Path("log"), ID)[0], Path("store"), None)
    assert found["bundle"] == deployed["digest"]
    assert (found["version"], found["deployed"]["author"]) == ("v0.0.1", "Grace")
    change = found["change"]
    assert (change["commit"], change["author"], change["merged_by"], change["pull_request"]) == (
        deployed["merge"], "Ada", "Grace", "7",
    )  # fmt: skip
    assert (found["data"], found["params"]) == ("abc.dir", {"train.random_state": 13})
    assert (found["training_batches"], found["held_out_batches"]) == (["2013-04", "2013-05"], ["2013-06"])
    assert found["verdict"] == {"verdict": "promote", "reasons": ["better"]}


def test_the_decision_is_the_one_in_force_at_the_time(deployed: dict[str, Any]) -> None:
    """The same bundle came back later, for another reason; before its first deployment none was in force."""
    deploy(deployed["digest"], deployed["merge"], "v0.0.1", "2013-08-01T00:00:00Z")
    for at, expected in (
        ("2013-07-15T00:00:00Z", "2013-07-01T00:00:00Z"),
        ("2013-08-15T00:00:00Z", "2013-08-01T00:00:00Z"),
        ("2013-06-15T00:00:00Z", None),
    ):
        found = trace({**deployed["line"], "at": at}, Path("store"), None)
        assert (found["deployed"] or {}).get("at") == expected


def test_what_is_not_known_here_is_said_so(deployed: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """A bundle that is neither here nor in git has a trace all the same."""
    write_text(Path("log/b.jsonl"), json.dumps({**deployed["line"], "id": "strange", "digest": "f" * 64}) + "\n")
    assert main(["strange", "--log", "log", "--no-mlflow"]) == 0
    text = capsys.readouterr().out
    assert "training_batches: not known here" in text
    assert "f" * 64 in text


def test_a_prediction_is_found_by_its_row_id_too_with_its_shadow(deployed: dict[str, Any]) -> None:
    """The answer comes first; a torn line does not stop the search; a part of an id finds nothing."""
    shadow = {**deployed["line"], "shadow": True}
    write_text(Path("log/0.jsonl"), json.dumps(shadow) + "\n" + json.dumps(shadow)[:-20])
    assert [line["shadow"] for line in find_prediction(Path("log"), "row 1")] == [False, True]
    with pytest.raises(MergelineError) as caught:
        find_prediction(Path("log"), ID[:8])
    assert "row_id" in caught.value.fix


def test_a_batch_knows_its_models(deployed: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """Trained on it, judged on it, or never seen; which of them serves."""
    later = seal(Path("new"), 0.4, ["2013-04", "2013-05", "2013-06"])
    Path("store").mkdir()
    Path("new").rename(Path("store") / later)
    saw = {one["bundle"]: (one["saw"], one["serves"]) for one in find_models("2013-06", Path("store"))}
    assert saw == {later: ("trained", False), deployed["digest"]: ("judged", True)}
    assert {one["saw"] for one in find_models("2013-01", Path("store"))} == {"never"}
    assert main(["--batch", "2013-06", "--store", "store"]) == 0
    assert "v0.0.1 (serves): was judged on it" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("message", "committer", "merged_by", "request_number"),
    [("Change (#12)", "GitHub", None, "12"), ("Change", "Linus", "Linus", None)],
)
def test_who_merged_without_a_merge_commit(
    message: str, committer: str, merged_by: str | None, request_number: str | None,
    git_repository: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """A squash on GitHub names the pull request, where it stands who pressed the button; else the committer it was."""
    monkeypatch.setenv("GIT_COMMITTER_NAME", committer)
    found = describe_commit(commit(message))
    assert (found["author"], found["merged_by"], found["pull_request"]) == ("Ada", merged_by, request_number)


def test_git_and_mlflow_agree_or_the_difference_is_named(deployed: dict[str, Any]) -> None:
    """A version that is missing, another bundle, the alias elsewhere, a tag that is gone."""
    good = Registered("1", "v0.0.1", deployed["digest"], deployed["merge"], "run", True)

    def check(*registered: Registered) -> list[str]:
        return check_agreement("flights", registered)

    assert check(good) == []
    assert check_agreement("flights", None) == []
    assert ["not registered" in fault for fault in check()] == [True, False]
    other = Registered("1", "v0.0.1", "0" * 64, deployed["merge"], "run", True)
    assert "names another commit or bundle" in check(other)[0]
    unmarked = Registered("1", "v0.0.1", deployed["digest"], deployed["merge"], "run", False)
    assert check(unmarked) == ["branch deployments has v0.0.1 serve, and MLflow's alias champion is on nothing"]
    run_git("tag", "-d", "flights@v0.0.1")
    assert "v0.0.1 was deployed and has no tag" in check(good)


def test_a_disagreement_is_an_exit_status(
    deployed: dict[str, Any], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Fit for a scheduled job."""
    release = SimpleNamespace(release=SimpleNamespace(service="flights"))
    monkeypatch.setattr(command, "load_params", lambda: release)
    monkeypatch.setattr(command, "read_registered", list)
    assert main(["--check"]) == 1
    assert "make promote" in capsys.readouterr().out
    assert main(["--check", "--no-mlflow"]) == 0


def test_mlflow_tells_versions_and_durations(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From MLflow's own store; without one nothing is asked."""
    (tmp_path / "params.yaml").write_text((repository / "params.yaml").read_text())
    monkeypatch.chdir(tmp_path)
    assert read_registered() is None
    from mergeline.tracking.store import connecting, find_tracking_uri, make_database

    uri = find_tracking_uri()
    make_database(uri)
    with connecting(uri) as client:
        run_id = client.create_run("0").info.run_id
        client.log_metric(run_id, "seconds.train", 12.5)
        client.log_metric(run_id, "roc_auc", 0.7)
        client.create_registered_model("flight-late")
        source = (tmp_path / "model").as_uri()
        client.create_model_version("flight-late", source, run_id, tags={"mergeline.version": "v0.0.1"})
        client.set_registered_model_alias("flight-late", "champion", "1")
    assert read_registered() == [Registered("1", "v0.0.1", None, None, run_id, True)]
    assert read_durations(run_id) == {"train": 12.5}


def test_the_trace_reads_as_text_and_as_json(deployed: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    """Both hold the merger."""
    for arguments in ([], ["--json"]):
        assert main([ID, "--log", "log", "--no-mlflow", *arguments]) == 0
        text = capsys.readouterr().out
        assert "Grace" in text
    read: Callable[[str], Any] = json.loads
    assert read(text)[0]["bundle"] == deployed["digest"]
