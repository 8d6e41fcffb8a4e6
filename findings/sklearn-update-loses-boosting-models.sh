#!/usr/bin/env bash
# A minor update of scikit-learn (1.8.0 -> 1.9.1) makes stored gradient boosting models
# unreadable, while other estimators of the same file format open with a warning.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
changed() { echo "CHANGED: $1"; exit 1; }

for version in 1.8.0 1.9.1; do
    python3 -m venv "v$version"
    "v$version/bin/pip" install -q "scikit-learn==$version" numpy==2.4.6 scipy==1.17.1 joblib==1.6.0
done

cat > save.py <<'PY'
import joblib
from sklearn.datasets import make_classification
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression

features, label = make_classification(300, random_state=0)
joblib.dump(features, "features")
for kind in LogisticRegression, RandomForestClassifier, GradientBoostingClassifier, HistGradientBoostingClassifier:
    joblib.dump(kind(random_state=0).fit(features, label), kind.__name__)
PY
cat > load.py <<'PY'
import sys
import warnings

import joblib

try:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        joblib.load(sys.argv[1]).predict(joblib.load("features"))
    print("predicts,", ", ".join({w.category.__name__ for w in caught}) or "no warning")
except ModuleNotFoundError as error:
    print(f"ModuleNotFoundError: {error}")
PY

echo "Tool: scikit-learn 1.8.0 (writes), 1.9.1 (reads)"
echo "Expected: all open with InconsistentVersionWarning, as between other minor versions."
echo "Seen:"
v1.8.0/bin/python save.py
for kind in LogisticRegression RandomForestClassifier GradientBoostingClassifier HistGradientBoostingClassifier; do
    said=$(v1.9.1/bin/python load.py "$kind")
    printf '  %-31s %s\n' "$kind" "$said"
    case $kind in
        *GradientBoosting*) [[ $said == *ModuleNotFoundError*_loss* ]] || changed "$kind opens" ;;
        *) [[ $said == *predicts*InconsistentVersionWarning* ]] || changed "$kind: $said" ;;
    esac
done

echo "Follows: the model in production ties down the version that serves it. A pull request"
echo "that moves scikit-learn must load the stored model; tests that train afresh stay green."
