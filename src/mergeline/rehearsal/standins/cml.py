"""Stand-in for `cml comment`: the calls that CML 0.20.6 makes, and its traps.

Nothing here is yours to edit. It reads only the first 30 comments, edits the global git configuration, and would
upload local files to a public host unless told `--publish=false` (here: it refuses).
"""

import argparse
import json
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mergeline.rehearsal.standins.common import call


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser: the options that this repository passes."""
    parser = argparse.ArgumentParser(prog="cml", description=__doc__.splitlines()[0])
    parser.add_argument("noun", choices=["comment"])
    parser.add_argument("verb", choices=["create", "update"])
    parser.add_argument("markdown", type=Path)
    parser.add_argument("--target", required=True)
    parser.add_argument("--repo", required=True)
    parser.add_argument("--watermark-title", default="")
    parser.add_argument("--publish", default="true")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Post the comment and print its address."""
    options = make_parser().parse_args(argv)
    with Path(os.environ["HOME"], ".gitconfig").open("a", encoding="utf-8") as handle:
        handle.write("[safe]\n\tdirectory = *\n")
    if options.publish != "false":
        print("files would be uploaded to a public host: pass --publish=false", file=sys.stderr)
        return 1
    found = re.fullmatch(r"(https?://[^/]+)/([^/]+/[^/]+?)(?:\.git)?", options.repo)
    pull = re.fullmatch(r"pr/(\d+)", options.target)
    if not found or not pull:
        print(f"cannot read --repo={options.repo} --target={options.target}", file=sys.stderr)
        return 1
    api, repository = f"{found[1]}/api/v3", f"{found[1]}/api/v3/repos/{found[2]}"
    ask("GET", f"{api}/users/{os.environ.get('GITHUB_ACTOR', 'nobody')}")
    mark = f'"CML watermark {options.watermark_title}")'
    link = f"![](https://cml.dev/watermark.png#{os.environ['GITHUB_SHA']} {mark}"
    content = {"body": f"{options.markdown.read_text(encoding='utf-8')}\n\n{link}"}
    comments = f"{repository}/issues/{pull[1]}/comments"
    seen = ask("GET", comments) if options.verb == "update" else []
    mine = [item["id"] for item in seen if mark in item["body"]]
    if mine:
        shown = ask("PATCH", f"{repository}/issues/comments/{mine[-1]}", content)
    else:
        shown = ask("POST", comments, content)
    print(shown["html_url"])
    return 0


def ask(method: str, address: str, content: Any = None) -> Any:
    """Return GitHub's answer."""
    body = None if content is None else json.dumps(content).encode()
    return json.loads(call(method, address, os.environ["REPO_TOKEN"], body, agent="cml (stand-in)"))


if __name__ == "__main__":
    sys.exit(main())
