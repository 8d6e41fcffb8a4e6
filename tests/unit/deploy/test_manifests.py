"""Tests of deploy/: what Kubernetes, Docker, systemd and Argo CD will be given is valid and as guarded as it claims."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

from mergeline.serving.serve import make_parser
from mergeline.serving.state import parse_state

ROOT = Path(__file__).resolve().parents[3]
DEPLOY = ROOT / "deploy"
BASE = DEPLOY / "kubernetes/base"
MANIFESTS = [path for path in BASE.glob("*.yaml") if path.name != "kustomization.yaml"]
MANIFESTS.append(DEPLOY / "kubernetes/overlays/production/store.yaml")
NAME = {"app.kubernetes.io/name": "mergeline"}


def read(path: Path) -> Any:
    """Return the only document of a YAML file."""
    return yaml.safe_load(path.read_text())


@pytest.fixture(scope="module")
def container() -> Any:
    """Return the service's container."""
    (found,) = read(BASE / "deployment.yaml")["spec"]["template"]["spec"]["containers"]
    return found


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_every_manifest_fits_the_schema_of_kubernetes(path: Path) -> None:
    """Checked strictly: an unknown or misspelt field is an error. The selector is what kustomize will add."""
    manifest = read(path)
    if manifest["kind"] == "Deployment":
        manifest["spec"]["selector"] = {"matchLabels": NAME}
        manifest["spec"]["template"]["metadata"]["labels"] = NAME
    kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)


def test_a_misspelt_field_would_be_found() -> None:
    """The check above is not blind."""
    manifest = read(BASE / "service.yaml")
    manifest["spec"]["port"] = manifest["spec"].pop("ports")
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)


