#!/usr/bin/env bash
# The file of a HistGradientBoosting model depends on how many cores the training machine
# had: same data, same seed, same trees, other bytes.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
changed() { echo "CHANGED: $1"; exit 1; }

python3 -m venv venv
venv/bin/pip install -q scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1 joblib==1.6.0

cat > train.py <<'PY'
import hashlib
import pickle

from sklearn.datasets import make_classification
from sklearn.ensemble import HistGradientBoostingClassifier

features, label = make_classification(2000, random_state=0)
model = HistGradientBoostingClassifier(max_iter=10, random_state=0).fit(features, label)


def digest(content):
    return hashlib.sha256(content).hexdigest()[:12]


model_file = digest(pickle.dumps(model))
probabilities = digest(model.predict_proba(features).tobytes())
# The one place where the files differ: a number that only matters during binning.
model._bin_mapper.n_threads = 1
print(model_file, probabilities, digest(pickle.dumps(model)))
PY

echo "Tool: scikit-learn 1.9.1"
echo "Expected: with random_state set, the file is the same everywhere (or differs at random)."
echo "Seen (threads, file, probabilities, file with the number of threads made equal):"
for threads in 1 2 2; do
    OMP_NUM_THREADS=$threads venv/bin/python train.py > "run$threads"
    echo "  $threads  $(cat "run$threads")"
    # The second run with two threads must repeat the first.
    if [ -e before ] && [ "$threads" = 2 ]; then cmp -s run2 before || changed "two equal runs differ"; fi
    if [ "$threads" = 2 ]; then cp run2 before; fi
done
read -r file1 probabilities1 equal1 < run1
read -r file2 probabilities2 equal2 < run2
[ "$file1" != "$file2" ] || changed "the file no longer depends on the number of threads"
[ "$probabilities1" = "$probabilities2" ] || changed "the probabilities depend on it now"
[ "$equal1" = "$equal2" ] || changed "the files differ in more than the number of threads"

echo "Follows: a pipeline tool that hashes outputs sees a new model on each kind of machine and"
echo "runs all later stages again. Set OMP_NUM_THREADS for the training stage, everywhere; to"
echo "ask 'is it the same model?', compare predictions on kept rows, not files."
