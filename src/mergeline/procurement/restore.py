"""Making `data/` hold what `data.dvc` promises: from the DVC cache, else the remote, else the source.

Nothing here is yours to edit: the source is `src/usecase/source.py`. Every way ends in the same check of the hash, and
what somebody edited by hand is never overwritten.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from mergeline.errors import MergelineError
from mergeline.files import replacing_directory
from mergeline.procurement.batch_names import UPDATE, check_available
from mergeline.procurement.contents import (
    Stamp,
    compare,
    compute_directory_hash,
    describe,
    hash_files,
    read_signatures,
    read_stamp,
    write_stamp,
)
from mergeline.procurement.downloads import provide_downloads
from mergeline.procurement.pointer import Promise, find_pointer, read_promise
from mergeline.procurement.store import Store, checkout, commit, pull_objects


def restore(data: Path, promise: Promise, batches: Sequence[str], store: Store) -> dict[str, str]:
    """Make `data` hold what `promise` says and return its files (relative path to MD5); do nothing if it does.

    Parameters
    ----------
    data : Path
        The folder; its `.dvc` file lies beside it.
    promise : Promise
        What that file promises.
    batches : sequence of str
        What to ask the source for, if it comes to that.
    store : Store
        The DVC cache and remote.

    Raises
    ------
    MergelineError
        If `data` holds edits that would be lost, or the source gives other bytes than were promised.
    """
    found = hash_files(data)
    if compute_directory_hash(found) == promise.hash:
        return found
    known = promise.files or store.read_listing(promise.hash)
    refuse_to_overwrite(data, found, known, store)
    from_store = _take_from_store(data, promise, known, store)
    return from_store or _take_from_source(data, promise, known, batches, store)


def refuse_to_overwrite(data: Path, found: Mapping[str, str], known: Mapping[str, str], store: Store) -> None:
    """Check that nothing is lost with `data`: each file is promised, in the DVC cache, or as the machinery left it.

    Raises
    ------
    MergelineError
        If a file is there nowhere else; it names the files.
    """
    at_stake = {
        path: md5 for path, md5 in found.items() if known.get(path) != md5 and not store.find_object(md5).exists()
    }
    if not at_stake or read_stamp(data).vouches_for(data):
        return
    differences = compare(known, at_stake)
    differences.pop("missing", None)
    pointer = find_pointer(data)
    raise MergelineError(
        f"{data}/ holds what {pointer} does not promise: {describe(differences)}",
        where=", ".join(str(data / path) for path in list(at_stake)[:5]),
        fix="a raw file is never edited: write the correction as a line of src/usecase/corrections.csv\n"
        "to get the promised bytes back, move the named files away and run `make data`\n"
        f"new data comes in as a batch: name it in procure.batches of params.yaml, then: {UPDATE}",
    )


def settle(data: Path, found: Mapping[str, str], batches: Sequence[str], store: Store) -> None:
    """Make the DVC cache hold the `found` files of `data`, and remember that all is in order.

    Raises
    ------
    MergelineError
        If DVC sees other files in `data`, or has not saved all of them (on a full disk it exits with status 0).
    """
    promised = compute_directory_hash(found)
    objects = [store.find_object(oid) for oid in (promised, *found.values())]
    if not all(path.exists() for path in objects):
        print(f"{data}/: saving {len(found)} files in the DVC cache", flush=True)
        said = commit(find_pointer(data))
        _check_saved(data, promised, objects, said)
    write_stamp(data, Stamp(promised, list(batches), str(objects[0]), read_signatures(data)))


def _check_saved(data: Path, promised: str, objects: Sequence[Path], said: str) -> None:
    pointer = find_pointer(data)
    if read_promise(pointer).hash != promised:
        raise MergelineError(
            f"DVC gives {data}/ another hash than {promised}",
            where=f".dvcignore, {pointer}",
            fix=f"let .dvcignore name no file of {data}/, restore {pointer} (git checkout), and try again",
        )
    saved = sum(path.exists() for path in objects)
    if saved < len(objects):
        raise MergelineError(
            f"DVC saved {saved} of {len(objects)} files in its cache: {said or 'it does not say why'}",
            where=str(objects[0].parents[3]),
            fix=f"free some space, or mend what DVC names, and run the same command again; {data}/ is whole",
        )


def _take_from_store(data: Path, promise: Promise, known: Mapping[str, str], store: Store) -> dict[str, str] | None:
    pointer = find_pointer(data)
    damaged = store.find_damage(promise.hash)
    place = f"remote '{store.remote}'" if damaged else "DVC cache"
    if damaged and store.remote:
        print(f"{data}/: pulling from the {place}", flush=True)
        store.drop_damaged([promise.hash, *known.values()])
        pull_objects(pointer)
        damaged = store.find_damage(promise.hash)
        if damaged:
            lost = describe({"missing or damaged there": damaged})
            print(f"{data}/: the {place} does not have all of it ({lost}); taking the source instead")
    if damaged:
        return None
    write_stamp(data, Stamp(busy=True))
    checkout(pointer)
    found = hash_files(data)
    if compute_directory_hash(found) != promise.hash:
        print(f"{data}/: DVC did not restore it whole; taking the source instead")
        return None
    print(f"{data}/: {len(found)} files restored from the {place}, hashes checked")
    return found


def _take_from_source(
    data: Path, promise: Promise, known: Mapping[str, str], batches: Sequence[str], store: Store
) -> dict[str, str]:
    from usecase import source

    check_available(batches, source.list_batches())
    provide_downloads()
    print(f"{data}/: fetching {len(batches)} batches from the source (src/usecase/source.py)", flush=True)
    with replacing_directory(data) as fresh:
        source.fetch(batches, fresh)
        found = hash_files(fresh)
        _check_fetched(found, promise, known, batches, data)
        write_stamp(data, Stamp(promise.hash, list(batches), "", read_signatures(fresh)))
    store.drop_damaged([promise.hash, *found.values()])
    return found


def _check_fetched(
    found: Mapping[str, str], promise: Promise, known: Mapping[str, str], batches: Sequence[str], data: Path
) -> None:
    given = compute_directory_hash(found)
    if given == promise.hash:
        return
    pointer = find_pointer(data)
    named = describe(compare(known, found)) if known else f"{pointer} does not list its files, so none can be named"
    raise MergelineError(
        f"the source gives other bytes than {pointer} promises ({given}, promised {promise.hash}): {named}",
        where=f"src/usecase/source.py, batches {', '.join(batches)}; {data}/ is as it was",
        fix="undo the change of src/usecase/source.py, of procure.batches or of the source itself\n"
        "or bring the promised bytes from a machine that has them: `dvc push` there, `dvc remote add -d …` here\n"
        f"if the new bytes are right, begin anew: delete {pointer}, then: {UPDATE}",
    )
