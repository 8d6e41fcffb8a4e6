"""Stand-in for actions/download-artifact: an artifact of this run, or by the REST API one of another run.

Nothing here is yours to edit. As on GitHub, another run's artifact needs `run-id`, `github-token` and `actions: read`.
"""

import io
import json
import os
import zipfile
from pathlib import Path
from urllib.parse import quote

from mergeline.rehearsal.standins.common import call, fail, read_input, set_output


def main() -> None:
    """Unpack the artifact that the inputs `name`, `run-id` and `github-token` say into `path`."""
    name, token = read_input("name"), read_input("github-token")
    run = read_input("run-id") or os.environ["GITHUB_RUN_ID"]
    if token:
        api = f"{os.environ['GITHUB_API_URL']}/repos/{read_input('repository')}/actions"
        listed = json.loads(call("GET", f"{api}/runs/{run}/artifacts?name={quote(name)}", token))["artifacts"]
        if not listed:
            fail(f"Artifact not found for name: {name}")
        content = call("GET", listed[-1]["archive_download_url"], token)
    else:
        address = f"{os.environ['ACTIONS_RESULTS_URL']}artifacts/{run}/{quote(name)}"
        content = call("GET", address, os.environ["ACTIONS_RUNTIME_TOKEN"])
    folder = Path(read_input("path") or ".")
    with zipfile.ZipFile(io.BytesIO(content)) as opened:
        opened.extractall(folder)
    set_output("download-path", str(folder.resolve()))
    print(f"downloaded '{name}' of run {run}: {len(content)} bytes")


if __name__ == "__main__":
    main()
