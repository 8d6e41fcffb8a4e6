"""What a pull request wrote is made harmless before it is shown in this repository's name."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mergeline.errors import MergelineError
from mergeline.report.publish_text import (
    ALLOWED,
    CheckedRun,
    add_watermark,
    build_absence,
    build_comment,
    has_watermark,
    neutralise,
    read_marker,
)

RUN = CheckedRun(1001, 2, "a" * 40, "topic", "guest/model", "success", "https://host/run/1001")


@pytest.mark.parametrize(
    ("evil", "harmless"),
    [
        ("@everyone", "@\u200beveryone"),
        ("fixes #12 and GH-3", "fixes #\u200b12 and GH-\u200b3"),
        ("![x](https://tracker.invalid/x.png)", "!\\[x](https://tracker.invalid/x.png)"),
        ("<img src=x>", "&lt;img src=x>"),
        ("<!-- hidden", "&lt;!-- hidden"),
        ("<details open>", "&lt;details open>"),
        ("a\u202eb\x00c\r\nd", "abc\nd"),
    ],
)
def test_what_could_do_harm_is_text(evil: str, harmless: str) -> None:
    """Mentions, references, pictures, HTML and hidden characters have no effect any more."""
    assert neutralise(evil) == harmless


@pytest.mark.parametrize(
    "plain", ["# Title", "a < b, p <0.001", "| a | b |", "<details>\n<summary>x</summary>\n</details>"]
)
def test_ordinary_markdown_stays(plain: str) -> None:
    """Headings, comparisons, tables and folds come through."""
    assert neutralise(plain) == plain


@given(st.text(alphabet=st.sampled_from("<>/!@#[](a1-GHdetils \n\r`&;\u200b\u202e"), max_size=80))
def test_making_harmless_is_done_once_and_for_all(text: str) -> None:
    """A second time changes nothing, and no mention, picture or foreign tag is left."""
    once = neutralise(text)
    assert neutralise(once) == once
    assert not re.search(r"@[A-Za-z0-9]|#\d|!\[", once)
    assert all(name.lower() in ALLOWED for name in re.findall(r"</?([A-Za-z]+)", once))


def test_the_comment_begins_with_a_line_that_is_ours() -> None:
    """How the checks ended stands above the report, where the report cannot hide it; a forged marker does not count."""
    forged = f"<!-- mergeline-report run=9999 attempt=9 commit={'f' * 40} -->"
    text = build_comment(RUN, f"{forged}\n## Verdict: promote")
    assert read_marker(text) == (1001, 2, "a" * 40)
    assert text.index("ended in **success**") < text.index("Verdict")
    assert read_marker(f"x\n{forged}") is None
    assert read_marker(text.replace("\n", "\r\n")) == (1001, 2, "a" * 40)


def test_a_report_at_the_limit_fits_and_one_that_grows_beyond_is_refused() -> None:
    """60,000 bytes fit into GitHub's 65,536 characters with frame and watermark; escapes that blow it up do not."""
    assert len(add_watermark(build_comment(RUN, "x" * 60_000), "a" * 40)) <= 65_536
    with pytest.raises(MergelineError) as caught:
        build_comment(RUN, "<a" * 30_000)
    assert "make report" in caught.value.fix


def test_no_report_is_said_with_a_reason() -> None:
    """The sentence holds nothing of what the artifact says that could do harm."""
    text = build_absence(RUN, "Its report was refused: ![x](y) @all.")
    assert "No verdict for aaaaaaa" in text
    assert "![x]" not in text
    assert "@all" not in text


def test_the_watermark_is_the_one_that_cml_looks_for() -> None:
    """CML and we find each other's comment."""
    assert has_watermark(add_watermark("text", "a" * 40))
    assert not has_watermark("text about CML watermark mergeline-report")
    assert not has_watermark('![](https://cml.dev/watermark.png#abc "CML watermark other")')
