"""Versions as annotated git tags in the form of GTO: `flights@v0.0.3`, and `flights#production#7` for what serves.

Nothing here is yours to edit; `gto show` reads the tags. They are written here, by git itself, because GTO 1.10 refuses
the way back to an earlier version, orders by whole seconds whatever the number says, needs a git identity, and starts
again at v0.0.1 in a clone without tags.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mergeline.errors import MergelineError
from mergeline.release.identity import Identity
from mergeline.release.objects import OutrunError, now, write_tag
from mergeline.release.production import read_history
from mergeline.shell import run_git

STAGE = "production"
ATTEMPTS = 20
_NUMBER = re.compile(r"v0\.0\.(\d+)$")
_VERSION = re.compile(r"v(\d+)\.(\d+)\.(\d+)$")
_FORMAT = (
    "%(refname:strip=2)%00%(objecttype)%00%(*objectname)%00%(taggername)%00%(taggerdate:unix)%00%(contents:body)%01"
)


@dataclass(frozen=True)
class Tag:
    """An annotated tag: its name, the commit, who made it and when, and what its message says after the first line."""

    name: str
    commit: str
    author: str
    at: datetime
    body: str

    @property
    def version(self) -> str:
        """What stands after the `@`."""
        return self.name.rpartition("@")[2]

    @property
    def number(self) -> int:
        """What stands after the last `#`."""
        return int(self.name.rpartition("#")[2])

    def read(self, key: str) -> str | None:
        """Return the value of a `key: value` line of the message."""
        found = re.search(rf"^{key}: (\S+)$", self.body, re.MULTILINE)
        return found[1] if found else None


def read_versions(service: str, folder: Path = Path()) -> list[Tag]:
    """Return the versions of `service`, lowest first; lightweight tags do not count, for GTO neither."""
    tags = [tag for tag in _read_tags(f"{service}@v*", folder) if _VERSION.match(tag.version)]
    return sorted(tags, key=lambda tag: [int(part) for part in _VERSION.match(tag.version).groups()])  # type: ignore[union-attr]


def read_assignments(service: str, folder: Path = Path()) -> list[Tag]:
    """Return the tags that say what serves, in GTO's order: the last holds."""
    tags = [tag for tag in _read_tags(f"{service}#{STAGE}#*", folder) if tag.name.rpartition("#")[2].isdigit()]
    return sorted(tags, key=lambda tag: (tag.at, tag.number))


def ensure_version(
    service: str, commit: str, digest: str, facts: dict[str, str], who: Identity, folder: Path = Path()
) -> Tag:
    """Return the tag of the version that this commit's bundle is, made if there is none.

    Parameters
    ----------
    service : str
        Name of the artifact.
    commit, digest : str
        The commit, and the bundle's digest.
    facts : dict of str to str
        What the message says besides: model, data, requirements.

    Raises
    ------
    MergelineError
        If the commit has a version with another bundle.
    """
    for _ in range(ATTEMPTS):
        known = read_versions(service, folder)
        found = next((tag for tag in known if tag.commit == commit), None)
        if found:
            _check_bundle(found, digest)
            return found
        name = f"{service}@{choose_version(known, commit, digest, folder)}"
        lines = {"bundle": digest, **facts}
        message = "\n".join([f"Release {name}", "", *(f"{key}: {value}" for key, value in lines.items())])
        try:
            write_tag(name, commit, message, who, now(), folder)
        except OutrunError:
            continue
    raise OutrunError("others keep taking the next version", where=f"refs/tags/{service}@*", fix="run it again")


def choose_version(known: list[Tag], commit: str, digest: str, folder: Path) -> str:
    """Return the version that the desired state already gives this bundle, else the one after all that were ever used.

    Versions of the branch count beside the tags: a clone may have come without tags.
    """
    used = [tag.version for tag in known]
    for _, production in read_history(folder):
        for variant in production.everyone:
            if (variant.commit, variant.digest) == (commit, digest) and variant.version not in used:
                return variant.version
            used.append(variant.version)
    numbers = [int(found[1]) for version in used if (found := _NUMBER.match(version))]
    return f"v0.0.{max(numbers, default=0) + 1}"


def ensure_assigned(service: str, version: str, commit: str, who: Identity, folder: Path = Path()) -> str | None:
    """Return the name of the tag that says that `commit` serves, once it is the last of its kind.

    Whole seconds decide which is the last, so the new tag's time is later than that of all others. None if this clone
    does not hold the commit.

    Raises
    ------
    OutrunError
        If others keep assigning meanwhile.
    """
    for _ in range(ATTEMPTS):
        known = read_assignments(service, folder)
        if known and known[-1].commit == commit:
            return known[-1].name
        number = max((tag.number for tag in known), default=0) + 1
        at = max(now(), known[-1].at + timedelta(seconds=1)) if known else now()
        name = f"{service}#{STAGE}#{number}"
        try:
            write_tag(name, commit, f"Assign stage {STAGE} to {service} version {version}", who, at, folder)
        except OutrunError:
            continue
    raise OutrunError("others keep assigning", where=f"refs/tags/{service}#{STAGE}#*", fix="run it again")


def _check_bundle(tag: Tag, digest: str) -> None:
    if tag.read("bundle") not in (None, digest):
        raise MergelineError(
            f"commit {tag.commit[:12]} is {tag.name} with bundle {tag.read('bundle')}, and makes {digest} here",
            where=f"git tag {tag.name}",
            fix="the same commit must make the same bytes: run `make setup` and `make`, and compare dvc.lock",
        )


def _read_tags(pattern: str, folder: Path) -> list[Tag]:
    listed = run_git("for-each-ref", f"--format={_FORMAT}", f"refs/tags/{pattern}", folder=folder)
    tags = []
    for line in listed.split("\x01"):
        name, kind, commit, author, at, body = (line.lstrip("\n").split("\x00") + [""] * 6)[:6]
        if kind == "tag":
            tags.append(Tag(name, commit, author, datetime.fromtimestamp(int(at), UTC), body))
    return tags
