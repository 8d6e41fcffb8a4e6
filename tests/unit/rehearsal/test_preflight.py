"""What act leaves out without a word is said before anything runs."""

from pathlib import Path

import pytest

from mergeline.rehearsal.preflight import inspect

PLAIN = """
name: some
on: push
jobs:
  a:
    runs-on: ubuntu-24.04
    steps:
      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1
      - run: echo
"""


def look(tmp_path: Path, text: str) -> list[tuple[str, bool]]:
    """Return what the preflight says of a workflow."""
    path = tmp_path / ".github/workflows/some.yml"
    path.parent.mkdir(parents=True)
    path.write_text(text)
    return [(finding.text, finding.is_error) for finding in inspect(tmp_path)]


def test_a_plain_workflow_can_be_rehearsed(tmp_path: Path) -> None:
    """Nothing is found where nothing is wrong."""
    assert look(tmp_path, PLAIN) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("    steps:", "    services: {db: {image: x}}\n    steps:", "act starts no service containers"),
        ("    steps:", "    container: x\n    steps:", "there is no docker here"),
        ("    steps:", "    continue-on-error: true\n    steps:", "act does not honour it on a job"),
        ("ubuntu-24.04", "gpu", "no runner 'gpu' here"),
        ("ubuntu-24.04", "[self-hosted, linux]", "no runner 'self-hosted' here"),
        ("@3d3c42e5aac5ba805825da76410c181273ba90b1", "@v7", "not pinned to a commit"),
        ("actions/checkout@", "somebody/something@", "no stand-in for somebody/something; there are: actions/cache/re"),
        ("actions/checkout@", "actions/cache@", "no stand-in for actions/cache;"),
    ],
)
def test_what_cannot_be_rehearsed_is_an_error(tmp_path: Path, old: str, new: str, said: str) -> None:
    """Each would be green, or skipped, without it."""
    assert any(said in text and is_error for text, is_error in look(tmp_path, PLAIN.replace(old, new)))


def test_what_is_merely_not_shown_is_a_note(tmp_path: Path) -> None:
    """An environment's approvals, and an identity token, are named and do not stop the rehearsal."""
    text = PLAIN.replace("    steps:", "    environment: production\n    permissions: {id-token: write}\n    steps:")
    assert [is_error for _, is_error in look(tmp_path, text)] == [False, False]


def test_actions_inside_the_repositorys_own_actions_are_looked_at(tmp_path: Path) -> None:
    """A composite action hides nothing."""
    action = tmp_path / ".github/actions/own/action.yml"
    action.parent.mkdir(parents=True)
    action.write_text("runs:\n  using: composite\n  steps:\n    - uses: somebody/hidden@v1\n")
    found = look(tmp_path, PLAIN.replace("- run: echo", "- uses: ./.github/actions/own"))
    assert any("somebody/hidden@v1 is not pinned" in text for text, _ in found)
