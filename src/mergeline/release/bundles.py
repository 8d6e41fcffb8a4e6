"""Finding a bundle by its digest: in the store, the work tree, the DVC cache or remote, else made anew and compared.

Nothing here is yours to edit. Whatever the source, the bundle is opened and its digest compared before it is used.
"""

import fcntl
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mergeline.bundle.canonical import MANIFEST
from mergeline.bundle.read import Bundle, read_bundle, read_manifest
from mergeline.errors import MergelineError
from mergeline.files import replacing_directory, write_bytes
from mergeline.gate.reproduce import lay_out, succeeds
from mergeline.shell import has_commit, run_python

BUNDLE = Path("artifacts/bundle")
SCRATCH = Path(".mergeline/releases")


def ensure_stored(digest: str, commit: str, store: Path, folder: Path = Path()) -> Bundle:
    """Return the bundle of this digest once it lies whole in `store/<digest>`.

    Parameters
    ----------
    digest, commit : str
        The bundle's digest, and the commit whose pipeline makes it.
    store : Path
        The bundle store.
    folder : Path
        The clone.

    Raises
    ------
    MergelineError
        If it is found nowhere, or the commit makes another bundle.
    """
    target = store / digest
    store.mkdir(parents=True, exist_ok=True)
    with _locking(store):
        if holds(target, digest):
            return read_bundle(target, digest)
        source = find_bundle(digest, commit, folder)
        with replacing_directory(target) as temporary:
            names = [*read_manifest(source)["files"], MANIFEST]
            for name in names:
                write_bytes(temporary / name, (source / name).read_bytes())
            read_bundle(temporary, digest)
        return read_bundle(target, digest)


def find_bundle(digest: str, commit: str, folder: Path = Path()) -> Path:
    """Return a directory of the clone that holds the bundle of this digest, whole.

    Raises
    ------
    MergelineError
        As `ensure_stored`.
    """
    if holds(folder / BUNDLE, digest):
        return folder / BUNDLE
    if not has_commit(commit, folder):
        raise MergelineError(
            f"bundle {digest[:12]} is not here, and its commit {commit[:12]} is missing from this clone",
            where=str(folder / BUNDLE),
            fix="fetch the whole history: git fetch --unshallow origin || git fetch origin",
        )
    tree = (folder / SCRATCH / commit).resolve()
    if not (tree / "dvc.yaml").exists():
        lay_out(commit, tree, folder)
    ways: dict[str, Callable[[Path], bool]] = {"the DVC cache": restore, "the DVC remote": pull, "its commit": remake}
    for name, bring in ways.items():
        if bring(tree) and holds(tree / BUNDLE, digest):
            print(f"bundle {digest[:12]}: from {name}", flush=True)
            return tree / BUNDLE
    found = read_manifest(tree / BUNDLE)["digest"] if (tree / BUNDLE / MANIFEST).exists() else "none"
    raise MergelineError(
        f"bundle {digest} was found nowhere, and its commit {commit[:12]} makes {found} here",
        where=str(tree / BUNDLE),
        fix="bring it from where it was made: dvc push there, dvc pull here; or serve another version:\n"
        "make rollback TO=previous",
    )


def holds(directory: Path, digest: str) -> bool:
    """Return whether `directory` holds the bundle of this digest, whole."""
    try:
        return read_manifest(directory)["digest"] == digest and read_bundle(directory, digest).digest == digest
    except MergelineError:
        return False


def restore(tree: Path) -> bool:
    """Take the bundle from the DVC cache; return whether that went through."""
    return succeeds(["-m", "dvc", "checkout", "--quiet", "--force", str(BUNDLE)], tree)


def pull(tree: Path) -> bool:
    """Take the bundle from the DVC remote; return whether that went through."""
    return succeeds(["-m", "dvc", "pull", "--quiet", "--force", str(BUNDLE)], tree)


def remake(tree: Path) -> bool:
    """Make the bundle by the commit's own pipeline; return whether that went through."""
    print(f"bundle: not in the cache: making it again by its own commit, in {tree.name[:12]}", flush=True)
    shutil.rmtree(tree / BUNDLE, ignore_errors=True)
    own_code = {"PYTHONPATH": str(tree / "src")}
    steps = (["-m", "mergeline.stages.procure", "--data", "data"], ["-m", "dvc", "repro", "--quiet", "package"])
    return all(run_python(step, folder=tree, extra=own_code, quiet=True) == 0 for step in steps)


@contextmanager
def _locking(store: Path) -> Iterator[None]:
    """Hold the store alone among the processes of this machine."""
    with (store / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
