"""Stand-in for iterative/setup-cml: puts `cml` on the PATH, this machine's own where there is one.

Nothing here is yours to edit.
"""

import os
from pathlib import Path

from mergeline.rehearsal.standins.common import add_path, fail


def main() -> None:
    """Put the folder with `cml` on the PATH."""
    folder = os.environ.get("REHEARSAL_CML", "")
    if not folder:
        fail("cml cannot be downloaded (planted by the rehearsal)")
    add_path(Path(folder))


if __name__ == "__main__":
    main()
