"""Values in the report: whatever a pull request writes into them, they are shown and do nothing."""

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from mergeline.report.markdown import MAX_VALUE, bar, clean, code, fold, number, prose, table
from mergeline.report.publish_text import neutralise

HARMLESS = {
    "paragraph_open", "paragraph_close", "inline", "text", "code_inline", "softbreak", "strong_open", "strong_close",
    "em_open", "em_close", "heading_open", "heading_close", "fence", "bullet_list_open", "bullet_list_close",
    "list_item_open", "list_item_close", "table_open", "table_close", "thead_open", "thead_close", "tbody_open",
    "tbody_close", "tr_open", "tr_close", "th_open", "th_close", "td_open", "td_close",
}  # fmt: skip
# What GitHub does with text outside code, beyond Markdown: mentions, references, links, formulas, emoji, footnotes.
GITHUB = re.compile(r"@\w|#\d|\bGH-\d|://|\bwww\.|\$|:[a-z0-9_+-]+:|\[\^|\b[0-9a-f]{7,40}\b", re.IGNORECASE)
ATTACKS = [
    "@octocat", "a@b.example", "https://evil.example", "www.evil.example", "[x](https://evil.example)",
    "![x](https://evil.example/p.png)", "<img src=x onerror=alert(1)>", "<!-- hidden", "</details>", "&commat;octocat",
    "&#64;octocat", "#1", "acme/model#1", "GH-1", "`", "``x`", "a`@b", "`|`@octocat", "\\|", "\\", "a|b|c", "|",
    "**b**", "__b__", "~~x~~", "$x$", "$`x`$", ":tada:", "[^1]: x", "[x]: https://evil.example", "# heading", "- item",
    "1. item", "> quote", "```\n@x\n```", "a\n\n<script>alert(1)</script>", "::error::x", "##[error]x", "\u202e@x",
    "\ud800", "*", "_x_", "0123456789abcdef", "<https://evil.example>", "xmpp:a@b.example", "@\u200boctocat",
    "[1, 2](https://evil.example)", "[1, 2] (x)", "[1]", "[ ] task",
    "---", "===", "    code", "\tcode", "- [ ] task", "a\x0bb", "a\u2028b", "\\`@octocat\\`", "mailto:x", "<b>",
]  # fmt: skip
TEXT = st.text(st.characters() | st.sampled_from("@#`|\\<>[]()!*_~$:&-+.\n /ahtpw1"), max_size=60) | st.lists(
    st.sampled_from(ATTACKS), max_size=4
).map(" ".join)


def flatten(tokens: list[Token]) -> list[Token]:
    """Return all tokens, those inside of others included."""
    return [part for token in tokens for part in (token, *flatten(token.children or []))]


def render(markdown: str) -> list[Token]:
    """Return the tokens of `markdown` as GitHub reads it."""
    return flatten(MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown))


def assert_harmless(markdown: str, *, own_html: tuple[str, ...] = ()) -> list[Token]:
    """Check that nothing in `markdown` acts, as it stands and as the comment shows it; return its tokens."""
    for shown in (markdown, neutralise(markdown)):
        for token in render(shown):
            if token.type.startswith("html"):
                assert token.content.strip() in own_html, token.content
                continue
            assert token.type in HARMLESS, (token.type, token.content)
            if token.type == "text":
                assert not GITHUB.search(token.content), token.content
    assert not re.search(r"^\s*(?:::|##\[)", markdown, flags=re.MULTILINE)
    markdown.encode()
    return render(markdown)


def count(tokens: list[Token], kind: str) -> int:
    """Return how many tokens are of a kind."""
    return sum(token.type == kind for token in tokens)


@settings(max_examples=60, deadline=None)
@given(TEXT, TEXT)
@example("`|`@octocat", "\\|")
@example("\\", "\\")
def test_no_value_does_anything_in_a_sentence_a_list_or_a_table(first: str, second: str) -> None:
    """No link, picture, HTML, mention, reference, formula or further cell comes of any text."""
    rows = [[code(first), prose(second)], [prose(first), code(second)]]
    text = "\n\n".join([f"said: {prose(first)}, {code(second)}.", f"- {prose(first)}", table(["a", "b"], rows)])
    tokens = assert_harmless(text)
    assert (count(tokens, "tr_open"), count(tokens, "td_open"), count(tokens, "th_open")) == (3, 4, 2)
    assert (count(tokens, "list_item_open"), count(tokens, "heading_open"), count(tokens, "fence")) == (1, 0, 0)


@pytest.mark.parametrize("attack", ATTACKS, ids=ascii)
def test_every_known_attack_is_shown_and_does_nothing(attack: str) -> None:
    """The attacks stay one cell each, in a sentence of their own and inside bold text."""
    tokens = assert_harmless(f"**{code(attack)}** {prose(attack)}\n\n{table(['x'], [[code(attack)], [prose(attack)]])}")
    assert count(tokens, "td_open") == 2


@given(st.text(st.characters(categories=["L", "Nd"]) | st.sampled_from("`|*<@ "), min_size=1).map(clean))
def test_a_code_span_shows_the_value_itself(value: str) -> None:
    """Backticks, pipes and brackets in a value are shown as they are."""
    inline = [token.content for token in render(f"x {code(value)} y") if token.type == "code_inline"]
    assert inline == ([value] if value else [])


def test_a_backslash_before_a_pipe_does_not_open_a_cell() -> None:
    """GitHub reads two backslashes before a pipe as one backslash and the end of the cell; markdown-it does not."""
    assert not re.search(r"\\\\+\|", table(["a"], [[code("x\\|@octocat")]]))
    assert "\\\u200b\\|" in table(["a"], [[code("x\\|y")]])


def test_plain_sentences_stay_plain() -> None:
    """The gate's own sentences are not dotted with code spans."""
    said = "ROC AUC 0.7484 against the champion's 0.7450 (min_roc_auc): mean prediction ÷ base rate is from 0.7 to 1.45"
    assert prose(said) == said
    assert prose("is +0.0015 [-0.0006, +0.0036]: better") == "is +0.0015 [-0.0006, +0.0036]: better"


def test_words_that_could_act_become_one_code_span() -> None:
    """Neighbouring words share a span, the rest of the sentence stays readable."""
    assert prose("lost rows of @octocat <b> in 2013") == "lost rows of `@octocat <b>` in 2013"


def test_values_are_one_line_without_hidden_characters_and_not_too_long() -> None:
    """A value cannot fill the report, turn the direction of writing, or break a line."""
    assert clean("a\r\n\t b\u202e\u200bc\ud800") == "a bc"
    assert len(clean("x" * 10_000)) == MAX_VALUE
    assert code("\u200b\n") == "–"


def test_numbers_and_bars_of_what_is_no_number_are_empty() -> None:
    """A missing figure is a dash, never a zero, and a bar stays between none and full."""
    values = [0.5, None, True, "0.5", float("nan"), float("inf")]
    assert [number(value, ".1f") for value in values] == ["0.5", "–", "–", "–", "–", "–"]
    assert [len(bar(share)) for share in (-1, 0, 0.5, 1, 9)] == [0, 0, 10, 20, 20]
    assert bar(None) == ""
    assert bar(0.51) == "█" * 10 + "▎"


def test_a_folded_text_is_still_markdown() -> None:
    """GitHub reads Markdown inside of `details` only after an empty line."""
    tokens = assert_harmless(
        fold("More", table(["a"], [["1"]])), own_html=("<details>\n<summary>More</summary>", "</details>")
    )
    assert count(tokens, "table_open") == 1
