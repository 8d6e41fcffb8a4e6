"""The rehearsal's git: an origin, a fork, and a developer's clone that begins as this checkout is now.

Nothing here is yours to edit. Uncommitted and untracked files are part of it, ignored ones are not. The checkout itself
is only read.
"""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from mergeline.errors import MergelineError
from mergeline.rehearsal.events import DEFAULT_BRANCH, FORK, REPOSITORY

CHAMPIONS = "deployments"
KEPT_BRANCHES = (DEFAULT_BRANCH, CHAMPIONS)


class Repository:
    """Git repositories below one scratch folder.

    Attributes
    ----------
    origin, fork : Path
        Bare repositories: the one that is rehearsed, and a guest's copy.
    laptop : Path
        The developer's clone of the origin.
    environment : dict
        What the developer's commands find in their environment.
    """

    def __init__(self, source: Path, scratch: Path, environment: Mapping[str, str]) -> None:
        self.origin, self.fork, self.laptop = (scratch / name for name in ("origin.git", "fork.git", "laptop"))
        self._trees = scratch / "trees"
        self.environment = dict(environment)
        self._count = 0
        self._copy(source)

    def git(self, *arguments: str, folder: Path | None = None) -> str:
        """Return what git prints in `folder` (the laptop unless told)."""
        folder = folder or self.laptop
        command = ["git", *arguments]
        done = subprocess.run(command, cwd=folder, env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise MergelineError(
                f"git {arguments[0]} failed: {done.stderr.strip() or done.stdout.strip()}",
                where=f"{' '.join(command)} in {folder}",
                fix="read git's message; the rehearsal needs a git checkout whose work tree it can read",
            )
        return done.stdout.rstrip("\n")

    def head(self, revision: str = DEFAULT_BRANCH) -> str:
        """Return the commit that `revision` names on the laptop."""
        return self.git("rev-parse", f"{revision}^{{commit}}")

    def changed(self, before: str, after: str) -> tuple[str, ...]:
        """Return the paths that differ between two commits."""
        return tuple(self.git("diff", "--name-only", before, after).splitlines())

    def commit(self, message: str, author: str) -> str:
        """Commit everything on the laptop as `author`; return the commit."""
        who = f"{author} <{author.split('[')[0]}@example.invalid>"
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", f"--author={who}", "-m", message)
        return self.head("HEAD")

    def propose(self, branch: str, number: int, repository: str) -> None:
        """Push `branch` where the pull request comes from, and make the refs that GitHub makes for it."""
        if repository == REPOSITORY:
            self.git("push", "-qf", "origin", branch)
        else:
            self.git("push", "-qf", self.fork.as_uri(), branch)
        self.git("checkout", "-q", "--detach", DEFAULT_BRANCH)
        message = f"Merge {self.head(branch)} into {self.head()}"
        self.git("merge", "-q", "--no-ff", "-m", message, branch)
        self.git("push", "-qf", "origin", f"HEAD:refs/pull/{number}/merge", f"{branch}:refs/pull/{number}/head")
        self.git("checkout", "-q", DEFAULT_BRANCH)

    def merge(self, branch: str, message: str) -> tuple[str, str]:
        """Merge `branch` into the default branch and push it; return the commits before and after."""
        before = self.head()
        self.git("checkout", "-q", DEFAULT_BRANCH)
        self.git("merge", "-q", "--no-ff", "-m", message, branch)
        self.git("push", "-q", "origin", DEFAULT_BRANCH)
        return before, self.head()

    def lay_out(self, ref: str, server: str) -> Path:
        """Return a fresh clone of the origin at `ref`: what act reads the workflow files and the commit from."""
        self._count += 1
        tree = self._trees / str(self._count)
        self.git("clone", "-q", "--no-checkout", "--shared", str(self.origin), str(tree), folder=self.origin)
        self.git("remote", "set-url", "origin", f"{server}/{REPOSITORY}", folder=tree)
        self.git("fetch", "-q", str(self.origin), ref, folder=tree)
        where = ["-B", ref.removeprefix("refs/heads/")] if ref.startswith("refs/heads/") else ["--detach"]
        self.git("checkout", "-qf", *where, "FETCH_HEAD", folder=tree)
        return tree

    def _copy(self, source: Path) -> None:
        # No links: git refreshes the time of an object that it would write again, in the checkout too.
        self.git("clone", "-q", "--bare", "--no-hardlinks", "--no-tags", str(source), str(self.origin), folder=source)
        self.git("fetch", "-q", str(source), "refs/tags/*:refs/tags/*", folder=self.origin)
        # A clone has the champions' branch as origin's only.
        known = self.git("for-each-ref", f"refs/heads/{CHAMPIONS}", f"refs/remotes/origin/{CHAMPIONS}", folder=source)
        if known and "refs/heads" not in known:
            self.git("fetch", "-q", str(source), f"{known.split()[2]}:refs/heads/{CHAMPIONS}", folder=self.origin)
        self.git("clone", "-q", "--no-checkout", str(self.origin), str(self.laptop), folder=self.origin)
        has_commits = bool(self.git("for-each-ref", "--count=1", folder=self.laptop))
        start = [self.git("rev-parse", "HEAD", folder=source)] if has_commits else []
        self.git("checkout", "-qf", *(["-B", DEFAULT_BRANCH, *start] if start else ["--orphan", DEFAULT_BRANCH]))
        self._take_over(source)
        if not start or self.git("status", "--porcelain"):
            self.commit("The work tree as it is now", "developer")
        self.git("push", "-qf", "origin", f"{DEFAULT_BRANCH}:{DEFAULT_BRANCH}")
        self.git("symbolic-ref", "HEAD", f"refs/heads/{DEFAULT_BRANCH}", folder=self.origin)
        for branch in self.git("for-each-ref", "--format=%(refname:short)", "refs/heads", folder=self.origin).split():
            if branch not in KEPT_BRANCHES:
                self.git("branch", "-qD", branch, folder=self.origin)
        self.git("clone", "-q", "--bare", str(self.origin), str(self.fork), folder=self.origin)

    def _take_over(self, source: Path) -> None:
        """Make the laptop's work tree equal to that of `source`, without what git ignores."""
        for name in self.git("ls-files", "-z").split("\0"):
            (self.laptop / name).unlink(missing_ok=True) if name else None
        listed = self.git("ls-files", "-z", "--cached", "--others", "--exclude-standard", folder=source)
        for name in filter(None, listed.split("\0")):
            path = source / name
            if path.is_symlink() or path.is_file():
                target = self.laptop / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, target, follow_symlinks=False)


def describe_origin(fork: bool) -> str:
    """Return the full name of the repository that a pull request comes from."""
    return FORK if fork else REPOSITORY
