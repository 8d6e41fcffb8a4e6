"""Writing a bundle's directory: the files and the manifest that lists them, whole or not at all.

Nothing here is yours to edit; `mergeline.bundle.seal` says what is in the files.
"""

from collections.abc import Mapping
from pathlib import Path

from mergeline.bundle.canonical import (
    CONTRACT,
    FORMAT,
    MANIFEST,
    compute_bundle_digest,
    describe_files,
    render_for_people,
)
from mergeline.files import replacing_directory, write_bytes


def write_bundle(directory: Path, files: Mapping[str, bytes], model: Mapping[str, str]) -> str:
    """Write the files and the manifest that lists them, whole or not at all; return the bundle's digest."""
    described = describe_files(files)
    digest = compute_bundle_digest(described)
    manifest = {
        "format": FORMAT,
        "files": described,
        "digest": digest,
        "model": model,
        "contract_digest": described[CONTRACT]["sha256"],
    }
    with replacing_directory(directory) as temporary:
        for name, content in files.items():
            write_bytes(temporary / name, content)
        write_bytes(temporary / MANIFEST, render_for_people(manifest))
    return digest
