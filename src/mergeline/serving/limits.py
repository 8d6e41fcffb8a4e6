"""What one caller may ask of the service; everything beyond is refused with the limit named.

Nothing here is yours to edit unless your rows are larger than these: docs/serving.md says what each is for.
"""

BODY_BYTES = 8 * 2**20
"""Largest request body (bytes)."""

ROWS = 5_000
"""Most rows in one request."""

TEXT = 256
"""Longest category, key or row id (characters)."""

NUMBER = 2.0**53
"""Largest magnitude of a number: beyond it float64 no longer tells neighbouring whole numbers apart."""

HEAD_BYTES = 16 * 2**10
"""Largest request line with its headers (bytes)."""

WAIT_SECONDS = 10.0
"""How long a client may take to send a request, or to take its answer (s); `--patience` says otherwise."""

IDLE_SECONDS = 75
"""How long an open connection may stay without a request (s); longer than the 60 s of usual load balancers."""

CONNECTIONS = 1_000
"""Open connections; further ones get 503 at once."""

THREAD_BYTES = 64 * 2**10
"""Bodies larger than this are scored on a thread beside the event loop, so that single rows need not wait (bytes)."""

LOG_QUEUE_ROWS = 20_000
"""Predictions that may wait to be written to the log; further ones are dropped and counted."""

SHADOW_QUEUE_ROWS = 5_000
"""Rows that may wait for the shadow model; further ones are dropped and counted."""
