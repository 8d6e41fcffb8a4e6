"""Deployment to this machine: the bundles of the desired state in the store, then the state file, each whole or not.

Nothing here is yours to edit. The service watches the state file and takes a new one up by itself. Run again, or after
it broke off, it ends in the same state.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from mergeline.command import run
from mergeline.errors import MergelineError
from mergeline.files import write_text
from mergeline.gate.champion import BRANCH
from mergeline.params import load_params
from mergeline.release.bundles import ensure_stored
from mergeline.release.production import Production, read_production, render_production
from mergeline.release.remote import fetch

ROOT = Path(".mergeline/serving")


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(
        prog="python -m mergeline.release.deploy",
        description=__doc__.splitlines()[0],
        epilog="A bundle that is not here comes from the DVC cache, the remote, or is made again and compared.",
    )
    parser.add_argument("--root", type=Path, default=ROOT, help="where the service looks (default: %(default)s)")
    parser.add_argument("--store", type=Path, help="the bundles, by digest (default: ROOT/store)")
    parser.add_argument("--state", type=Path, help="the state file (default: ROOT/production.json)")
    parser.add_argument("--fetch", action="store_true", help=f"first take the branch {BRANCH} from origin")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Return 0 once store and state file are what the branch asks for."""
    options = make_parser().parse_args(argv)
    folder = Path()
    if options.fetch:
        fetch(load_params(folder / "params.yaml").release.service, folder)
    store, state = options.store or options.root / "store", options.state or options.root / "production.json"
    production = deploy(store, state, folder)
    for variant in production.everyone:
        share = "shadow" if variant.weight is None else f"{variant.weight} %"
        print(f"deployed: {variant.name} is {production.service}@{variant.version}, {share}, bundle {variant.digest}")
    print(f"state: {state}, bundles: {store}; a service that runs takes it up, else: make serve")
    return 0


def deploy(store: Path, state: Path, folder: Path = Path()) -> Production:
    """Return the desired state, once its bundles lie in `store` and the file `state` says it.

    Raises
    ------
    MergelineError
        If nothing was promoted, the state is not of its form, or a bundle is found nowhere; the file is then as it was.
    """
    production = read_production(folder)
    if production is None:
        raise MergelineError(
            "nothing should serve yet: no model was promoted",
            where=f"branch {BRANCH}",
            fix="promote one: make promote; on another clone: git fetch origin",
        )
    for variant in production.everyone:
        ensure_stored(variant.digest, variant.commit, store, folder)
    content = render_production(production)
    if not state.is_file() or state.read_text(encoding="utf-8") != content:
        write_text(state, content)
    return production


if __name__ == "__main__":
    run(main)
