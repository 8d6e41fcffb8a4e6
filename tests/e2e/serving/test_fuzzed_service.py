"""Tests that whatever a client makes of the OpenAPI document, the service answers as the document says."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import not_a_server_error

from e2e.serving.process import Process, serving
from unit.serving.bundles import describe_variant, write_bundle, write_state


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


@pytest.fixture
def document(service: Process) -> Any:
    """Return the document as schemathesis reads it."""
    return schemathesis.openapi.from_url(f"http://127.0.0.1:{service.port}/openapi.json")


schema = schemathesis.pytest.from_fixture("document")


@schema.parametrize()
@settings(max_examples=60, suppress_health_check=list(HealthCheck))
def test_the_service_keeps_its_document(case: Any) -> None:
    """No 5xx, no other status or body than documented; what fits the schema is taken, what does not is refused."""
    case.call_and_validate(timeout=10, excluded_checks=[])


@schema.include(path="/predict").parametrize()
@settings(max_examples=200, suppress_health_check=list(HealthCheck))
def test_predict_never_fails_on_the_server_side(case: Any) -> None:
    """Many more requests to the one call that computes."""
    case.call_and_validate(timeout=10, checks=[not_a_server_error])


def test_the_service_came_through(service: Process) -> None:
    """After all that it is up, ready and has answered no request with 500."""
    assert service.call("GET", "/health/ready")[0] == 200
    assert service.get_figures()["mergeline_requests_total", ("500",)] == 0


def test_the_log_holds_what_was_answered(service: Path | Process) -> None:
    """Odd texts and numbers were written as JSON lines that can be read again."""
    from unit.serving.bundles import read_log

    assert isinstance(service, Process)
    service.wait_for(lambda: service.get_figures()["mergeline_log_rows_total", ()] > 0)
    assert read_log(service.log)
