"""Making `data.dvc` follow `procure.batches`: fresh batches come in, dropped ones go, the others stay byte for byte.

Nothing here is yours to edit: the source is `src/usecase/source.py`. Only new batches are asked of it, so a new month
costs a month.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mergeline.errors import MergelineError
from mergeline.files import replacing_directory
from mergeline.procurement.batch_names import check_available, find_batch, find_batches
from mergeline.procurement.contents import Stamp, compute_directory_hash, hash_files, read_signatures, write_stamp
from mergeline.procurement.downloads import provide_downloads
from mergeline.procurement.pointer import find_pointer, read_promise, write_promise
from mergeline.procurement.restore import refuse_to_overwrite, restore, settle
from mergeline.procurement.store import Store


@dataclass(frozen=True)
class Renewal:
    """What became of `data.dvc`.

    Attributes
    ----------
    before, after : str
        Hash of the folder; `before` is "" at the first time.
    added, dropped : list of str
        Batches.
    changed : list of str
        Files shared by all batches that came with other bytes.
    """

    before: str
    after: str
    added: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)


def renew(data: Path, batches: Sequence[str], store: Store) -> Renewal:
    """Make `data` and its `.dvc` file hold exactly `batches`, and return what that changed.

    Raises
    ------
    MergelineError
        If the source has not got a batch, or gives other bytes for one already held, or edits in `data` would be lost.
    """
    from usecase import source

    available = source.list_batches()
    check_available(batches, available)
    before, kept, held = _restore_held(data, batches, available, store)
    added = [name for name in batches if name not in held]
    dropped = [name for name in held if name not in batches]
    if added or dropped:
        if added:
            provide_downloads()
            print(f"{data}/: fetching {', '.join(added)} from the source (src/usecase/source.py)", flush=True)
        with replacing_directory(data) as fresh:
            if added:
                source.fetch(added, fresh)
            fetched = hash_files(fresh)
            _check_fetched(fetched, kept, added, [*held, *batches])
            _carry_over(data, fresh, [path for path in kept if find_batch(path, held) not in dropped])
            found = hash_files(fresh)
            write_stamp(data, Stamp(compute_directory_hash(found), list(batches), "", read_signatures(fresh)))
    else:
        fetched, found = {}, kept
    write_promise(find_pointer(data), data, found, batches)
    store.drop_damaged([compute_directory_hash(found), *found.values()])
    settle(data, found, batches, store)
    changed = [path for path, md5 in fetched.items() if path in kept and kept[path] != md5]
    return Renewal(before, compute_directory_hash(found), added, dropped, changed)


def _restore_held(
    data: Path, batches: Sequence[str], available: Sequence[str], store: Store
) -> tuple[str, dict[str, str], list[str]]:
    """Return the present hash, files and batches, once `data` holds them; empty ones if there is no `.dvc` file."""
    pointer = find_pointer(data)
    if not pointer.exists():
        refuse_to_overwrite(data, hash_files(data), {}, store)
        return "", {}, []
    promise = read_promise(pointer)
    listed = promise.batches or find_batches(promise.files, available)
    kept = restore(data, promise, listed or batches, store)
    return promise.hash, kept, promise.batches or find_batches(kept, available)


def _check_fetched(
    fetched: Mapping[str, str], kept: Mapping[str, str], added: Sequence[str], names: Sequence[str]
) -> None:
    empty = [name for name in added if name not in find_batches(fetched, names)]
    if empty:
        raise MergelineError(
            f"the source wrote no file for batch {', '.join(empty)}",
            where="fetch() in src/usecase/source.py",
            fix="write each batch to files with the batch's name in their path, as flights/2013-01.csv",
        )
    rewritten = [
        path
        for path, md5 in fetched.items()
        if path in kept and kept[path] != md5 and find_batch(path, names) not in (None, *added)
    ]
    if rewritten:
        raise MergelineError(
            f"the source gives other bytes for batches that data.dvc already holds: {', '.join(rewritten[:5])}",
            where="fetch() in src/usecase/source.py",
            fix="let fetch() write the batches it is asked for and no others\n"
            "to take an old batch anew, take it out of procure.batches, run this command, put it back and run it again",
        )


def _carry_over(data: Path, fresh: Path, paths: Sequence[str]) -> None:
    """Make `fresh` hold the files of `data` at `paths` too, save those that it already holds."""
    for path in paths:
        target = fresh / path
        if target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(data / path, target)
        except OSError:
            shutil.copyfile(data / path, target)