def test_kustomizations_name_every_file() -> None:
    """Each manifest is a resource of its kustomization, and each resource exists."""
    assert sorted(read(BASE / "kustomization.yaml")["resources"]) == sorted(path.name for path in MANIFESTS[:-1])
    overlay = DEPLOY / "kubernetes/overlays/production"
    assert all((overlay / name).exists() for name in read(overlay / "kustomization.yaml")["resources"])


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
def test_kustomize_builds_what_argo_cd_will_build(tmp_path: Path) -> None:
    """Branch `deployments` as it will be, its remote base laid beside it: valid, in one namespace, pinned by digest."""
    shutil.copytree(DEPLOY / "kubernetes", tmp_path / "kubernetes")
    folder = tmp_path / "kubernetes/deployments"
    text = (folder / "kustomization.yaml").read_text()
    remote = "https://github.com/YOU/YOUR-FORK//deploy/kubernetes/overlays/production?ref=main"
    assert remote in text
    (folder / "kustomization.yaml").write_text(text.replace(remote, "../overlays/production"))
    done = subprocess.run(["kubectl", "kustomize", str(folder)], capture_output=True, text=True, check=True)
    built = {one["kind"]: one for one in yaml.safe_load_all(done.stdout)}
    for manifest in built.values():
        kubernetes_validate.validate(manifest, kubernetes_validate.latest_version(), strict=True)
        assert manifest["metadata"]["namespace"] == "mergeline"
    assert len(built) == len(MANIFESTS) + 1
    assert built["ConfigMap"]["metadata"]["name"] == "mergeline-state"
    spec = built["Deployment"]["spec"]
    assert "@sha256:" in spec["template"]["spec"]["containers"][0]["image"]
    labels = spec["template"]["metadata"]["labels"]
    for selector in (
        spec["selector"]["matchLabels"],
        built["Service"]["spec"]["selector"],
        built["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        built["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
    ):
        assert selector.items() <= labels.items()
        assert selector


def test_pods_are_shut_in(container: Any) -> None:
    """Not root, nothing to write to but log and tmp, no capability, no token, no way out."""
    pod = read(BASE / "deployment.yaml")["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {mount["name"] for mount in container["volumeMounts"] if not mount.get("readOnly")} == {"log", "tmp"}
    assert read(BASE / "network-policy.yaml")["spec"]["egress"] == []


def test_probes_and_limits_are_there(container: Any) -> None:
    """Live and ready are asked apart; memory is bounded; the log's limit lies below that of its volume."""
    assert container["livenessProbe"]["httpGet"]["path"] == "/health/live"
    assert container["readinessProbe"]["httpGet"]["path"] == "/health/ready"
    assert container["resources"]["limits"]["memory"]
    options = make_parser().parse_args(container["args"])
    assert options.log_limit * 1.2 < 1024


def test_there_is_time_to_stop() -> None:
    """Grace covers the wait before the stop, requests under way and the log; under systemd too."""
    pod = read(BASE / "deployment.yaml")["spec"]["template"]["spec"]
    assert pod["terminationGracePeriodSeconds"] >= 10 + 20 + 30
    assert "TimeoutStopSec=60" in (DEPLOY / "mergeline.service").read_text()


def test_the_example_state_can_be_read() -> None:
    """What is laid beside the kustomization is a desired state, by the schema and by the service."""
    path = DEPLOY / "kubernetes/deployments/production.json"
    jsonschema.validate(json.loads(path.read_text()), json.loads((DEPLOY / "production.schema.json").read_text()))
    assert parse_state(path.read_bytes(), path).service == "flights"


def test_argo_cd_follows_the_branch() -> None:
    """The Application names branch and folder, and leaves the replicas to the autoscaler."""
    spec = read(DEPLOY / "kubernetes/argocd-application.yaml")["spec"]
    assert (spec["source"]["targetRevision"], spec["source"]["path"]) == ("deployments", ".")
    assert spec["ignoreDifferences"][0]["jsonPointers"] == ["/spec/replicas"]
    assert set(spec) <= {"project", "source", "destination", "syncPolicy", "ignoreDifferences"}


def test_hadolint_has_nothing_to_say() -> None:
    """The Dockerfile follows the linter's rules."""
    tool = Path(sys.executable).parent / "hadolint"
    done = subprocess.run([tool, str(DEPLOY / "Dockerfile")], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_image_holds_the_locked_group_and_runs_without_root() -> None:
    """Packages by hash from the serve lock alone; a user by number, as `runAsNonRoot` needs."""
    text = (DEPLOY / "Dockerfile").read_text()
    assert "--require-hashes" in text
    assert re.findall(r"requirements/[\w.]+", text) == ["requirements/serve.lock"]
    assert re.search(r"^USER 10001:10001$", text, flags=re.M)


def test_what_the_image_copies_is_enough_to_serve(tmp_path: Path) -> None:
    """With the files that the Dockerfile names, and no others, the command starts."""
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    for line in re.findall(r"^COPY (src/.*)$", text, flags=re.M):
        *sources, target = line.split()
        for source in sources:
            place = tmp_path / target.removeprefix("/")
            if (ROOT / source).is_dir():
                shutil.copytree(ROOT / source, place)
            else:
                place.mkdir(parents=True, exist_ok=True)
                shutil.copy(ROOT / source, place)
    code = "import mergeline.serving.serve, mergeline.serving.app, mergeline.serving.server; print(mergeline.__file__)"
    environment = {"PYTHONPATH": str(tmp_path / "app/src")}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.startswith(str(tmp_path))


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_reads_the_unit(tmp_path: Path) -> None:
    """systemd knows every key of the unit; the interpreter it names is put where this machine has one."""
    unit = tmp_path / "mergeline.service"
    text = (DEPLOY / "mergeline.service").read_text().replace("/opt/mergeline/.venv/bin/python", sys.executable)
    unit.write_text(text)
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if "mergeline.service" in line] == []


def test_the_unit_calls_the_command_as_it_is() -> None:
    """The arguments in the unit are those that the command takes."""
    text = (DEPLOY / "mergeline.service").read_text().replace("\\\n", " ")
    command = re.search(r"^ExecStart=(.*)$", text, flags=re.M)
    assert command
    words = command.group(1).split()
    assert words[1:3] == ["-m", "mergeline.serving.serve"]
    assert make_parser().parse_args(words[3:]).port == 8000
