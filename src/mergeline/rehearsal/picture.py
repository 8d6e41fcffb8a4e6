"""Takes a picture of a report as a pull request shows it: `docs/report-example.md` as `docs/report-example.png`.

Nothing here is yours to edit; run it again when the report has another form. It needs Chromium or Chrome, and fonts
with emoji, and is the only command that does.
"""

import argparse
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from mergeline.command import run
from mergeline.errors import MergelineError
from mergeline.files import replacing
from mergeline.rehearsal.page import build_page, render

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
WIDTH = 900  # pixels; the page's column is 860 wide
FADE = (
    "<style>body { margin: 1em auto } html { height: 100vh; overflow: hidden } body::after { content: ''; position: "
    "fixed; inset: auto 0 0; height: 5em; background: linear-gradient(transparent, white) }</style>"
)


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(prog="python -m mergeline.rehearsal.picture", description=__doc__.splitlines()[0])
    parser.add_argument("--report", type=Path, default=Path("docs/report-example.md"), help="default: %(default)s")
    parser.add_argument("--out", type=Path, default=Path("docs/report-example.png"), help="default: %(default)s")
    parser.add_argument("--title", default="Fit longer, in smaller steps #12", help="default: %(default)s")
    parser.add_argument("--height", type=int, default=1350, help="pixels from the top (default: %(default)s)")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Write the picture and return 0."""
    options = make_parser().parse_args(argv)
    page = build_comment_page(options.title, options.report.read_text(encoding="utf-8"))
    take_picture(page, options.out, options.height)
    print(f"{options.out}: {options.out.stat().st_size:,} bytes")
    return 0


def build_comment_page(title: str, report: str) -> str:
    """Return the page of a pull request that has `report` for its one comment; it fades out at the lower edge."""
    comment = f"<header><b>github-actions</b> commented</header><div>{render(report)}</div>"
    return build_page(title, f"{FADE}<section class=comment>{comment}</section>")


def take_picture(page: str, out: Path, height: int) -> None:
    """Write the top `height` pixels of `page` to `out`, as PNG.

    Raises
    ------
    MergelineError
        If there is no browser, or it takes no picture.
    """
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise MergelineError(
            "no browser takes the picture",
            where="PATH",
            fix=f"install one of: {', '.join(BROWSERS)}; it needs no window",
        )
    with tempfile.TemporaryDirectory() as scratch:
        source, shot = Path(scratch, "page.html"), Path(scratch, "page.png")
        source.write_text(page, encoding="utf-8")
        command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"]
        command += [f"--user-data-dir={scratch}/profile", f"--window-size={WIDTH},{height}", f"--screenshot={shot}"]
        command.append(source.as_uri())
        home = {**os.environ, "HOME": scratch, "XDG_CONFIG_HOME": scratch, "XDG_CACHE_HOME": scratch}
        done = subprocess.run(command, env=home, capture_output=True, text=True, check=False, timeout=120)
        if not shot.exists():
            raise MergelineError(
                f"{browser} took no picture (exit status {done.returncode}): {done.stderr.strip()[-300:]}",
                where=str(out),
                fix="run it by hand on any page: chromium --headless --no-sandbox --screenshot PAGE",
            )
        with replacing(out) as temporary:
            shutil.copyfile(shot, temporary)


if __name__ == "__main__":
    run(main)
