"""What /metrics tells: requests, predictions, scores, breaches, the log, the deployment.

Nothing here is yours to edit; docs/serving.md lists the names. Every figure is about this one process.
"""

from bisect import bisect_left
from collections import Counter as Tally
from collections.abc import Iterator, Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector
from prometheus_client.core import HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
EDGES = tuple(round(0.05 * step, 2) for step in range(1, 21))
DROPPED = ("queue", "disk", "stop")


class Scores(Collector):
    """The histogram of the scores by variant; unlike the client's own it takes a whole batch at once."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._counts: dict[str, list[int]] = {}
        self._sums: Tally[str] = Tally()

    def observe(self, variant: str, score: float) -> None:
        """Count one score."""
        with self._lock:
            self._counts.setdefault(variant, [0] * len(EDGES))[min(bisect_left(EDGES, score), len(EDGES) - 1)] += 1
            self._sums[variant] += score  # type: ignore[assignment]

    def observe_many(self, variant: str, scores: NDArray[np.float64]) -> None:
        """Count all of `scores`, shape (n,)."""
        places = np.minimum(np.searchsorted(EDGES, scores), len(EDGES) - 1)
        added = np.bincount(places, minlength=len(EDGES)).tolist()
        with self._lock:
            counts = self._counts.setdefault(variant, [0] * len(EDGES))
            self._counts[variant] = [old + new for old, new in zip(counts, added, strict=True)]
            self._sums[variant] += float(scores.sum())  # type: ignore[assignment]

    def collect(self) -> Iterator[Metric]:
        """Yield the histogram in Prometheus' form."""
        family = HistogramMetricFamily("mergeline_score", "Scores that were answered", labels=["variant"])
        with self._lock:
            for variant, counts in self._counts.items():
                totals = np.cumsum(counts).tolist()
                bounds = [*map(str, EDGES[:-1]), "+Inf"]
                family.add_metric([variant], list(zip(bounds, totals, strict=True)), self._sums[variant])
        yield family


class Measures:
    """All figures of one service."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self.scores = Scores()
        registry.register(self.scores)
        self.requests = Counter("mergeline_requests", "Answers of /predict", ["status"], registry=registry)
        self.seconds = Histogram(
            "mergeline_request_seconds", "Time from the whole body to the answer", buckets=SECONDS, registry=registry
        )
        self.predictions = Counter(
            "mergeline_predictions", "Scored rows", ["variant", "digest", "shadow"], registry=registry
        )
        self.breaches = Counter(
            "mergeline_breaches", "Values outside what training saw", ["feature"], registry=registry
        )
        self.logged = Counter("mergeline_log_rows", "Predictions written to the log", registry=registry)
        self.log_dropped = Counter(
            "mergeline_log_dropped_rows", "Predictions that the log lost, by reason", ["reason"], registry=registry
        )
        self.log_removed = Counter(
            "mergeline_log_removed_files", "Oldest log files removed to keep within the limit", registry=registry
        )
        self.log_failing = Gauge("mergeline_log_failing", "1 while the log cannot be written", registry=registry)
        self.shadow_dropped = Counter(
            "mergeline_shadow_dropped_rows", "Rows that the shadow model did not get to", registry=registry
        )
        self.switches = Counter(
            "mergeline_deployments", "Desired states taken in, by outcome", ["outcome"], registry=registry
        )
        self.failing = Gauge(
            "mergeline_deployment_failing", "1 while the desired state is not what serves", registry=registry
        )
        self.info = Gauge(
            "mergeline_deployment_weight_percent",
            "Share of the keys by bundle that serves; a shadow has 0",
            ["variant", "version", "digest"],
            registry=registry,
        )
        for outcome in ("switched", "failed"):
            self.switches.labels(outcome)
        for reason in DROPPED:
            self.log_dropped.labels(reason)

    def count_breaches(self, names: Sequence[str]) -> None:
        """Count one breach for each of `names`."""
        for name, count in Tally(names).items():
            self.breaches.labels(name).inc(count)
