"""Procuring the raw data: `data/` holds exactly the batches of `procure.batches`, with the bytes `data.dvc` promises.

Nothing here is yours to edit: the source is `src/usecase/source.py`, the batches stand in `params.yaml`.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mergeline.command import run
from mergeline.errors import MergelineError
from mergeline.params import PARAMS_FILE, load_params
from mergeline.procurement.batch_names import UPDATE, check_held, find_batches
from mergeline.procurement.contents import read_stamp
from mergeline.procurement.pointer import Promise, find_pointer, read_promise

if TYPE_CHECKING:
    from mergeline.procurement.renew import Renewal


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(
        prog="python -m mergeline.stages.procure",
        description=__doc__.splitlines()[0],
        epilog="What is missing comes from the DVC cache, else from the DVC remote if one is configured, else from the "
        "source, and is checked against data.dvc. Files that somebody edited are named, never overwritten.",
    )
    parser.add_argument("--data", type=Path, default=Path("data"), help="the folder (default: %(default)s)")
    parser.add_argument("--params", type=Path, default=PARAMS_FILE, help="the parameters (default: %(default)s)")
    parser.add_argument(
        "--update",
        action="store_true",
        help="write data.dvc: take in the batches that procure.batches adds, let go of those it leaves out",
    )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Return 0 once the data folder is in order."""
    options = make_parser().parse_args(argv)
    batches = load_params(options.params).procure.batches
    if options.update:
        from mergeline.procurement.renew import renew
        from mergeline.procurement.store import find_store

        print(render_renewal(renew(options.data, batches, find_store()), find_pointer(options.data)))
    elif procure(options.data, batches):
        print(f"{options.data}/ is in order: {len(batches)} batches, {batches[0]} to {batches[-1]}")
    else:
        print(f"{options.data}/ is up to date: {len(batches)} batches, {batches[0]} to {batches[-1]}")
    return 0


def procure(data: Path, batches: Sequence[str]) -> bool:
    """Make `data` hold what its `.dvc` file promises, and return whether there was anything to do.

    Raises
    ------
    MergelineError
        If there is no `.dvc` file, or it holds other batches than `batches`, or `data` holds edits that would be lost,
        or no place gives the promised bytes.
    """
    pointer = find_pointer(data)
    if not pointer.exists():
        raise MergelineError(
            f"{pointer} is missing: nothing says which bytes {data}/ must hold",
            where=str(pointer),
            fix=f"at the very first time write it: {UPDATE}\notherwise restore it: git checkout -- {pointer}",
        )
    promise = read_promise(pointer)
    if is_up_to_date(data, promise, batches):
        return False
    from mergeline.procurement.restore import restore, settle
    from mergeline.procurement.store import find_store

    if promise.batches:
        check_held(batches, promise.batches, str(pointer))
    store = find_store()
    found = restore(data, promise, batches, store)
    if not promise.batches:
        check_held(batches, find_batches(found, batches), str(pointer))
    settle(data, found, batches, store)
    return True


def is_up_to_date(data: Path, promise: Promise, batches: Sequence[str]) -> bool:
    """Return whether nothing has moved since `data` was last checked: no file is read and DVC is not started."""
    stamp = read_stamp(data)
    return (
        not stamp.busy
        and stamp.hash == promise.hash
        and stamp.batches == list(batches)
        and Path(stamp.cached).is_file()
        and stamp.vouches_for(data)
    )


def render_renewal(renewal: "Renewal", pointer: Path) -> str:
    """Return what a person needs to know and do after `--update`."""
    if renewal.before == renewal.after:
        return f"{pointer} holds the batches of params.yaml already: {renewal.after}"
    lines = [f"{pointer}: {renewal.before or '(new)'} -> {renewal.after}"]
    for word, names in (("added", renewal.added), ("dropped", renewal.dropped), ("changed", renewal.changed)):
        if names:
            lines.append(f"  {word}: {', '.join(names)}")
    lines.append(f"next: make, look at the reports, then: git add {pointer} params.yaml dvc.lock reports && git commit")
    return "\n".join(lines)


if __name__ == "__main__":
    run(main)
