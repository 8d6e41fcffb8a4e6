"""The desired state: which bundles answer, and which share of the keys each of them gets.

Nothing here is yours to edit. The file is `production.json` of branch `deployments`, laid down by the deploy command;
its form is `deploy/production.schema.json`. The service reads it and never writes it.
"""

from pathlib import Path
from typing import Annotated

import msgspec

from mergeline.errors import MergelineError

FORMAT = 1
FIX = "roll back to a state that worked (`make rollback TO=…`); what serves is kept until then"

Digest = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class Shadow(msgspec.Struct, frozen=True):
    """A bundle that scores every request beside the answer: for the log, never for the caller."""

    name: str
    digest: Digest
    version: str
    commit: str


class Variant(Shadow, frozen=True):
    """A bundle that answers `weight` percent of the keys."""

    weight: Annotated[int, msgspec.Meta(ge=0, le=100)]


class DesiredState(msgspec.Struct, frozen=True):
    """What should serve, and who wanted it so."""

    format: int
    service: str
    variants: Annotated[tuple[Variant, ...], msgspec.Meta(min_length=1)]
    shadow: Shadow | None = None
    author: str = ""
    reason: str = ""
    verdict: str = ""
    at: str = ""


def parse_state(content: bytes, path: Path) -> DesiredState:
    """Return the desired state that `content`, read from `path`, asks for.

    Raises
    ------
    MergelineError
        If it is not JSON of this form or version, two variants share a name, or the weights do not add up to 100.
    """
    try:
        state = msgspec.json.decode(content, type=DesiredState)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MergelineError(f"the desired state cannot be read: {error}", where=str(path), fix=FIX) from error
    if state.format != FORMAT:
        raise MergelineError(
            f"the desired state has format {state.format}, this service reads format {FORMAT}",
            where=str(path),
            fix="serve it with the release of Mergeline that wrote it",
        )
    names = [variant.name for variant in state.variants]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise MergelineError(f"two variants are named '{repeated[0]}'", where=str(path), fix=FIX)
    if (total := sum(variant.weight for variant in state.variants)) != 100:
        raise MergelineError(f"the weights add up to {total}, not to 100 percent", where=str(path), fix=FIX)
    return state
