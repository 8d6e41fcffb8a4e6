"""Tests that `dvc.yaml`, the code and `params.yaml` agree."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from repo.imports import SRC, find_closure

ROOT = SRC.parent
STAGES = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text())["stages"]
PARAMS = YAML(typ="safe").load((ROOT / "params.yaml").read_text())


def find_stage_file(stage: str) -> Path:
    """Return the module that the stage's command runs."""
    words = STAGES[stage]["cmd"].split()
    assert words[:2] == ["python", "-m"]
    return SRC / Path(*words[2].split(".")).with_suffix(".py")


@pytest.mark.parametrize("stage", STAGES)
def test_every_module_a_stage_imports_is_among_its_deps(stage: str) -> None:
    """A change of any code that a stage runs makes DVC run the stage again."""
    deps = [ROOT / dep for dep in STAGES[stage]["deps"]]
    missing = [file for file in find_closure(find_stage_file(stage)) if not any(covers(dep, file) for dep in deps)]
    assert missing == []


@pytest.mark.parametrize("stage", STAGES)
def test_every_dep_is_used_by_its_stage(stage: str) -> None:
    """A change of code that a stage does not run leaves it alone, so that a parameter costs a fit and no more."""
    outputs = {name for other in STAGES.values() for name in find_outputs(other)}
    needed = find_closure(find_stage_file(stage))
    # Estimators of this package are unpickled by evaluate without an import that can be read off the code.
    unpickled = {"src/mergeline/training"} if stage == "evaluate" else set()
    for dep in set(STAGES[stage]["deps"]) - outputs - unpickled - {"data", "src/usecase/corrections.csv"}:
        assert any(covers(ROOT / dep, file) for file in needed), dep


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_declares_every_output_it_is_told_to_write(stage: str) -> None:
    """Whatever path the command names is a dep or lies in an output, so DVC knows every file of a stage."""
    paths = [word for word in STAGES[stage]["cmd"].split() if word.startswith(("artifacts/", "reports/", "data"))]
    known = [*STAGES[stage]["deps"], *find_outputs(STAGES[stage])]
    assert paths
    for path in paths:
        assert any(name == path or name.startswith(path + "/") for name in known), path


def test_params_of_a_stage_are_the_groups_its_code_reads() -> None:
    """A stage lists the group of a parameter exactly if it reads it: `params.train` needs `train` in dvc.yaml."""
    for stage, content in STAGES.items():
        assert set(content.get("params", [])) == find_groups(find_stage_file(stage)), stage


def test_every_group_of_parameters_is_read_by_some_code() -> None:
    """No parameter group is left that nothing reads."""
    read = {group for file in (SRC / "mergeline").rglob("*.py") for group in find_groups(file)}
    assert set(PARAMS) <= read


@pytest.mark.parametrize("stage", STAGES)
def test_no_stage_imports_mlflow_or_what_it_does_not_need(stage: str) -> None:
    """Stages start fast: none imports MLflow or DVC, and those before training no scikit-learn or pandas."""
    module = ".".join(find_stage_file(stage).relative_to(SRC).with_suffix("").parts)
    heavy = {"mlflow", "dvc"} | (set() if stage in ("train", "evaluate") else {"pandas", "sklearn", "scipy"})
    code = "import runpy, sys\nsys.argv = ['stage', '--help']\ntry:\n"
    code += f"    runpy.run_module('{module}', run_name='__main__')\nfinally:\n"
    code += f"    print('loaded:', *({heavy!r} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.splitlines()[-1] == "loaded:"


def test_commands_are_single_lines() -> None:
    """DVC runs each line of a block in a shell of its own, so a command is one line."""
    for content in STAGES.values():
        assert "\n" not in content["cmd"].strip()


def covers(dep: Path, file: Path) -> bool:
    """Return whether `file` is `dep` or lies below it."""
    return dep == file or dep in file.parents


def find_outputs(stage: dict) -> list[str]:
    """Return the paths of a stage's outs and metrics."""
    listed = [*stage.get("outs", []), *stage.get("metrics", []), *stage.get("plots", [])]
    return [item if isinstance(item, str) else next(iter(item)) for item in listed]


def find_groups(file: Path) -> set[str]:
    """Return the parameter groups that a module reads: attributes of `params` or of `load_params(…)`."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Subscript) and getattr(node.value, "id", "") == "params":
            found |= {getattr(node.slice, "value", None)} & set(PARAMS)
        if isinstance(node, ast.Attribute) and node.attr in PARAMS:
            owner = node.value
            called = isinstance(owner, ast.Call) and getattr(owner.func, "id", "") == "load_params"
            if called or (isinstance(owner, ast.Name) and owner.id == "params"):
                found.add(node.attr)
    return found
