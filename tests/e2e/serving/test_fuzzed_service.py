"""Tests that whatever a client makes of the OpenAPI document, the service answers as the document says."""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode

from e2e.serving.process import Process, serving
from unit.serving.bundles import describe_variant, read_log, write_bundle, write_state

CALLS = ("POST /predict", "GET /health/live", "GET /health/ready", "GET /version", "GET /metrics")


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """Return a service with a champion and a challenger."""
    folder = tmp_path_factory.mktemp("fuzzed")
    first, second = (write_bundle(folder / "store", score) for score in (0.25, 0.75))
    write_state(
        folder / "production.json", describe_variant("champion", first, 50), describe_variant("challenger", second, 50)
    )
    with serving(folder) as process:
        yield process


@pytest.fixture(scope="module")
def calls(service: Process) -> dict[str, Any]:
    """Return what the document describes, by method and path, as schemathesis reads it."""
    document = schemathesis.openapi.from_url(f"http://127.0.0.1:{service.port}/openapi.json")
    found = [result.ok() for result in document.get_all_operations()]
    return {f"{call.method.upper()} {call.path}": call for call in found}


def test_the_document_describes_every_call(calls: dict[str, Any]) -> None:
    """What is fuzzed below is all there is."""
    assert sorted(calls) == sorted(CALLS)


@pytest.mark.parametrize(
    ("name", "mode"),
    # What takes no input cannot be asked wrongly.
    [(name, GenerationMode.POSITIVE) for name in CALLS] + [("POST /predict", GenerationMode.NEGATIVE)],
)
def test_the_service_keeps_its_document(calls: dict[str, Any], name: str, mode: GenerationMode) -> None:
    """What fits the document is taken, what does not is refused, as documented: never 5xx, another status or body."""
    call = calls[name]
    strategy = call.as_strategy(generation_mode=mode)

    @settings(max_examples=150 if name == "POST /predict" else 10, suppress_health_check=list(HealthCheck))
    @given(case=strategy)
    def ask(case: Any) -> None:
        case.call_and_validate(timeout=10)

    ask()


def test_the_service_came_through(service: Process) -> None:
    """After all that it is ready, has failed no request, and its log can be read."""
    assert service.call("GET", "/health/ready")[0] == 200
    figures = service.get_figures()
    assert figures["mergeline_requests_total", ("500",)] == 0
    assert figures["mergeline_requests_total", ("200",)] > 20
    assert figures["mergeline_requests_total", ("422",)] > 20
    service.wait_for(lambda: service.get_figures()["mergeline_log_rows_total", ()] > 20)
    assert {line["score"] for line in read_log(service.log)} == {0.25, 0.75}
