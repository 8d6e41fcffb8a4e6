"""The stand-in's answers about the repository, pull requests and comments.

Nothing here is yours to edit. Permissions follow GitHub's reference "Permissions required for GitHub Apps".
"""

from collections.abc import Callable
from typing import Any

from mergeline.rehearsal.events import describe_repository
from mergeline.rehearsal.hub import Answer, Hub, Refusal, Request, check_body

Handler = Callable[..., Answer]
COMMENTING = ("issues", "pull-requests")


def get_user(hub: Hub, request: Request, login: str) -> Answer:
    """Answer who `login` is; needs no permission."""
    return Answer({"login": login, "id": 1, "type": "Bot" if login.endswith("[bot]") else "User"})


def get_repository(hub: Hub, request: Request) -> Answer:
    """Answer what the repository is: what a checkout asks first."""
    hub.require(request, ("contents",), "read")
    return Answer(describe_repository())


def list_pulls(hub: Hub, request: Request) -> Answer:
    """Answer the pull requests, newest first, filtered by state, head ("owner:branch") and base."""
    hub.require(request, ("pull-requests",), "read")
    query = request.query
    state, head, base = query.get("state", "open"), query.get("head", ""), query.get("base", "")

    def passes(pull: dict[str, Any]) -> bool:
        owner = pull["head"]["repo"]["owner"]["login"]
        from_there = not head or head == f"{owner}:{pull['head']['ref']}"
        return from_there and state in ("all", pull["state"]) and base in ("", pull["base"]["ref"])

    return page(request, [pull for _, pull in sorted(hub.pulls.items(), reverse=True) if passes(pull)])


def get_pull(hub: Hub, request: Request, number: str) -> Answer:
    """Answer one pull request."""
    hub.require(request, ("pull-requests",), "read")
    if int(number) not in hub.pulls:
        raise Refusal(404, "Not Found")
    return Answer(hub.pulls[int(number)])


def list_comments(hub: Hub, request: Request, number: str) -> Answer:
    """Answer the comments on a pull request, oldest first, 30 a page unless told."""
    hub.require(request, COMMENTING, "read")
    return page(request, hub.comments_on(int(number)))


def add_comment(hub: Hub, request: Request, number: str) -> Answer:
    """Add a comment."""
    hub.require(request, COMMENTING, "write")
    if int(number) not in hub.pulls:
        raise Refusal(404, "Not Found")
    return Answer(hub.add_comment(int(number), request.content["body"]), status=201)


def edit_comment(hub: Hub, request: Request, number: str) -> Answer:
    """Replace the text of a comment, whoever wrote it: a token that may write may do that."""
    hub.require(request, COMMENTING, "write")
    found = next((comment for comment in hub.comments if comment["id"] == int(number)), None)
    if found is None:
        raise Refusal(404, "Not Found")
    check_body(request.content["body"])
    found["body"] = request.content["body"]
    return Answer(found)


def page(request: Request, items: list[dict[str, Any]]) -> Answer:
    """Answer one page of `items`."""
    size, number = min(100, int(request.query.get("per_page", 30))), int(request.query.get("page", 1))
    return Answer(items[(number - 1) * size : number * size])


ROUTES: tuple[tuple[str, str, Handler], ...] = (
    ("GET", r"/users/([^/]+)", get_user),
    ("GET", r"/repos/R", get_repository),
    ("GET", r"/repos/R/pulls", list_pulls),
    ("GET", r"/repos/R/pulls/(\d+)", get_pull),
    ("GET", r"/repos/R/issues/(\d+)/comments", list_comments),
    ("POST", r"/repos/R/issues/(\d+)/comments", add_comment),
    ("PATCH", r"/repos/R/issues/comments/(\d+)", edit_comment),
)
