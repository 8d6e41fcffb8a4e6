"""An artifact is data from strangers: its shape and size are checked before a word of it is used."""

import io
import zipfile
from collections.abc import Callable

import pytest

from mergeline.errors import MergelineError
from mergeline.report.publish_artifact import MAX_REPORT, read_report


def pack(*members: tuple[str, str | bytes]) -> bytes:
    """Return a zip file with `members`."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        for name, content in members:
            opened.writestr(name, content)
    return archive.getvalue()


def corrupt(archive: bytes) -> bytes:
    """Return `archive` with one byte of its first member changed."""
    position = archive.index(b"report.md") + len(b"report.md") + 2
    return archive[:position] + bytes([archive[position] ^ 0xFF]) + archive[position + 1 :]


def test_a_report_of_exactly_the_limit_is_read() -> None:
    """The limit is in bytes and inclusive; other members do not matter."""
    assert read_report(pack(("report.md", "é" * (MAX_REPORT // 2)), ("figures/a.svg", "x"))) == "é" * 30_000


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: b"not a zip file", "cannot be read"),
        (lambda: corrupt(pack(("report.md", "text" * 50))), "cannot be read"),
        (lambda: pack(("other.md", "x")), "holds 0 files named report.md"),
        (lambda: pack(("../report.md", "x")), "holds 0 files named report.md"),
        (lambda: pack(("report.md", b"\xff\xfe")), "not UTF-8 text"),
        (lambda: pack(("report.md", "x" * (MAX_REPORT + 1))), "more than 60000 bytes"),
        (lambda: pack(("report.md", "0" * 200_000_000)), "more than 60000 bytes"),
        (lambda: pack(*((f"{number}", "") for number in range(501))), "holds 501 files"),
    ],
)
def test_anything_else_is_refused(make: Callable[[], bytes], said: str) -> None:
    """Each refusal says why, and never unpacks more than the limit: a bomb of 200 MB costs nothing."""
    with pytest.raises(MergelineError) as caught:
        read_report(make())
    assert said in caught.value.what
    assert "make report" in caught.value.fix


def test_two_reports_in_one_archive_are_refused() -> None:
    """Which of them would be shown must not depend on the reader."""
    with pytest.warns(UserWarning, match="Duplicate name"):
        archive = pack(("report.md", "one"), ("report.md", "two"))
    with pytest.raises(MergelineError, match="holds 2 files"):
        read_report(archive)
