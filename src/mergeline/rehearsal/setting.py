"""Setting the scene of a rehearsal: scratch folders, the repository as it is now, tools, caches, and the stand-in hub.

Nothing here is yours to edit.
"""

import os
import ssl
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from mergeline.rehearsal.act import find_act
from mergeline.rehearsal.borrowed import borrow
from mergeline.rehearsal.environment import lay_out_pythons, make_base, make_folder, make_git, probe
from mergeline.rehearsal.hub import Hub
from mergeline.rehearsal.hub_server import make_certificate, serving
from mergeline.rehearsal.repository import Repository
from mergeline.rehearsal.runner import Runner
from mergeline.rehearsal.seed import list_cached_paths, seed_cache
from mergeline.rehearsal.simulation import Simulation
from mergeline.rehearsal.standins.cache import copy
from mergeline.rehearsal.tools import lay_out_cml
from mergeline.rehearsal.workflows import load_workflows

SRC = Path(__file__).resolve().parents[2]


@contextmanager
def simulating(
    source: Path,
    scratch: Path,
    *,
    given: Mapping[str, str] = os.environ,
    environments: Sequence[Path] = (),
    cml: Path | str = "stand-in",
    extra: Mapping[str, str] | None = None,
    variables: Mapping[str, str] | None = None,
    limit: float = 3600,
    say: Callable[[str], None] = print,
) -> Iterator[Simulation]:
    """Yield a simulation of the repository whose checkout is `source`, in the empty folder `scratch`.

    Parameters
    ----------
    source, scratch : Path
        The checkout, which is only read, and where everything lies.
    given : dict
        This process's environment; jobs get little of it.
    environments : list of Path
        Python environments whose packages jobs may borrow, one per Python version; the first is the default.
    cml : Path or str
        A real `cml`, "stand-in", or "missing".
    extra : dict
        Environment variables that jobs get on top.
    variables : dict
        Variables of the repository (`vars`).
    limit : float
        Seconds after which a workflow run is ended.
    say : callable
        Gets a line per run.
    """
    scratch = scratch.resolve()
    for name in ("logs", "artifacts", "act", "cache"):
        make_folder(scratch / name)
    versions = lay_out_pythons(make_folder(scratch / "pythons"), environments)
    base = make_base(scratch, given) | dict(extra or {})
    repository = Repository(source.resolve(), scratch, make_git(base))
    hub = Hub(scratch / "artifacts")
    real = isinstance(cml, Path)
    certificate = make_certificate(scratch) if real else None
    own = {
        "REHEARSAL_SRC": str(SRC),
        "REHEARSAL_PYTHON": str(probe(Path(sys.executable))[0]),
        "REHEARSAL_PYTHONS": str(scratch / "pythons"),
        "REHEARSAL_CACHE": str(scratch / "cache"),
        "REHEARSAL_CML": lay_out_cml(cml, scratch, SRC),
        **(trust(certificate[0], scratch) if certificate else {}),
    }
    cached = list_cached_paths(load_workflows(repository.laptop))
    seed_cache(source.resolve(), scratch / "cache", cached)
    for path in cached:
        copy(source / path, repository.laptop / path)
    copy(source / ".mypy_cache", scratch / "mypy")
    if environments and (repository.laptop / "src").is_dir():
        borrow(environments[0].resolve(), repository.laptop / ".venv", repository.laptop / "src")
    with serving(hub, certificate):
        runner = Runner(find_act(given), scratch, repository.origin, hub, base | own, versions, limit, say)
        runner.variables = dict(variables or {})
        yield Simulation(scratch, repository, hub, runner)


def trust(certificate: Path, scratch: Path) -> dict[str, str]:
    """Return the variables by which node and Python trust `certificate` on top of what they trust anyway."""
    usual = ssl.get_default_verify_paths().cafile
    bundle = scratch / "trusted.pem"
    bundle.write_text((Path(usual).read_text() if usual else "") + certificate.read_text())
    return {"NODE_EXTRA_CA_CERTS": str(certificate), "SSL_CERT_FILE": str(bundle)}
