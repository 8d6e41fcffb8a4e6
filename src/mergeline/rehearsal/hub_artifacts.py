"""The stand-in's answers about artifacts: upload within a run, listing and download by the REST API.

Nothing here is yours to edit. As on GitHub, another run's artifact is reached only with `actions: read`, and the file
itself lies with a storage host that refuses a request with a token.
"""

import re
from pathlib import Path
from typing import Any

from mergeline.rehearsal.hub import Answer, Hub, Refusal, Request
from mergeline.rehearsal.hub_pulls import Handler


def upload(hub: Hub, request: Request, run: str, name: str) -> Answer:
    """Keep an artifact of the run whose own runtime token is given; a second one of the same name is refused."""
    if request.token != f"runtime-{run}":
        raise Refusal(401, "Bad credentials")
    if hub.find_artifact(int(run), name) is not None:
        raise Refusal(409, "an artifact with this name already exists on the workflow run")
    if not re.fullmatch(r"[^\\/:<>|*?\r\n\"]+", name):
        raise Refusal(400, "the artifact name holds a character that is not allowed")
    number = len(hub.artifacts) + 9000
    path = hub.folder / f"{number}.zip"
    path.write_bytes(request.content)
    hub.artifacts.append(
        {
            "id": number,
            "name": name,
            "size_in_bytes": len(request.content),
            "expired": False,
            "workflow_run": {"id": int(run)},
            "file": str(path),
        }
    )
    return Answer({"id": number}, status=201)


def download_own(hub: Hub, request: Request, run: str, name: str) -> Answer:
    """Answer an artifact of the run whose own runtime token is given."""
    if request.token != f"runtime-{run}":
        raise Refusal(401, "Bad credentials")
    found = hub.find_artifact(int(run), name)
    if found is None:
        raise Refusal(404, f"Artifact not found for name: {name}")
    return Answer(data=found)


def list_artifacts(hub: Hub, request: Request, run: str) -> Answer:
    """Answer the artifacts of a run."""
    hub.require(request, ("actions",), "read")
    found = [item for item in hub.artifacts if item["workflow_run"]["id"] == int(run)]
    named = [item for item in found if request.query.get("name") in (None, item["name"])]
    return Answer({"total_count": len(named), "artifacts": [_show(hub, item) for item in named]})


def locate(hub: Hub, request: Request, number: str) -> Answer:
    """Answer where the file of an artifact lies."""
    hub.require(request, ("actions",), "read")
    _find(hub, number)
    return Answer(status=302, location=f"{hub.base}/storage/{number}")


def read_storage(hub: Hub, request: Request, number: str) -> Answer:
    """Answer the file itself, to whoever was sent here; a token is a mistake, as it is with GitHub's storage."""
    if request.token:
        raise Refusal(400, "InvalidAuthenticationInfo: the token of the API was sent to the storage host")
    return Answer(data=Path(_find(hub, number)["file"]).read_bytes())


def _find(hub: Hub, number: str) -> dict[str, Any]:
    found = next((item for item in hub.artifacts if item["id"] == int(number)), None)
    if found is None:
        raise Refusal(404, "Not Found")
    return found


def _show(hub: Hub, item: dict[str, Any]) -> dict[str, Any]:
    shown = {key: value for key, value in item.items() if key != "file"}
    return shown | {"archive_download_url": f"{hub.base}/api/v3/repos/acme/model/actions/artifacts/{item['id']}/zip"}


ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("PUT", r"/artifacts/(\d+)/([^/]+)", upload),
    ("GET", r"/artifacts/(\d+)/([^/]+)", download_own),
    ("GET", r"/storage/(\d+)", read_storage),
    ("GET", r"/repos/R/actions/runs/(\d+)/artifacts", list_artifacts),
    ("GET", r"/repos/R/actions/artifacts/(\d+)/zip", locate),
)
