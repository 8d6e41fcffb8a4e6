"""The parts of the service, put together, and started and stopped in the right order.

Nothing here is yours to edit.
"""

import logging
from pathlib import Path

from mergeline.serving.log_files import LogFiles
from mergeline.serving.measures import Measures
from mergeline.serving.predict import Predict
from mergeline.serving.prediction_log import PredictionLog
from mergeline.serving.shadow import ShadowScorer
from mergeline.serving.watcher import Watcher

logger = logging.getLogger("mergeline.serving")


class Service:
    """Everything that one process serves with.

    Parameters
    ----------
    state, store, log : Path
        The state file, the folder of the bundles, the folder of the prediction log.
    log_limit : int
        Largest total of the log's files (bytes).
    interval : float
        How often the state file is looked at (s).
    """

    def __init__(self, state: Path, store: Path, log: Path, log_limit: int, interval: float = 0.5) -> None:
        self.measures = Measures()
        self.log = PredictionLog(LogFiles(log, log_limit), self.measures)
        self.shadow = ShadowScorer(self.log, self.measures)
        self.watcher = Watcher(state, store, self.measures, interval)
        self.predict = Predict(self.watcher, self.log, self.shadow, self.measures)
        self._stopping = False

    def start(self) -> None:
        """Load what should serve, and start the threads."""
        self.watcher.start()
        self.log.start()
        self.shadow.start()

    def stop(self) -> None:
        """Stop the threads once nothing is left to write."""
        self._stopping = True
        self.watcher.stop()
        self.shadow.stop()
        self.log.stop()
        logger.info("stopped; every prediction that was answered is in the log, or counted as dropped above")

    def explain_not_ready(self) -> str:
        """Return why no request should come here, or nothing."""
        if self._stopping:
            return "the service is stopping"
        if self.watcher.deployment is None:
            return self.watcher.problem.what if self.watcher.problem else "no model serves yet"
        return ""
