"""The OpenAPI document, derived from the contract that decodes the requests: the two cannot differ.

Nothing here is yours to edit: units and descriptions of the inputs are those of `src/usecase/features.py`.
"""

from typing import Any

import msgspec

from mergeline.serving.contract import Contract
from mergeline.serving.deployment import Deployment
from mergeline.serving.faults import Fault
from mergeline.serving.limits import BODY_BYTES, ROWS
from mergeline.serving.predict import Prediction, Predictions

JSON = "application/json"
REFUSALS = {
    405: "Another method than POST",
    413: f"The body is larger than {BODY_BYTES} bytes",
    415: "The body is compressed",
    422: "A field is unknown, of the wrong type or out of bounds; it is named",
    503: "No model serves yet, or too many connections",
}


def build_predict_path(contract: Contract) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the description of POST /predict and the schemas that it refers to."""
    types = [contract.row, contract.rows, Prediction, Predictions, Fault]
    references, schemas = msgspec.json.schema_components(types, ref_template="#/components/schemas/{name}")
    row, rows, prediction, predictions, fault = references
    refusals = {
        str(status): {"description": text, "content": {JSON: {"schema": fault}}} for status, text in REFUSALS.items()
    }
    post = {
        "summary": "Score one row or many",
        "description": f"One row, or up to {ROWS} rows in `rows`. A missing input is null or left out.",
        "operationId": "predict",
        "requestBody": {"required": True, "content": {JSON: {"schema": {"oneOf": [row, rows]}}}},
        "responses": {
            "200": {
                "description": "A score for the row, or for each row in its order",
                "content": {JSON: {"schema": {"oneOf": [prediction, predictions]}}},
            },
            **refusals,
        },
    }
    return {"post": post}, schemas


def add_predict(document: dict[str, Any], deployment: Deployment | None) -> dict[str, Any]:
    """Return `document` with POST /predict as `deployment` takes it; without one it is described without inputs."""
    contract = deployment.contract if deployment else Contract([])
    path, schemas = build_predict_path(contract)
    parts = document.get("components", {})
    return {
        **document,
        "paths": {"/predict": path, **document["paths"]},
        "components": {**parts, "schemas": {**parts.get("schemas", {}), **schemas}},
    }


def make_example(contract: Contract) -> dict[str, Any]:
    """Return a body of one row: of each input the first category seen, or the middle of the range."""
    inputs: dict[str, Any] = {}
    for feature in contract.features.values():
        if feature.categories:
            inputs[feature.name] = feature.categories[0]
        elif feature.low is not None and feature.high is not None:
            inputs[feature.name] = float(f"{(feature.low + feature.high) / 2:.3g}")
    return {"inputs": inputs}
