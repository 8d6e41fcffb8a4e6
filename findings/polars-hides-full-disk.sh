#!/usr/bin/env bash
# polars tells that a disk is full in two ways, none of which errno sees: of one frame, write_ipc and write_csv raise an
# OSError whose errno is None, write_parquet raises a ComputeError of its own; the number stands in the text alone.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
changed() { echo "CHANGED: $1"; exit 1; }

python3 -m venv venv
venv/bin/pip install -q polars==2.1.0

cat > write.py <<'PY'
import resource
import sys

import polars as pl

# A limit on the size of a file stands for the full disk: the system refuses the write in the same way.
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
frame = pl.DataFrame({"a": pl.int_range(100_000, eager=True).hash()})
try:
    getattr(frame, sys.argv[1])("out")
    print("wrote")
except OSError as error:
    print(f"OSError with number {error.errno}")
except Exception as error:
    print(f"{type(error).__name__}: {error}")
PY

echo "Tool: polars 2.1.0"
echo "Expected: OSError, as from every writer of Python's own, so that errno tells a full disk from other faults."
echo "Seen:"
for way in write_parquet write_ipc write_csv; do
    venv/bin/python write.py "$way" > seen
    echo "  $way: $(cat seen)"
    case $way in
        write_parquet) grep -q '^ComputeError: .*os error' seen || changed "write_parquet no longer hides the number" ;;
        *) grep -q '^OSError with number None' seen || changed "$way no longer raises an OSError without number" ;;
    esac
done

echo "Follows: code that handles a full disk by errno never sees one from polars, and write_parquet calls it 'File out of"
echo "specification'. Look for '(os error N)' in the text, or write through memory."
