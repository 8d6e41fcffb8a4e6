"""Monitoring the deployed model by its prediction log: drift, quality, traffic, broken contracts.

Nothing here is yours to edit: the limits are in `params.yaml`, group `monitor`; docs/monitoring.md explains them.
"""

import argparse
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mergeline.bundle.read import read_bundle
from mergeline.command import run
from mergeline.errors import MergelineError
from mergeline.files import write_json, write_text
from mergeline.monitoring.alarm import Alarm, find_alarms
from mergeline.monitoring.history import locking, update_history
from mergeline.monitoring.judge import judge
from mergeline.monitoring.layout import Layout
from mergeline.monitoring.observe import observe
from mergeline.params import load_params

LOG = Path(".mergeline/serving/log")
STORE = Path(".mergeline/serving/store")
OUT = Path("reports/monitoring")


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(prog="python -m mergeline.monitoring.monitor", description=__doc__.splitlines()[0])
    parser.add_argument("--log", type=Path, default=LOG, help="folder of the prediction log (default: %(default)s)")
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--bundle", type=Path, help="monitor the rows of this bundle alone")
    source.add_argument(
        "--store", type=Path, default=STORE, help="monitor the rows of all bundles in this store (default: %(default)s)"
    )
    parser.add_argument("--labels", type=Path, help="folder of Parquet or CSV files with row_id, target, label_at")
    parser.add_argument("--out", type=Path, default=OUT, help="where the reports go (default: %(default)s)")
    parser.add_argument("--now", help="judge as of this moment (ISO 8601, UTC) instead of the present one")
    parser.add_argument("--no-page", action="store_true", help="write monitoring.json and the history alone")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Write monitoring.json, monitoring.html and history.jsonl, print what was found and return 0."""
    options = make_parser().parse_args(argv)
    params = load_params().monitor
    now = parse_moment(options.now) if options.now else datetime.now(UTC)
    layouts = read_layouts([options.bundle] if options.bundle else list_bundles(options.store))
    with tempfile.TemporaryDirectory(prefix="mergeline-monitor-") as scratch, locking(options.out):
        found = observe(options.log, layouts, options.labels, now, params.label_days, Path(scratch))
        report = judge(found, params, now, options.labels is not None)
        history = update_history(options.out, report)
        alarms = find_alarms(history, report["service"]["now"], params)
        report["alarms"] = [vars(alarm) for alarm in alarms]
        report["retrain"] = params.retrain
        write_json(options.out / "monitoring.json", report)
        if not options.no_page:
            # Drawing costs more than monitoring: imported only for the page.
            from mergeline.monitoring.page import render_page

            write_text(options.out / "monitoring.html", render_page(report, history, found.tally, params))
    print(summarise(report, alarms, options.out, not options.no_page))
    return 0


def list_bundles(store: Path) -> list[Path]:
    """Return the bundles in `store`.

    Raises
    ------
    MergelineError
        If there are none.
    """
    found = sorted(path.parent for path in store.glob("*/manifest.json"))
    if not found:
        raise MergelineError(
            "there is no bundle to compare the log with",
            where=str(store),
            fix="serve one first (make serve), or give the bundle: --bundle artifacts/bundle",
        )
    return found


def read_layouts(directories: Sequence[Path]) -> dict[str, Layout]:
    """Return digest to layout of the bundles in `directories`."""
    layouts = [Layout(read_bundle(directory)) for directory in directories]
    return {layout.bundle.digest: layout for layout in layouts}


def parse_moment(text: str) -> datetime:
    """Return the moment that `text` names; without a zone it is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise MergelineError(f"'{text}' is no moment", where="--now", fix="write it as 2026-01-31T12:00:00Z") from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def summarise(report: dict[str, Any], alarms: Sequence[Alarm], out: Path, page: bool) -> str:
    """Return what the command prints."""
    windows = [window for series in report["series"] for window in series["windows"]]
    breaches = sum(check["state"] == "breach" for window in windows for check in window["checks"])
    rows = report["log"]["lines"]
    lines = [f"monitoring: {rows:,} rows, {len(windows)} windows, {breaches} breaches, {len(alarms)} alarms"]
    lines += [f"  alarm: {alarm.name}: {alarm.says}" for alarm in alarms]
    lines += [f"next: open {out / 'monitoring.html'}" if page else f"next: read {out / 'monitoring.json'}"]
    return "\n".join(lines)


if __name__ == "__main__":
    run(main)
