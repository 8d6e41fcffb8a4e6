"""The service on this machine: `make serve`. Lays out the local bundle when nothing was deployed here, and serves it.

Nothing here is yours to edit. What a deploy command has put here is served as it is: only a state that `make serve`
itself wrote is renewed when the local bundle is another.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mergeline.bundle.read import Bundle, read_bundle, read_manifest
from mergeline.command import run
from mergeline.errors import MergelineError
from mergeline.files import read_json, replacing_directory, write_json
from mergeline.params import load_params

AUTHOR = "make serve"
ROOT = Path(".mergeline/serving")
MAKE_FIRST = "run `make`, which makes it, then `make serve`"


@dataclass(frozen=True)
class Place:
    """Where a local service keeps what it needs."""

    root: Path

    @property
    def state(self) -> Path:
        """The desired state."""
        return self.root / "production.json"

    @property
    def store(self) -> Path:
        """The bundles, by digest."""
        return self.root / "store"

    @property
    def log(self) -> Path:
        """The prediction log."""
        return self.root / "log"


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(prog="python -m mergeline.serving.local", description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", type=Path, default=Path("artifacts/bundle"), help="default: %(default)s")
    parser.add_argument("--root", type=Path, default=ROOT, help="state, store and log lie here (default: %(default)s)")
    parser.add_argument("--service", help="the service's name (default: release.service of params.yaml)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (default: %(default)s)")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Deploy the local bundle if that is what serves here, say how to call the service, and serve."""
    options = make_parser().parse_args(argv)
    place = Place(options.root)
    service = options.service or load_params().release.service
    print(deploy_local(options.bundle, place, service), flush=True)
    print(describe_call(read_served(place), options.port), flush=True)
    command = [sys.executable, "-m", "mergeline.serving.serve", "--port", str(options.port)]
    os.execv(
        sys.executable, [*command, "--state", str(place.state), "--store", str(place.store), "--log", str(place.log)]
    )


def deploy_local(bundle: Path, place: Place, service: str) -> str:
    """Make `place` serve `bundle`, unless something else was deployed there; return what was done.

    Raises
    ------
    MergelineError
        If there is neither a state nor a bundle.
    """
    state = read_json(place.state) if place.state.exists() else None
    if state is not None and state.get("author") != AUTHOR:
        return f"serving what was deployed: {place.state}, by {state.get('author')}: {state.get('reason')}"
    if not bundle.is_dir():
        if state is not None:
            return f"there is no {bundle}: serving the last local bundle"
        raise MergelineError("there is no bundle to serve", where=str(bundle), fix=MAKE_FIRST)
    digest = read_manifest(bundle)["digest"]
    if state is not None and state["variants"][0]["digest"] == digest:
        return f"serving the local bundle {digest[:12]}"
    copy_bundle(bundle, place.store, digest)
    variant = {"name": "champion", "digest": digest, "version": "v0.0.0", "commit": "0" * 40, "weight": 100}
    at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    about = {"author": AUTHOR, "reason": "the bundle of this working tree", "verdict": "local", "at": at}
    write_json(place.state, {"format": 1, "service": service, "variants": [variant], "shadow": None, **about})
    return f"deployed the local bundle {digest[:12]} into {place.root}"


def copy_bundle(bundle: Path, store: Path, digest: str) -> None:
    """Put `bundle` into `store` under its digest, whole or not at all, after checking every byte."""
    read_bundle(bundle, digest)
    target = store / digest
    if not target.exists():
        with replacing_directory(target) as folder:
            shutil.copytree(bundle, folder, dirs_exist_ok=True)


def read_served(place: Place) -> Bundle:
    """Return the first bundle of the state in `place`."""
    digest = read_json(place.state)["variants"][0]["digest"]
    return read_bundle(place.store / digest, digest)


def describe_call(bundle: Bundle, port: int) -> str:
    """Return a curl line that works: a golden row of `bundle`, without its missing values."""
    golden = next((row for row in bundle.golden if None not in row["inputs"].values()), bundle.golden[0])
    body = json.dumps({"inputs": golden["inputs"], "row_id": golden["row_id"]}, ensure_ascii=False).replace(
        "'", "\\u0027"
    )
    address = f"http://127.0.0.1:{port}"
    return (
        f"try, in another terminal (the answer should be {golden['score']:.6f}):\n\n"
        f"  curl -s {address}/predict -H 'content-type: application/json' \\\n    -d '{body}'\n\n"
        f"docs: {address}/docs   metrics: {address}/metrics   stop: Ctrl-C\n"
    )


if __name__ == "__main__":
    run(main)
