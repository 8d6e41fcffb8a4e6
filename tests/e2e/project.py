"""A small, complete repository for the end-to-end tests: this one's files, a few of its flights, its own history."""

import csv
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[2]
PATH = os.environ.get("PATH", "")  # as it is now: projects are built while tests change the environment
BATCHES = ("2013-01", "2013-02", "2013-03", "2013-04")
FRESH = "2013-05"
FLIGHTS = {"origin": ("JFK",), "carrier": ("B6", "DL")}
# Less work, and floors that so few flights can reach; every rule and every stage stays in force. What tests change has
# its value here too: a pull request that gives params.yaml other numbers does not make them red.
PARAMS = {
    "procure.batches": list(BATCHES),
    "featurise.lead_minutes": 120,
    "train.held_out_batches": 2,
    "train.n_splits": 2,
    "train.random_state": 13,
    "train.candidates.hist_gradient_boosting.learning_rate": 0.1,
    "train.candidates.hist_gradient_boosting.max_leaf_nodes": 15,
    "train.candidates.hist_gradient_boosting.max_iter": 20,
    "train.candidates.hist_gradient_boosting.min_samples_leaf": 50,
    "evaluate.importance_rows": 300,
    "gate.min_roc_auc": 0.55,
    "gate.min_brier_skill": 0.0,
    "gate.calibration_ratio": [0.5, 2.0],
    "track.experiment": "flights",
}
SOURCE = '''"""Where the raw data comes from: files that somebody delivers into a folder."""

import shutil
from collections.abc import Sequence
from pathlib import Path

DELIVERED = Path({folder!r})


def list_batches() -> list[str]:
    """Return the names of all batches that the folder holds, oldest first."""
    return sorted(path.stem for path in (DELIVERED / "flights").glob("*.csv"))


def fetch(batches: Sequence[str], directory: Path) -> None:
    """Copy the files of `batches` into `directory`."""
    for table in ("flights", "weather"):
        (directory / table).mkdir()
        for batch in batches:
            shutil.copyfile(DELIVERED / table / f"{{batch}}.csv", directory / table / f"{{batch}}.csv")
    shutil.copyfile(DELIVERED / "airports.csv", directory / "airports.csv")
'''


@dataclass(frozen=True)
class Project:
    """A repository in `folder`, and what its commands find in their environment."""

    folder: Path
    home: Path

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of a user who has activated the tools, with nothing else of this machine's."""
        tools = Path(sys.executable).parent
        # The fonts were listed for another HOME already, which takes seconds.
        fonts = {name: os.environ[name] for name in ("MPLCONFIGDIR",) if name in os.environ}
        return {
            **fonts,
            "PATH": os.pathsep.join([str(tools), PATH]),
            "PYTHONPATH": str(self.folder / "src"),
            "HOME": str(self.home),
            "DVC_SITE_CACHE_DIR": str(self.home / "dvc-site"),
            "DVC_NO_ANALYTICS": "1",
            "MLFLOW_DISABLE_TELEMETRY": "true",
        }

    def run(self, *command: str, status: int = 0) -> str:
        """Return what `command` prints to both streams; it must exit with `status`."""
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert done.returncode == status, f"{' '.join(command)} exited {done.returncode}:\n{done.stdout}"
        return done.stdout

    def call(self, module: str, *arguments: str, status: int = 0) -> str:
        """Return what `python -m mergeline.{module}` prints; it must exit with `status`."""
        return self.run(sys.executable, "-m", f"mergeline.{module}", *arguments, status=status)

    def dvc(self, *arguments: str, status: int = 0) -> str:
        """Return what DVC prints; it must exit with `status`."""
        return self.run(sys.executable, "-m", "dvc", *arguments, status=status)

    def git(self, *arguments: str) -> str:
        """Return what git prints, without the last newline."""
        return self.run("git", *arguments).rstrip("\n")

    def commit(self, message: str) -> str:
        """Commit everything that git does not ignore; return the commit's SHA."""
        self.git("add", "-A")
        self.git("commit", "-qm", message)
        return self.git("rev-parse", "HEAD")

    def set_params(self, changes: Mapping[str, Any]) -> None:
        """Give parameters, named by dotted keys, other values."""
        yaml = YAML()
        path = self.folder / "params.yaml"
        content = yaml.load(path.read_text(encoding="utf-8"))
        for name, value in changes.items():
            *groups, key = name.split(".")
            place = content
            for group in groups:
                place = place[group]
            place[key] = value
        with path.open("w", encoding="utf-8") as handle:
            yaml.dump(content, handle)

    def replace(self, name: str, old: str, new: str) -> None:
        """Write `new` in place of `old`, which the file `name` must hold."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    def read_lock(self) -> dict[str, Any]:
        """Return the stages of `dvc.lock`."""
        return YAML(typ="safe").load(self.read("dvc.lock"))["stages"]

    def read(self, name: str) -> str:
        """Return the text of the file `name`."""
        return (self.folder / name).read_text(encoding="utf-8")

    def copy(self, folder: Path) -> "Project":
        """Return a copy in `folder` with its cache, as if the directory had been copied by hand."""
        shutil.copytree(self.folder, folder, symlinks=True)
        return Project(folder, self.home)

    def clone(self, folder: Path) -> "Project":
        """Return a fresh clone in `folder`: what is in git and nothing else."""
        self.run("git", "clone", "-q", "--no-local", str(self.folder), str(folder))
        return Project(folder, self.home)


def build(folder: Path, delivered: Path, home: Path) -> Project:
    """Return a project in `folder` whose source is `delivered`, committed, with data and without any result."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    for name in listed.stdout.split("\0"):
        if name and not name.startswith(("tests/", "docs/", "benchmarks/")) and (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
    # Results of these would count as looks at the project's own held-out rows.
    for name in ("data.dvc", "dvc.lock", "requirements/data.lock", "reports/metrics.json"):
        (folder / name).unlink(missing_ok=True)
    (folder / "src/usecase/source.py").write_text(SOURCE.format(folder=str(delivered)), encoding="utf-8")
    project = Project(folder, home)
    project.set_params(PARAMS)
    project.git("init", "-q")
    project.call("stages.procure", "--update")
    project.commit("Begin with the batches delivered so far")
    return project


def deliver(data: Path, folder: Path, batches: Sequence[str]) -> None:
    """Write to `folder` the raw files of `batches`: all weather, and the flights of `FLIGHTS`, each day of them."""
    (folder / "weather").mkdir(parents=True)
    (folder / "flights").mkdir()
    shutil.copyfile(data / "airports.csv", folder / "airports.csv")
    for batch in batches:
        shutil.copyfile(data / f"weather/{batch}.csv", folder / f"weather/{batch}.csv")
        with (data / f"flights/{batch}.csv").open(newline="") as source:
            rows = csv.DictReader(source)
            with (folder / f"flights/{batch}.csv").open("w", newline="") as target:
                writer = csv.DictWriter(target, rows.fieldnames or [], lineterminator="\n")
                writer.writeheader()
                writer.writerows(row for row in rows if all(row[name] in kept for name, kept in FLIGHTS.items()))
