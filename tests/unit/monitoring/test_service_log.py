"""Tests that the log that the service writes is the log that the monitor reads."""

import time
from pathlib import Path

from mergeline.bundle.read import read_bundle
from mergeline.monitoring.layout import Layout
from mergeline.monitoring.log_lines import LogState, read_log
from mergeline.monitoring.tally import Key, Tally
from mergeline.serving.contract import Contract
from mergeline.serving.log_files import LogFiles
from mergeline.serving.measures import Measures
from mergeline.serving.prediction_log import Line, PredictionLog


def test_what_the_service_logs_is_counted(tmp_path: Path, bundle: Path) -> None:
    """A request is decoded, logged and counted: the value it gave, the breach, and what it left out as missing."""
    opened = read_bundle(bundle)
    row, _ = Contract(opened.features).decode(b'{"inputs": {"carrier": "ZZ", "distance": 700}, "row_id": "r"}')
    line = Line(
        "1", time.time(), None, row.row_id, "champion", opened.digest, False, row.inputs, 0.5, 0.1, ("carrier",)
    )
    log = PredictionLog(LogFiles(tmp_path, 2**20), Measures())
    log.start()
    log.put([line])
    log.stop()

    state, layout = LogState(), Layout(opened)
    tally = Tally({opened.digest: layout})
    kinds = {block.name: block.kind for block in layout.features}
    for frame, raw in read_log(tmp_path, kinds, state):
        tally.add(frame, raw)
    assert (state.lines, state.unreadable) == (1, 0)
    (day,) = tally.days[Key(opened.digest, False)].values()
    places = {block.name: day.counts[block.start : block.stop] for block in layout.blocks}
    assert places["carrier"].tolist() == [0, 0, 0, 0, 1]
    assert (places["distance"][0], places["wind"][0], places["gust"][0]) == (0, 1, 1)
    assert (day.rows, day.score_sum, day.breaches, day.absent) == (1, 0.5, {"carrier": 1}, {})
    assert day.unseen == {"carrier": {"ZZ"}}
