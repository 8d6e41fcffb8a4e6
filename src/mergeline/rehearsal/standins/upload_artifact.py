"""Stand-in for actions/upload-artifact: files, zipped from the folder they have in common.

Nothing here is yours to edit.
"""

import io
import json
import os
import zipfile
from pathlib import Path

from mergeline.rehearsal.standins.common import call, fail, read_input, set_output


def main() -> None:
    """Upload what the inputs `path` and `name` say."""
    patterns = [line.strip() for line in read_input("path").splitlines() if line.strip()]
    root, files = find_files(patterns)
    if not files:
        message = f"No files were found with the provided path: {', '.join(patterns)}"
        policy = read_input("if-no-files-found") or "warn"
        if policy == "error":
            fail(message)
        print(f"::warning::{message}" if policy == "warn" else message)
        return
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        for path in files:
            opened.write(path, path.relative_to(root))
    name, run = read_input("name") or "artifact", os.environ["GITHUB_RUN_ID"]
    address = f"{os.environ['ACTIONS_RESULTS_URL']}artifacts/{run}/{name}"
    answer = call("PUT", address, os.environ["ACTIONS_RUNTIME_TOKEN"], archive.getvalue())
    set_output("artifact-id", str(json.loads(answer)["id"]))
    print(f"uploaded '{name}': {len(files)} files, {archive.tell()} bytes")


def find_files(patterns: list[str]) -> tuple[Path, list[Path]]:
    """Return the folder that all `patterns` have in common, and the files they name; hidden ones are left out."""
    found: set[Path] = set()
    for pattern in patterns:
        for path in Path().glob(pattern.rstrip("/")):
            found |= {inner for inner in path.rglob("*") if inner.is_file()} if path.is_dir() else {path}
    visible = sorted(path for path in found if not any(part.startswith(".") for part in path.parts))
    fixed = [
        pattern.split("*")[0].rpartition("/")[0] if "*" in pattern else pattern.rstrip("/") for pattern in patterns
    ]
    if len(fixed) == 1 and not Path(fixed[0]).is_dir():
        fixed = [str(Path(fixed[0]).parent)]
    return Path(os.path.commonpath(fixed)) if all(fixed) else Path(), visible


if __name__ == "__main__":
    main()
