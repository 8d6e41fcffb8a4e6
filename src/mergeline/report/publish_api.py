"""Talking to GitHub's REST API from the job that comments: standard library only, one message per cause.

Nothing here is yours to edit. The job runs on the default branch with nothing installed, so this module and its
neighbours `publish*.py` import the standard library alone. The address comes from `GITHUB_API_URL`, which also makes
it work on GitHub Enterprise and in the rehearsal.
"""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from http.client import HTTPResponse
from typing import Any
from urllib.parse import urlencode

from mergeline.errors import MergelineError

PAGE = 100
TIMEOUT = 30
NO_CONTENT = 204
ATTEMPTS = 3
FIXES = {
    401: "pass the job's token: `GITHUB_TOKEN: ${{ github.token }}`",
    403: "give the job the permission that this call needs (`permissions:` in the workflow file)",
    404: "give the job the permission that this call needs, or check that the object still exists",
    422: "GitHub does not take this content; its message stands above",
}
AGAIN = "GitHub did not answer; run the job again"


class Api:
    """One repository's REST API.

    Parameters
    ----------
    base : str
        Address of the API, as in `GITHUB_API_URL`.
    repository : str
        "owner/name".
    token : str
        The job's token; sent to `base` and nowhere else.
    wait : callable
        Called with seconds between two attempts.
    """

    def __init__(self, base: str, repository: str, token: str, wait: Callable[[float], None] = time.sleep) -> None:
        self.base = base.rstrip("/")
        self.repository = repository
        self._token = token
        self._wait = wait

    def get(self, path: str, **query: str | int) -> Any:
        """Return the JSON answer of a GET below the repository; tried again where the fault is GitHub's."""
        for attempt in range(1, ATTEMPTS):
            try:
                return self._call("GET", self._address(path, query))
            except MergelineError as error:
                if error.fix != AGAIN:
                    raise
                self._wait(2.0**attempt)
        return self._call("GET", self._address(path, query))

    def get_pages(self, path: str, limit: int = 50, **query: str | int) -> list[dict[str, Any]]:
        """Return the items of all pages of a list, at most `limit` pages of 100."""
        items: list[dict[str, Any]] = []
        for page in range(1, limit + 1):
            found = self.get(path, per_page=PAGE, page=page, **query)
            items += found
            if len(found) < PAGE:
                break
        return items

    def send(self, method: str, path: str, content: Mapping[str, Any]) -> Any:
        """Return the JSON answer of a POST or PATCH below the repository, None if it has none; never sent twice."""
        return self._call(method, self._address(path, {}), json.dumps(content).encode())

    def download(self, path: str, limit: int) -> bytes:
        """Return at most `limit` + 1 bytes of a file that the API redirects to.

        The token is not passed on: the redirect leads to a storage host, which refuses it.
        """
        opener = urllib.request.build_opener(_NoRedirect)
        try:
            with opener.open(self._request("GET", self._address(path, {})), timeout=TIMEOUT) as answer:
                return _read(answer, limit)
        except urllib.error.HTTPError as error:
            if error.code not in (301, 302, 303, 307, 308):
                raise _refused(error, "GET", path) from error
            target = error.headers["Location"]
        except OSError as error:
            raise _silent(error, "GET", path) from error
        try:
            with urllib.request.urlopen(target, timeout=TIMEOUT) as answer:
                return _read(answer, limit)
        except OSError as error:
            raise _silent(error, "GET", f"the storage behind {path}") from error

    def _address(self, path: str, query: Mapping[str, str | int]) -> str:
        return f"{self.base}/repos/{self.repository}/{path}" + (f"?{urlencode(query)}" if query else "")

    def _request(self, method: str, address: str, content: bytes | None = None) -> urllib.request.Request:
        headers = {
            "Authorization": f"Bearer {self._token}",
            "Accept": "application/vnd.github+json",
            "Content-Type": "application/json",
            "User-Agent": "mergeline",
        }
        return urllib.request.Request(address, data=content, method=method, headers=headers)

    def _call(self, method: str, address: str, content: bytes | None = None) -> Any:
        shown = address.removeprefix(self.base)
        try:
            with urllib.request.urlopen(self._request(method, address, content), timeout=TIMEOUT) as answer:
                return None if answer.status == NO_CONTENT else json.load(answer)
        except urllib.error.HTTPError as error:
            raise _refused(error, method, shown) from error
        except (OSError, ValueError) as error:
            raise _silent(error, method, shown) from error


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        return None


def _read(answer: HTTPResponse, limit: int) -> bytes:
    return answer.read(limit + 1)


def _refused(error: urllib.error.HTTPError, method: str, path: str) -> MergelineError:
    try:
        message = json.load(error).get("message", "")
    except (OSError, ValueError, AttributeError):
        message = ""
    what = f"GitHub refused {method} {path}: {error.code} {message or error.reason}"
    return MergelineError(what, where=f"{method} {path}", fix=FIXES.get(error.code, AGAIN))


def _silent(error: Exception, method: str, path: str) -> MergelineError:
    return MergelineError(f"no answer to {method} {path}: {error}", where=f"{method} {path}", fix=AGAIN)
