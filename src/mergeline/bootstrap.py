"""Building `.venv` from the hash-locked requirements; runs under any Python 3, before anything is installed.

Nothing here is yours to edit: packages are chosen in `pyproject.toml` and locked by `make lock`. Standard library only.
`python3 src/mergeline/bootstrap.py` makes `.venv` hold exactly the locked packages, with byte code compiled (without it
the imports of the pipeline take 3 to 10 times longer), and puts `src/` on its path.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

OLDEST, NEWEST = (3, 11), (3, 13)
STAMP = "mergeline-lock.sha256"


def main(argv: "list[str] | None" = None) -> int:
    """Return 0 once the environment holds exactly what the lock names; 1 with a message otherwise."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("--venv", default=".venv", help="where the environment is made (default: %(default)s)")
    parser.add_argument("--lock", default="requirements/dev.lock", help="the lock to install (default: %(default)s)")
    parser.add_argument("--src", default="src", help="folder put on the environment's path (default: %(default)s)")
    options = parser.parse_args(argv)
    if not OLDEST <= sys.version_info[:2] <= NEWEST:
        return fail(
            "Python {}.{} is not supported".format(*sys.version_info[:2]),
            sys.executable,
            "install Python 3.11, 3.12 or 3.13, then: make PYTHON=python3.12",
        )
    venv, lock = Path(options.venv), Path(options.lock)
    wanted = compute_state(lock)
    stamp = venv / STAMP
    if stamp.is_file() and stamp.read_text() == wanted:
        return 0
    started = time.monotonic()
    try:
        build(venv, lock, Path(options.src))
    except subprocess.CalledProcessError as error:
        return fail(
            "the install step failed: {}".format(" ".join(map(str, error.cmd[:6]))),
            str(lock),
            "read the lines above; check the network and the disk, then run the same command again",
        )
    stamp.write_text(wanted)
    print(f"{venv} is ready after {time.monotonic() - started:.0f} s")
    return 0


def compute_state(lock: Path) -> str:
    """Return the digest of what the environment is made from: the lock's bytes and the Python that runs us."""
    return hashlib.sha256(lock.read_bytes() + sys.version.encode()).hexdigest()


def build(venv: Path, lock: Path, src: Path) -> None:
    """Make `venv` hold exactly the packages of `lock`, by uv where it can be had, else by pip."""
    print(f"building {venv} with Python {sys.version.split()[0]} from {lock} (about 30 s with a warm download cache)")
    python = venv / ("Scripts" if os.name == "nt" else "bin") / "python"
    if not is_usable(python):
        shutil.rmtree(venv, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    (venv / STAMP).unlink(missing_ok=True)
    pip = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--require-hashes", "-r"]
    has_uv = subprocess.run([*pip, str(lock.parent / "uv.lock")], check=False).returncode == 0
    if has_uv:
        quiet = [] if sys.stderr.isatty() else ["--quiet"]
        uv = [
            str(python),
            "-m",
            "uv",
            "pip",
            "sync",
            *quiet,
            "--require-hashes",
            "--compile-bytecode",
            "--python",
            str(python),
        ]
        subprocess.run([*uv, str(lock)], check=True, env=read_index(python))
    else:
        print("uv cannot be had here: installing with pip, which takes about two minutes")
        subprocess.run([*pip, str(lock)], check=True)
    site = subprocess.run(
        [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip
    (Path(site) / "mergeline.pth").write_text(str(src.resolve()) + "\n")


def is_usable(python: Path) -> bool:
    """Return whether `python` is an environment of the same version as the Python that runs us."""
    if not python.exists():
        return False
    probe = subprocess.run([str(python), "-c", "import sys; print(sys.version)"], capture_output=True, text=True)
    return probe.returncode == 0 and probe.stdout.strip() == sys.version


def read_index(python: Path) -> "dict[str, str]":
    """Return the environment for uv, told of the package index that pip is configured for (uv does not read it)."""
    environment = dict(os.environ)
    if "PIP_INDEX_URL" in environment:
        environment.setdefault("UV_DEFAULT_INDEX", environment["PIP_INDEX_URL"])
        return environment
    asked = subprocess.run(
        [str(python), "-m", "pip", "config", "get", "global.index-url"], capture_output=True, text=True
    )
    if asked.returncode == 0 and asked.stdout.strip():
        environment.setdefault("UV_DEFAULT_INDEX", asked.stdout.strip())
    return environment


def fail(what: str, where: str, fix: str) -> int:
    """Print an error in the form of `errors.py`, which this script cannot import, and return 1."""
    print(f"error: {what}\n  where: {where}\n  fix:   {fix}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
