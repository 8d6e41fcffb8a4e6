"""Reading the report out of an artifact that nobody vouches for: shape and size are checked before a word is used.

Nothing here is yours to edit. The pull request's own code wrote the artifact, so it is data: nothing of it is run,
unpacked to disk or trusted to say which pull request it belongs to.
"""

import io
import zipfile

from mergeline.errors import MergelineError
from mergeline.report.publish_api import Api

ARTIFACT = "report"
MEMBER = "report.md"
MAX_ARCHIVE = 20 * 2**20
MAX_MEMBERS = 500
MAX_REPORT = 60_000  # bytes; GitHub takes 65,536 characters, the frame around the report and its escapes need some


def fetch_report(api: Api, run: int) -> str | None:
    """Return the report that workflow run `run` left, or None if it left none.

    Raises
    ------
    MergelineError
        If the artifact is too large, not a zip file, or holds no readable `report.md` of at most 60,000 bytes.
    """
    listed = api.get(f"actions/runs/{run}/artifacts", name=ARTIFACT)["artifacts"]
    found = [item for item in listed if item["name"] == ARTIFACT and not item.get("expired")]
    if not found:
        return None
    newest = max(found, key=lambda item: item["id"])
    if newest["size_in_bytes"] > MAX_ARCHIVE:
        raise refuse(f"the artifact has {newest['size_in_bytes']} bytes, more than {MAX_ARCHIVE}")
    archive = api.download(f"actions/artifacts/{newest['id']}/zip", MAX_ARCHIVE)
    if len(archive) > MAX_ARCHIVE:
        raise refuse(f"the artifact has more than {MAX_ARCHIVE} bytes")
    return read_report(archive)


def read_report(archive: bytes) -> str:
    """Return the text of `report.md` in the zip file `archive`.

    Raises
    ------
    MergelineError
        If the archive is not a zip file or too full, or the report is missing, twice there, too large or not UTF-8.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            members = opened.infolist()
            if len(members) > MAX_MEMBERS:
                raise refuse(f"the artifact holds {len(members)} files, more than {MAX_MEMBERS}")
            reports = [member for member in members if member.filename == MEMBER]
            if len(reports) != 1:
                raise refuse(f"the artifact holds {len(reports)} files named {MEMBER}, not one")
            with opened.open(reports[0]) as handle:
                content = handle.read(MAX_REPORT + 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise refuse(f"the artifact cannot be read: {error}") from error
    if len(content) > MAX_REPORT:
        raise refuse(f"{MEMBER} has more than {MAX_REPORT} bytes")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise refuse(f"{MEMBER} is not UTF-8 text: {error.reason} at byte {error.start}") from error


def refuse(reason: str) -> MergelineError:
    """Return the error for a report that is not shown."""
    return MergelineError(
        reason,
        where=f"artifact '{ARTIFACT}' of the checked run",
        fix="the pull request's own code wrote it: let `make report` write reports/report.md, and change nothing in it",
    )
