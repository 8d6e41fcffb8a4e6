"""Watching the desired state: what it asks for is loaded beside what serves, proven, and put in its place at once.

Nothing here is yours to edit. If it cannot be loaded, what serves goes on serving, and /version, the log and a metric
say why; it is tried again when the file changes, and every few seconds in case the store was late.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

from mergeline.errors import MergelineError
from mergeline.serving.deployment import Deployment, load_deployment
from mergeline.serving.measures import Measures
from mergeline.serving.state import parse_state

logger = logging.getLogger("mergeline.serving")
RETRY_SECONDS = 5.0


@dataclass(frozen=True)
class Problem:
    """Why the desired state is not what serves."""

    what: str
    where: str
    fix: str
    at: str


class Watcher:
    """Keeps `deployment` what the state file asks for.

    Parameters
    ----------
    state, store : Path
        The state file, and the folder of the bundles.
    measures : Measures
        Counts switches and failures.
    interval : float
        How often the file is looked at (s).
    load : callable
        Makes a deployment of a state; `load_deployment` unless a test says otherwise.

    Attributes
    ----------
    deployment : Deployment or None
        What serves; None until a first state could be loaded.
    problem : Problem or None
        Why it is not what the file asks for.
    """

    def __init__(
        self,
        state: Path,
        store: Path,
        measures: Measures,
        interval: float = 0.5,
        load: Callable[..., Deployment] = load_deployment,
    ) -> None:
        self.deployment: Deployment | None = None
        self.problem: Problem | None = None
        self._state = state
        self._store = store
        self._measures = measures
        self._interval = interval
        self._load = load
        self._seen: tuple[int, ...] | None = ()
        self._served: bytes | None = None
        self._retry_at = 0.0
        self._previous: Deployment | None = None
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="watcher", daemon=True)

    def start(self) -> None:
        """Load what the file asks for, then watch it on a thread."""
        self.check()
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(self._interval + 10)

    def check(self) -> None:
        """Look at the file once, and take in what it asks for if that is new or failed before."""
        seen = self._look()
        if seen == self._seen and not (self.problem and time.monotonic() >= self._retry_at):
            return
        self._seen = seen
        try:
            self._take_in()
        except MergelineError as error:
            self._fail(error)
        except OSError as error:
            self._fail(MergelineError(f"{error.strerror}", where=str(error.filename), fix="mend it; it is tried again"))
        except Exception as error:  # whatever a bundle does on loading, what serves must go on serving
            logger.exception("loading failed")
            fix = "roll back to a state that worked; the service's log has the traceback"
            self._fail(MergelineError(f"loading failed: {error!r}", where=str(self._state), fix=fix))

    def _run(self) -> None:
        while not self._stopping.wait(self._interval):
            self.check()

    def _look(self) -> tuple[int, ...] | None:
        try:
            stat = self._state.stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_size, stat.st_ino

    def _take_in(self) -> None:
        try:
            content = self._state.read_bytes()
        except FileNotFoundError as error:
            raise MergelineError(
                "there is no desired state",
                where=str(self._state),
                fix="deploy one: `make serve` or the deploy command",
            ) from error
        if content != self._served:
            state = parse_state(content, self._state)
            known = {}
            for deployment in (self._previous, self.deployment):
                known.update(deployment.bundles if deployment else {})
            self._switch(self._load(state, self._store, self._measures, known))
            self._served = content
        self.problem = None
        self._measures.failing.set(0)

    def _switch(self, deployment: Deployment) -> None:
        self._previous, self.deployment = self.deployment, deployment
        self._measures.switches.labels("switched").inc()
        self._measures.info.clear()
        for ready in deployment.everyone:
            weight = getattr(ready.wanted, "weight", 0)
            self._measures.info.labels(ready.name, ready.wanted.version, ready.digest[:12]).set(weight)
            logger.info(
                "serving %s: %s %s (%s), %s percent, form %s",
                deployment.state.service, ready.name, ready.wanted.version, ready.digest[:12], weight,
                ready.bundle.form,
            )  # fmt: skip
            if ready.bundle.model.notice:
                logger.warning("%s: %s", ready.name, ready.bundle.model.notice)

    def _fail(self, error: MergelineError) -> None:
        if self.problem is None or self.problem.what != error.what:
            serving = "the deployment before goes on serving" if self.deployment else "nothing serves yet"
            logger.error("the desired state is not taken in (%s)\n%s", serving, error)
            self._measures.switches.labels("failed").inc()
        at = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        self.problem = Problem(error.what, error.where, error.fix, at)
        self._measures.failing.set(1)
        self._retry_at = time.monotonic() + RETRY_SECONDS
