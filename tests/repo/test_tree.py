"""Tests that the tree keeps its own rules: directions of imports, clean files, pages that name what exists."""

import re
import subprocess
from pathlib import Path

import pytest

from repo.imports import SRC, find_imports

ROOT = SRC.parent
ALLOWED_FOR_USECASE = {SRC / "mergeline/vocabulary.py", SRC / "mergeline/errors.py"}
TRACKED = [
    Path(ROOT, name)
    for name in subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    ).stdout.splitlines()
]  # fmt: skip


def read_texts() -> dict[Path, str]:
    """Return the text files of the tree."""
    texts = {}
    for path in TRACKED:
        if path.is_file():
            try:
                texts[path] = path.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
    return texts


def test_the_use_case_imports_nothing_of_the_machinery_but_its_words() -> None:
    """A fork that edits only its own files merges upstream without a conflict, and cannot lean on the inside."""
    for file in (SRC / "usecase").glob("*.py"):
        foreign = {path for path in find_imports(file) if SRC / "mergeline" in path.parents}
        assert foreign <= ALLOWED_FOR_USECASE, file


def test_the_words_import_neither_side() -> None:
    """`vocabulary.py` and `errors.py` stand on their own."""
    for file in ALLOWED_FOR_USECASE:
        assert not find_imports(file)


def test_no_import_runs_in_a_circle() -> None:
    """Every module can be read before the ones that import it."""
    state: dict[Path, str] = {}

    def visit(path: Path, trail: tuple[Path, ...]) -> None:
        if state.get(path) == "done":
            return
        assert state.get(path) != "open", " -> ".join(p.name for p in (*trail, path))
        state[path] = "open"
        for other in find_imports(path):
            visit(other, (*trail, path))
        state[path] = "done"

    for file in SRC.rglob("*.py"):
        visit(file, ())


def test_no_file_names_an_index_or_a_path_of_one_machine() -> None:
    """Locks and texts hold no address of a package index and no home folder."""
    hosts = ["py" + "pi.org", "python" + "hosted.org", "npm" + "js.org", "npm" + "js.com", "deb" + "ian.org"]
    places = re.compile(r"(?<![\w.-])/(?:root|home/[a-z]+|Users/[A-Za-z]+)/")
    for path, text in read_texts().items():
        assert not [host for host in hosts if host in text], path
        if path.name != "test_tree.py":
            assert not places.search(text), path


def test_locks_have_a_hash_for_every_package() -> None:
    """Every requirement of every lock is pinned and hashed."""
    for lock in (ROOT / "requirements").glob("*.lock"):
        entries = re.split(r"\n(?=\S)", lock.read_text().strip())
        for entry in entries:
            assert re.match(r"[\w.\[\]-]+==\S+", entry), (lock, entry)
            assert "--hash=sha256:" in entry, (lock, entry)


@pytest.mark.parametrize("page", [path for path in TRACKED if path.suffix == ".md"], ids=lambda path: path.name)
def test_every_make_task_and_file_that_a_page_names_exists(page: Path) -> None:
    """`make X`, links and repository paths in code quotes are real."""
    text = page.read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text()
    tasks = set(re.findall(r"^([a-z-]+):", makefile, flags=re.M))
    named = set(re.findall(r"(?:`|^|&& )make ([a-z][a-z-]+)", text, flags=re.M))
    assert named <= tasks, named - tasks
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)", text):
        assert (page.parent / target).exists(), target
    for quoted in re.findall(r"`((?:src|tests|docs|requirements|benchmarks|\.github)/[\w./-]+)`", text):
        assert (ROOT / quoted).exists(), quoted


def test_every_task_of_the_makefile_says_what_it_does() -> None:
    """`make help` lists each phony task with a line."""
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, flags=re.M)
    assert phony
    for task in phony.group(1).split():
        assert re.search(rf"^{task}:.*## .+", makefile, flags=re.M), task


def test_findings_can_be_run() -> None:
    """Each finding is an executable script."""
    for script in (ROOT / "findings").glob("*.sh"):
        assert script.stat().st_mode & 0o111, script
