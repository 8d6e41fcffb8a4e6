"""Pages that show what people would see: each pull request's checks and comments, rendered, and the result table.

Nothing here is yours to edit. As on GitHub, a comment shows neither local pictures nor HTML beyond a few plain tags.
"""

import re
from collections.abc import Sequence
from html import escape
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from mergeline.rehearsal.drawing import draw
from mergeline.rehearsal.promises import Ledger
from mergeline.rehearsal.results import Run
from mergeline.rehearsal.table import build_conclusion, build_table
from mergeline.report.publish_text import neutralise

STYLE = """
body { font: 14px/1.5 system-ui, sans-serif; color: #1f2328; max-width: 860px; margin: 2em auto; padding: 0 1em }
.comment { border: 1px solid #d1d9e0; border-radius: 6px; margin: 1em 0 }
.comment > header { background: #f6f8fa; border-bottom: 1px solid #d1d9e0; padding: .5em 1em; color: #59636e }
.comment > div { padding: 0 1em 1em; overflow-x: auto }
table { border-collapse: collapse; margin: 1em 0 } th, td { border: 1px solid #d1d9e0; padding: .3em .8em }
tr:nth-child(even) td { background: #f6f8fa } pre { background: #f6f8fa; padding: 1em; overflow-x: auto }
code { font: 85% ui-monospace, monospace } .success { color: #1a7f37 } .failure { color: #d1242f }
svg { max-width: 100%; font-family: system-ui, sans-serif } svg text { fill: #1f2328 }
"""


def build_pull_page(pull: dict[str, Any], runs: Sequence[Run], comments: Sequence[dict[str, Any]]) -> str:
    """Return the page of one pull request: title, the checks of its newest commit, comments."""
    title = f"{pull['title']} #{pull['number']}"
    state = "merged" if pull["merged"] else pull["state"]
    line = f"<b>{state}</b> · {escape(pull['user']['login'])} from <code>{escape(pull['head']['label'])}</code>"
    checks = "".join(
        f"<li class={job.result.split()[0]}>{escape(run.workflow)} / {escape(job.name)}: {job.result}</li>"
        for run in runs
        for job in run.jobs
    )
    shown = "".join(
        f"<section class=comment><header><b>{escape(item['user']['login'])}</b> commented</header>"
        f"<div>{render(item['body'])}</div></section>"
        for item in comments
    )
    return build_page(title, f"<p>{line}</p>{shown}<h2>Checks of {pull['head']['sha'][:7]}</h2><ul>{checks}</ul>")


def build_index(pulls: Sequence[dict[str, Any]], runs: Sequence[Run], ledger: Ledger, intro: str) -> str:
    """Return the first page: links to the pull requests, promises, and the result table."""
    links = "".join(
        f'<li><a href="pull-{pull["number"]}.html">{escape(pull["title"])} #{pull["number"]}</a></li>' for pull in pulls
    )
    promises = "".join(
        f"<li class={'success' if promise.kept else 'failure'}>{escape(promise.scene)}: {escape(promise.text)}"
        f"{'' if promise.kept else ' — seen: ' + escape(promise.seen)}</li>"
        for promise in ledger.promises
    )
    text = f"{build_table(runs)}\n\n{build_conclusion(runs, ledger)}"
    content = f"<p>{escape(intro)}</p><h2>Pull requests</h2><ul>{links}</ul><h2>Promises</h2><ul>{promises}</ul>"
    return build_page("Rehearsal", f"{content}<h2>Runs</h2><pre>{escape(text)}</pre>")


def build_page(title: str, content: str) -> str:
    """Return a whole HTML page."""
    head = f'<meta charset="utf-8"><title>{escape(title)}</title><style>{STYLE}</style>'
    return f'<!doctype html><html lang="en"><head>{head}</head><body><h1>{escape(title)}</h1>{content}</body></html>\n'


def render(markdown: str) -> str:
    """Return the HTML that a comment is shown as."""
    visible = re.sub(r"<!--.*?-->\r?\n?|!\[\]\(https://cml\.dev/\S+ \".*?\"\)", "", markdown, flags=re.DOTALL)
    return (
        MarkdownIt("commonmark", renderer_cls=_Renderer).enable(["table", "strikethrough"]).render(neutralise(visible))
    )


class _Renderer(RendererHTML):
    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """Return a block of code as HTML, a chart as a picture."""
        if tokens[idx].info.strip() == "mermaid":
            return draw(tokens[idx].content)
        return super().fence(tokens, idx, options, env)
