"""Serving: an HTTP service that follows a desired-state file, answers /predict and keeps a prediction log.

Nothing here is yours to edit. It needs the bundles and the state, not the pipeline: neither scikit-learn (but for a
model without a portable form), pandas, polars, DVC nor MLflow is imported. One process, one thread of computation:
more throughput is more replicas.
"""

import argparse
import gc
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from mergeline.command import run
from mergeline.errors import MergelineError
from mergeline.serving.limits import WAIT_SECONDS

SWITCH_SECONDS = 0.0005
"""How long the log and the shadow may keep the interpreter from the event loop (s); Python's own 5 ms shows in p99."""


def make_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(prog="python -m mergeline.serving.serve", description=__doc__.splitlines()[0])
    parser.add_argument("--state", type=Path, required=True, metavar="FILE", help="the desired state, production.json")
    parser.add_argument("--store", type=Path, required=True, metavar="DIR", help="holds <digest>/ for each bundle")
    parser.add_argument("--log", type=Path, required=True, metavar="DIR", help="where the prediction log is kept")
    parser.add_argument(
        "--log-limit", type=int, default=1024, metavar="MB", help="its largest size (default: %(default)s)"
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=int, default=8000, help="port to listen on, 0 for a free one (default: %(default)s)"
    )
    parser.add_argument(
        "--interval",
        type=float,
        default=0.5,
        metavar="S",
        help="how often the state is looked at (default: %(default)s)",
    )
    parser.add_argument(
        "--patience", type=float, default=WAIT_SECONDS, metavar="S",
        help="how long a client may take to send a request or to read its answer (default: %(default)s)",
    )  # fmt: skip
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Serve until SIGTERM or Ctrl-C, answer what is under way, write the log out, and return 0."""
    options = make_parser().parse_args(argv)
    if options.log_limit < 1:
        raise MergelineError(f"--log-limit is {options.log_limit}", where="the command line", fix="give 1 (MB) or more")
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.INFO, stream=sys.stderr)
    logging.getLogger("asyncio").setLevel(logging.ERROR)
    serve(options)
    return 0


def serve(options: argparse.Namespace) -> None:
    """Serve as `options` say, until a signal."""
    # Before numpy is imported: with more threads than one, a busy neighbour makes each wait for all.
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    from mergeline.serving.app import make_app
    from mergeline.serving.server import Server, bind
    from mergeline.serving.service import Service

    sys.setswitchinterval(SWITCH_SECONDS)
    service = Service(options.state, options.store, options.log, options.log_limit * 2**20, options.interval)
    app = make_app(service)
    # What is here now lives as long as the process: the collector need not walk it again and again.
    gc.freeze()
    with bind(options.host, options.port) as listener:
        Server(app, options.patience).run_on(listener)


if __name__ == "__main__":
    run(main)
