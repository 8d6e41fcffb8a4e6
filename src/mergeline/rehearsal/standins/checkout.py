"""Stand-in for actions/checkout: the files of a commit, from the rehearsal's own git.

Nothing here is yours to edit. git's `url.….insteadOf` leads the repository's address to a folder. The token is asked
for `contents: read` first, as on a private repository.
"""

import os
import subprocess
from pathlib import Path

from mergeline.rehearsal.standins.common import call, fail, read_input, set_output


def main() -> None:
    """Check out what the inputs `ref`, `fetch-depth` and `path` say."""
    repository = read_input("repository")
    call("GET", f"{os.environ['GITHUB_API_URL']}/repos/{repository}", read_input("token"))
    folder = Path(read_input("path") or ".")
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q")
    git(folder, "remote", "add", "origin", f"{os.environ['GITHUB_SERVER_URL']}/{repository}")
    ref = read_input("ref") or os.environ["GITHUB_REF"]
    wanted = read_input("ref") or os.environ["GITHUB_SHA"]
    depth = read_input("fetch-depth") or "1"
    if depth == "0":
        everything = ("+refs/heads/*:refs/remotes/origin/*", "+refs/pull/*:refs/remotes/pull/*")
        git(folder, "fetch", "-q", "--tags", "origin", *everything)
        git(folder, "fetch", "-q", "origin", wanted)
    else:
        git(folder, "fetch", "-q", "--no-tags", f"--depth={depth}", "origin", wanted)
    if ref.startswith("refs/heads/"):
        git(folder, "checkout", "-q", "-B", ref.removeprefix("refs/heads/"), "FETCH_HEAD")
    else:
        git(folder, "checkout", "-q", "--detach", "FETCH_HEAD")
    set_output("commit", git(folder, "rev-parse", "HEAD"))
    set_output("ref", ref)
    print(f"checked out {git(folder, 'log', '-1', '--format=%h %s')} ({ref}, depth {depth})")


def git(folder: Path, *arguments: str) -> str:
    """Return what git prints; end the step if it fails."""
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        fail(f"git {arguments[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


if __name__ == "__main__":
    main()
