"""The desired state: what should serve, as one reviewed file in git history.

Nothing here is yours to edit. The file is `production.json` on the branch `deployments`, each deployment one commit;
its form is `deploy/production.schema.json`. The service reads a copy that `mergeline.release.deploy` lays down.
"""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from mergeline.errors import MergelineError
from mergeline.gate.champion import BRANCH, find_branch
from mergeline.shell import run_git

FILE = "production.json"
FORMAT = 1
SCHEMA = Path(__file__).resolve().parents[3] / "deploy/production.schema.json"
CHAMPION = "champion"


@dataclass(frozen=True)
class Variant:
    """A bundle that serves: its digest, the version and commit that made it, its share of the keys in percent."""

    name: str
    digest: str
    version: str
    commit: str
    weight: int | None = None


@dataclass(frozen=True)
class Production:
    """What should serve, who wanted it so, and why.

    Attributes
    ----------
    service : str
        Name of the service.
    variants : tuple of Variant
        Those that answer; their weights add up to 100.
    shadow : Variant or None
        One that scores beside them for the log alone.
    author, reason, verdict, at : str
        Who, why, "promote", "rollback" or another word for what led here, and when (ISO 8601, UTC).
    """

    service: str
    variants: tuple[Variant, ...]
    shadow: Variant | None
    author: str
    reason: str
    verdict: str
    at: str

    @property
    def champion(self) -> Variant:
        """The variant called "champion", else that of the largest weight."""
        named = [variant for variant in self.variants if variant.name == CHAMPION]
        return named[0] if named else max(self.variants, key=lambda variant: variant.weight or 0)

    @property
    def everyone(self) -> tuple[Variant, ...]:
        """All bundles that are needed, the shadow last."""
        return (*self.variants, *((self.shadow,) if self.shadow else ()))

    def serves_like(self, other: "Production | None") -> bool:
        """Return whether the same bundles would serve with the same weights."""
        return other is not None and (self.variants, self.shadow) == (other.variants, other.shadow)

    def because(self, author: str, reason: str, verdict: str, at: str) -> "Production":
        """Return the same state, wanted by somebody else for another reason."""
        return replace(self, author=author, reason=reason, verdict=verdict, at=at)


def render_production(production: Production) -> str:
    """Return the file's content, checked against the schema."""
    content: dict[str, Any] = {"format": FORMAT, **asdict(production)}
    content["variants"] = [asdict(variant) for variant in production.variants]
    if content["shadow"] is not None:
        del content["shadow"]["weight"]
    check_production(content, FILE)
    return json.dumps(content, indent=2, sort_keys=True, allow_nan=False, ensure_ascii=False) + "\n"


def parse_production(text: str, where: str) -> Production:
    """Return the state that `text` holds.

    Raises
    ------
    MergelineError
        If it is not JSON, or not of the schema.
    """
    try:
        content = json.loads(text)
    except ValueError as error:
        raise _refuse(f"the desired state is not JSON: {error}", where) from error
    check_production(content, where)
    shadow = content["shadow"]
    return Production(
        service=content["service"],
        variants=tuple(Variant(**variant) for variant in content["variants"]),
        shadow=Variant(**shadow) if shadow else None,
        **{key: content[key] for key in ("author", "reason", "verdict", "at")},
    )


def check_production(content: Any, where: str) -> None:
    """Return if `content` fits the schema, its weights add up to 100 and no name stands twice; else raise."""
    # Imported here: whoever only reads the types needs no validator.
    from jsonschema import Draft202012Validator

    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    faults = sorted(Draft202012Validator(schema).iter_errors(content), key=lambda fault: list(map(str, fault.path)))
    if faults:
        place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in faults[0].path)
        raise _refuse(
            f"the desired state is not of its form at '{place.lstrip('.')}': {faults[0].message[:200]}", where
        )
    total = sum(variant["weight"] for variant in content["variants"])
    if total != 100:
        raise _refuse(f"the weights add up to {total}, not to 100 percent", where)
    names = [variant["name"] for variant in (*content["variants"], *filter(None, [content["shadow"]]))]
    if len(set(names)) < len(names):
        raise _refuse(f"a name stands twice: {', '.join(names)}", where)


def read_production(folder: Path = Path()) -> Production | None:
    """Return the newest desired state that this clone knows of, None if nothing was ever deployed.

    Raises
    ------
    MergelineError
        If it is not of its form, or the branch here and that at origin went different ways.
    """
    tip = find_branch(folder)
    text = read_file(tip, FILE, folder) if tip else None
    return None if text is None else parse_production(text, f"{FILE} on branch {BRANCH} at {tip:.12}")


def read_history(folder: Path = Path()) -> list[tuple[str, Production]]:
    """Return the commits of the branch that hold a desired state, with that state, newest first.

    One that is not of its form is passed over: it can be left behind, and must not stop whoever wants to leave it.
    """
    tip = find_branch(folder)
    commits = run_git("rev-list", "--first-parent", tip, "--", FILE, folder=folder).splitlines() if tip else []
    states = []
    for commit in commits:
        text = read_file(commit, FILE, folder)
        try:
            states.append((commit, parse_production(text or "", commit)))
        except MergelineError:
            continue
    return states


def read_file(commit: str, name: str, folder: Path = Path()) -> str | None:
    """Return the content of a file at the top of `commit`'s tree, None if it has none."""
    if not run_git("ls-tree", "--name-only", commit, name, folder=folder):
        return None
    return run_git("cat-file", "blob", f"{commit}:{name}", folder=folder) + "\n"


def _refuse(what: str, where: str) -> MergelineError:
    return MergelineError(what, where=where, fix="restore a state that worked: make rollback TO=previous")
