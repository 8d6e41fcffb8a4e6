"""Tests that the alert rules and the dashboard ask for what the service tells, and that promtool takes the rules."""

import json
import re
import shutil
import subprocess
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from mergeline.serving.measures import Measures

FOLDER = Path(__file__).resolve().parents[3] / "deploy/monitoring"
FROM_PROMETHEUS = {"up"}
NAME = re.compile(r"\b(?:(?:mergeline|process)_\w+|up)\b")


def read_exports() -> dict[str, set[str]]:
    """Return sample name to its labels, as /metrics shows them once everything has happened."""
    measures = Measures()
    measures.requests.labels("200").inc()
    measures.seconds.observe(0.1)
    measures.predictions.labels("champion", "d", "false").inc()
    measures.scores.observe("champion", 0.5)
    measures.count_breaches(["wind"])
    measures.info.labels("champion", "v0.0.1", "d").set(100)
    exported: dict[str, set[str]] = {}
    for family in text_string_to_metric_families(generate_latest(measures.registry).decode()):
        for sample in family.samples:
            exported.setdefault(sample.name, set()).update(sample.labels)
    return exported


def read_rules() -> list[dict[str, Any]]:
    """Return the alert rules."""
    groups = yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"]
    return [rule for group in groups for rule in group["rules"]]


def read_panels() -> list[dict[str, Any]]:
    """Return the dashboard's panels."""
    return json.loads((FOLDER / "dashboard.json").read_text())["panels"]


def list_expressions() -> list[str]:
    """Return all that rules and panels ask for."""
    return [rule["expr"] for rule in read_rules()] + [t["expr"] for panel in read_panels() for t in panel["targets"]]


def test_every_metric_that_is_asked_for_is_exported() -> None:
    """A renamed metric leaves an alert that never fires: it is found here."""
    exported = read_exports()
    for expression in list_expressions():
        names = set(NAME.findall(expression)) - FROM_PROMETHEUS
        assert names or "up{" in expression, expression
        assert names <= set(exported), names - set(exported)


def test_every_label_that_is_asked_for_is_exported() -> None:
    """Those in braces, and those that are grouped by."""
    exported = read_exports()
    given = {"job", "instance"}
    for expression in list_expressions():
        known = given.union(*(exported.get(name, set()) for name in NAME.findall(expression)))
        asked = set(re.findall(r"(\w+)(?:=~?|!=)\"", expression))
        for group in re.findall(r"by \(([^)]*)\)", expression):
            asked |= {part.strip() for part in group.split(",")}
        assert asked <= known, (expression, asked - known)


def test_every_metric_of_the_service_is_shown() -> None:
    """The dashboard leaves out nothing that the service counts."""
    shown = {
        re.sub(r"_(?:sum|count|bucket|created)$", "", name) for e in list_expressions() for name in NAME.findall(e)
    }
    counted = {re.sub(r"_(?:sum|count|bucket|created)$", "", name) for name in read_exports() if "mergeline_" in name}
    told = {name.removesuffix("_total") for name in shown}
    assert {name.removesuffix("_total") for name in counted} <= told


def test_every_alert_says_what_to_do() -> None:
    """Names are unique; each has a severity, a summary and an action."""
    rules = read_rules()
    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert set(rule["annotations"]) == {"summary", "action"}


def test_panels_lie_side_by_side() -> None:
    """No two share a number or a place, and none is wider than the page."""
    panels = read_panels()
    assert len({panel["id"] for panel in panels}) == len(panels)
    places = [panel["gridPos"] for panel in panels]
    assert all(place["x"] + place["w"] <= 24 for place in places)
    for a, b in combinations(places, 2):
        apart = (
            a["x"] + a["w"] <= b["x"]
            or b["x"] + b["w"] <= a["x"]
            or a["y"] + a["h"] <= b["y"]
            or b["y"] + b["h"] <= a["y"]
        )
        assert apart, (a, b)


@pytest.mark.parametrize("arguments", [("check", "rules", "alerts.yml"), ("test", "rules", "alerts_test.yml")])
def test_promtool_takes_the_rules(arguments: tuple[str, ...]) -> None:
    """Syntax, and that planted faults fire: where promtool is installed (package prometheus)."""
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed")
    done = subprocess.run([promtool, *arguments], cwd=FOLDER, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
