"""Bringing the champion back: its model, made from its commit in a scratch tree, and its scores on today's rows.

Nothing here is yours to edit. The scratch tree lies in `.mergeline/champions/` and shares the DVC cache, so that what
was computed once is restored and not computed again. The champion's own code does its own preprocessing.
"""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from ruamel.yaml import YAML

from mergeline.errors import MergelineError
from mergeline.files import compute_digest, read_json, replacing
from mergeline.gate.champion import Champion
from mergeline.shell import run_git, run_python

SCRATCH = Path(".mergeline/champions")
MODELS = Path("artifacts/model")
FEATURES = Path("artifacts/features")


class ChampionUnscorableError(MergelineError):
    """The champion is whole, and its code cannot score today's rows: `gate.champion_unscorable` says what follows."""


def bring_back(champion: Champion, folder: Path = Path()) -> Path:
    """Return a tree of the champion's commit that holds its verified model in `artifacts/model`.

    The model comes from the DVC cache, else from a remote, else it is trained anew; in each case its digest must be
    the recorded one.
    """
    tree = (folder / SCRATCH / champion.commit).resolve()
    if not (tree / "dvc.yaml").exists():
        print(f"champion: laying out commit {champion.commit[:12]} in {SCRATCH}")
        lay_out(champion.commit, tree, folder)
    if read_digest(tree) == champion.model_digest:
        return tree
    restore = ["-m", "dvc", "checkout", "--quiet", str(MODELS)]
    pull = ["-m", "dvc", "pull", "--quiet", str(MODELS)]
    for attempt in (restore, pull):
        if succeeds(attempt, tree) and read_digest(tree) == champion.model_digest:
            return tree
    print("champion: its model is not in the cache: training it again from its own commit")
    for name in ("data.dvc", "params.yaml"):
        (tree / name).write_text(run_git("show", f"{champion.commit}:{name}", folder=folder) + "\n", encoding="utf-8")
    retrain(tree)
    found = read_digest(tree)
    if found != champion.model_digest:
        raise MergelineError(
            f"the champion's model came out with digest {found}, not {champion.model_digest}",
            where=f"commit {champion.commit[:12]}, reproduced in {SCRATCH / champion.commit}",
            fix="run `make setup` at that commit's requirements and try again, or fetch its model from the machine\n"
            "that promoted it: dvc pull; the record and the commit must agree before anything is compared",
        )
    return tree


def prepare(champion: Champion, folder: Path = Path()) -> Path:
    """Return the champion's tree once it holds today's rows as the champion's own code prepares them.

    Raises
    ------
    ChampionUnscorableError
        If the champion's code cannot prepare these rows, for example because a column is gone.
    MergelineError
        If the champion cannot be brought back.
    """
    tree = bring_back(champion, folder)
    adopt_data(tree, folder)
    _run_own_code(["-m", "dvc", "repro", "--quiet", "featurise"], tree)
    return tree


def score_champion(tree: Path, batches: Sequence[str], output: Path, features: Path = FEATURES) -> None:
    """Write the scores that the model in `tree` gives to `features` to `output`: row_id, batch and score.

    Parameters
    ----------
    tree : Path
        From `prepare`.
    batches : sequence of str
        Batches to score.
    output : Path
        Parquet file to write.
    features : Path
        Folder with one file per batch; the tree's own if it is not given.

    Raises
    ------
    ChampionUnscorableError
        If the champion's code cannot score these rows.
    """
    score = ["-m", "mergeline.evaluation.scoring", "--models", str(MODELS), "--features", str(features)]
    with replacing(output.resolve()) as temporary:
        _run_own_code([*score, "--batches", *batches, "--out", str(temporary)], tree)


def _run_own_code(step: Sequence[str], tree: Path) -> None:
    if run_python(step, folder=tree, extra={"PYTHONPATH": str(tree / "src")}, quiet=True):
        raise ChampionUnscorableError(
            "the champion cannot score these rows; its own message stands above",
            where=f"{' '.join(step[1:4])} at the champion's commit {tree.name[:12]}",
            fix="a change of the raw data that the champion's code cannot read is judged by\n"
            "`gate.champion_unscorable` in params.yaml",
        )


def lay_out(commit: str, tree: Path, folder: Path) -> None:
    """Make `tree` hold the files of `commit`, with this repository's DVC cache and no link to git."""
    partial = tree.with_name(tree.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    archive = subprocess.Popen(["git", "archive", commit], cwd=folder, stdout=subprocess.PIPE)
    subprocess.run(["tar", "-x", "-C", str(partial)], stdin=archive.stdout, check=True)
    if archive.wait():
        raise MergelineError(f"git archive of {commit[:12]} failed", where=str(folder), fix="check the clone: git fsck")
    cache = (folder / ".dvc/cache").resolve()
    (partial / ".dvc/config.local").write_text(f"[core]\n    no_scm = true\n[cache]\n    dir = {cache}\n")
    downloads = (folder / ".mergeline/downloads").resolve()
    if downloads.is_dir():
        (partial / ".mergeline").mkdir(exist_ok=True)
        (partial / ".mergeline/downloads").symlink_to(downloads, target_is_directory=True)
    partial.replace(tree)


def retrain(tree: Path) -> None:
    """Run the champion's own pipeline up to its model, in `tree`."""
    own_code = {"PYTHONPATH": str(tree / "src")}
    for step in (["-m", "mergeline.stages.procure", "--data", "data"], ["-m", "dvc", "repro", "--quiet", "train"]):
        if run_python(step, folder=tree, extra=own_code):
            raise MergelineError(
                "the champion cannot be reproduced; its own message stands above",
                where=f"{' '.join(step[1:3])} in {tree.name[:12]}",
                fix="mend what the message names, or fetch its model from the machine that promoted it: dvc pull",
            )


def adopt_data(tree: Path, folder: Path) -> None:
    """Give the champion's tree today's raw data and today's list of batches, and nothing else of today's."""
    shutil.copyfile(folder / "data.dvc", tree / "data.dvc")
    yaml = YAML()
    today = YAML(typ="safe", pure=True).load((folder / "params.yaml").read_text(encoding="utf-8"))
    theirs = yaml.load((tree / "params.yaml").read_text(encoding="utf-8"))
    theirs["procure"] = today["procure"]
    with (tree / "params.yaml").open("w", encoding="utf-8") as handle:
        yaml.dump(theirs, handle)
    if not succeeds(["-m", "dvc", "checkout", "--quiet", "--force", "data.dvc"], tree):
        raise MergelineError(
            "today's data is not in the DVC cache", where="data.dvc", fix="run `make data`, then the same command again"
        )


def read_digest(tree: Path) -> str | None:
    """Return the digest of the model in `tree` once every model file is checked against it; None if it is not whole."""
    manifest = tree / MODELS / "model.json"
    if not manifest.is_file():
        return None
    for model in read_json(manifest)["models"]:
        path = tree / MODELS / model["file"]
        if not path.is_file() or compute_digest(path) != model["sha256"]:
            return None
    return compute_digest(manifest)


def succeeds(arguments: Sequence[str], folder: Path) -> bool:
    """Return whether this Python, run with `arguments` in `folder`, exits 0; its output is dropped."""
    return subprocess.run([sys.executable, *arguments], cwd=folder, capture_output=True, check=False).returncode == 0
