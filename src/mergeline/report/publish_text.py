"""The text of the pull request's comment: a line that we vouch for, then the report, made harmless.

Nothing here is yours to edit. A pull request can write whatever it likes into its report; what is posted in the name
of this repository must not call people, load pictures, hide the rest of the comment or imitate our marker.
"""

import re
from dataclasses import dataclass

from mergeline.errors import MergelineError

MAX_COMMENT = 65_000  # characters; GitHub refuses more than 65,536, and CML appends its watermark
TITLE = "mergeline-report"
ALLOWED = ("details", "summary", "sub", "sup", "b", "i", "br", "code", "kbd")
MARKER = re.compile(r"\A<!-- mergeline-report run=(\d+) attempt=(\d+) commit=([0-9a-f]{40}) -->\r?$", re.MULTILINE)

_TAG = re.compile(rf"<(?!/?(?:{'|'.join(ALLOWED)})>)(?=[A-Za-z/!?])", re.IGNORECASE)
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True)
class CheckedRun:
    """The run of the checks that a comment speaks of; all of it comes from GitHub's event, nothing from the artifact.

    Attributes
    ----------
    id, attempt : int
        Which run; a rerun has the same id and the next attempt.
    commit : str
        Head commit of the pull request, 40 hexadecimal digits.
    branch, head_repository : str
        Where the pull request comes from; `head_repository` is "owner/name".
    conclusion, url : str
        How the run ended, and its page.
    """

    id: int
    attempt: int
    commit: str
    branch: str
    head_repository: str
    conclusion: str
    url: str


def neutralise(report: str) -> str:
    """Return `report` without mentions, references, pictures, hidden characters and any HTML but a few plain tags.

    Applying it again changes nothing. Links stay: a reader sees where they lead.
    """
    text = _HIDDEN.sub("", report.replace("\r\n", "\n").replace("\r", "\n"))
    text = _TAG.sub("&lt;", text)
    text = text.replace("![", "!\\[")
    return re.sub(r"(@)(?=[A-Za-z0-9])|(#)(?=\d)|(\bGH-)(?=\d)", lambda found: found[0] + "\u200b", text)


def build_comment(run: CheckedRun, report: str) -> str:
    """Return the comment that shows `report`.

    Raises
    ------
    MergelineError
        If the report grew beyond GitHub's limit by being made harmless.
    """
    said = f"ended in **{run.conclusion}** · {_link(run)} · what follows was written by the pull request's own code"
    text = f"{_marker(run)}\n<sub>The checks of {run.commit[:7]} {said}</sub>\n\n{neutralise(report).strip()}\n"
    if len(text) > MAX_COMMENT:
        raise MergelineError(
            f"the comment would have {len(text)} characters, more than {MAX_COMMENT}",
            where="artifact 'report' of the checked run",
            fix="let `make report` write reports/report.md: it cuts by sections",
        )
    return text


def build_absence(run: CheckedRun, reason: str) -> str:
    """Return the comment for a run without a report that can be shown; `reason` is one sentence."""
    return (
        f"{_marker(run)}\n**No verdict for {run.commit[:7]}.** {neutralise(reason)}\n\n"
        f"The checks ended in **{run.conclusion}**: {_link(run)}. An earlier report does not hold for this commit.\n"
    )


def read_marker(comment: str) -> tuple[int, int, str] | None:
    """Return run, attempt and commit that a comment of ours was written for, or None."""
    found = MARKER.search(comment)
    return (int(found[1]), int(found[2]), found[3]) if found else None


def add_watermark(text: str, commit: str) -> str:
    """Return `text` with the watermark by which CML 0.20.6 finds its comment again."""
    return f'{text}\n\n![](https://cml.dev/watermark.png#{commit} "CML watermark {TITLE}")'


def has_watermark(comment: str) -> bool:
    """Return whether CML would take `comment` for the one to update."""
    return bool(re.search(rf'!\[\]\(https://cml\.dev/watermark\.png#[0-9a-fA-F]+ "CML watermark {TITLE}"\)', comment))


def _marker(run: CheckedRun) -> str:
    return f"<!-- mergeline-report run={run.id} attempt={run.attempt} commit={run.commit} -->"


def _link(run: CheckedRun) -> str:
    return f"[run {run.id}]({run.url})"
