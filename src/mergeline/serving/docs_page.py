"""The page at /docs: how to call the service, drawn from the contract, without a script or a foreign address.

Nothing here is yours to edit. FastAPI's own page loads its script from a content network: blank offline, and a third
party's code in the browser of whoever looks.
"""

import json
from html import escape

from mergeline.bundle.features import FeatureSpec
from mergeline.serving.deployment import Deployment
from mergeline.serving.limits import BODY_BYTES, ROWS
from mergeline.serving.openapi import make_example

STYLE = """body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222}
pre{background:#f4f4f4;padding:.8rem;overflow-x:auto}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.25rem .6rem;border-bottom:1px solid #ddd;vertical-align:top}"""
PATHS = (
    ("POST /predict", f"a score for one row, or for up to {ROWS:,} rows (at most {BODY_BYTES // 2**20} MiB)"),
    ("GET /health/live", "200 while the process is up"),
    ("GET /health/ready", "200 once a model serves, else 503 with the reason"),
    ("GET /version", "which bundles serve, since when, and why the desired state is not taken in"),
    ("GET /metrics", "Prometheus"),
    ("GET /openapi.json", "this page for tools"),
)


def render_page(deployment: Deployment | None, address: str) -> str:
    """Return the page in HTML for the service at `address`."""
    name = deployment.state.service if deployment else "no model serves yet"
    parts = [f"<h1>{escape(name)}</h1>", _table(("call", "answer"), PATHS)]
    if deployment:
        body = json.dumps(make_example(deployment.contract), ensure_ascii=False)
        command = f"curl -s {address}/predict -H 'content-type: application/json' \\\n  -d '{body}'"
        rows = [_describe(feature) for feature in deployment.contract.features.values()]
        parts += [
            "<h2>Try it</h2>",
            f"<pre>{escape(command)}</pre>",
            "<p>Many rows: <code>{&quot;rows&quot;: [{&quot;inputs&quot;: {…}}, …]}</code>. With each row may stand "
            "<code>key</code> (chooses the variant) and <code>row_id</code> (kept in the log).</p>",
            "<h2>Inputs</h2><p>Any may be null or left out: that is a missing value, as in training.</p>",
            _table(("name", "kind", "meaning", "unit", "seen in training"), rows),
        ]
    head = f"<meta charset=utf-8><meta name=viewport content='width=device-width'><title>{escape(name)}</title>"
    return f"<!doctype html><html lang=en><head>{head}<style>{STYLE}</style></head><body>{''.join(parts)}</body></html>"


def _describe(feature: FeatureSpec) -> tuple[str, ...]:
    if feature.categories is not None:
        shown = ", ".join(feature.categories[:8])
        seen = f"{shown}, … ({len(feature.categories)})" if len(feature.categories) > 8 else shown
    else:
        seen = "" if feature.low is None else f"{feature.low:g} to {feature.high:g}"
    kind = "text" if feature.kind == "categorical" else "number"
    return feature.name, kind, feature.description, feature.unit, seen


def _table(heads: tuple[str, ...], rows: object) -> str:
    lines = [f"<tr>{''.join(f'<th>{escape(head)}</th>' for head in heads)}</tr>"]
    lines += [f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows]  # type: ignore[attr-defined]
    return f"<table>{''.join(lines)}</table>"
