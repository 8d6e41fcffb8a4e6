"""The service as an ASGI application: FastAPI for everything but the hot path.

Nothing here is yours to edit.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from mergeline.serving.docs_page import render_page
from mergeline.serving.openapi import add_predict
from mergeline.serving.service import Service

VERSION = "1"
PATHS = "/predict, /health/live, /health/ready, /metrics, /version, /docs, /openapi.json"


class Health(BaseModel):
    """Whether the service can answer."""

    status: str
    reason: str = ""


class Version(BaseModel):
    """What serves, and why it is not what was asked for."""

    deployment: dict[str, Any] | None
    since: str | None
    problem: dict[str, str] | None


class Api(FastAPI):
    """FastAPI, with /predict taken out of its way and put into its OpenAPI document."""

    service: Service

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] == "http" and scope["path"] == "/predict":
            await self.service.predict(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    def openapi(self) -> dict[str, Any]:
        """Return the document for what serves now."""
        return add_predict(super().openapi(), self.service.watcher.deployment)


def make_app(service: Service) -> Api:
    """Return the application of `service`, which starts and stops with it."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        service.start()
        yield
        service.stop()

    api = Api(title="Mergeline", version=VERSION, docs_url=None, redoc_url=None, lifespan=lifespan)
    api.service = service
    api.add_exception_handler(HTTPException, _refuse)
    _add_routes(api, service)
    return api


def _add_routes(api: Api, service: Service) -> None:
    @api.get("/health/live", summary="Is the process up?")
    async def live() -> Health:
        return Health(status="live")

    @api.get("/health/ready", summary="Does a model serve?", responses={503: {"model": Health}})
    async def ready(response: Response) -> Health:
        reason = service.explain_not_ready()
        response.status_code = 503 if reason else 200
        return Health(status="not ready" if reason else "ready", reason=reason)

    @api.get("/version", summary="What serves?")
    async def version() -> Version:
        deployment, problem = service.watcher.deployment, service.watcher.problem
        return Version(
            deployment=deployment.describe() if deployment else None,
            since=f"{datetime.fromtimestamp(deployment.since, UTC):%Y-%m-%dT%H:%M:%SZ}" if deployment else None,
            problem=vars(problem) if problem else None,
        )

    @api.get("/metrics", summary="Figures for Prometheus", response_class=Response)
    async def metrics() -> Response:
        return Response(generate_latest(service.measures.registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    @api.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> HTMLResponse:
        return HTMLResponse(render_page(service.watcher.deployment, str(request.base_url).rstrip("/")))


async def _refuse(_: Request, error: Exception) -> JSONResponse:
    status = getattr(error, "status_code", 500)
    fault = {"what": str(getattr(error, "detail", "failed")), "where": "path", "fix": f"call one of {PATHS}"}
    return JSONResponse(fault, status, headers=getattr(error, "headers", None))
