#!/usr/bin/env bash
# skl2onnx turns a gradient boosting model with native categories into another model: no
# error, no word about categories, and a file that onnxruntime serves without complaint.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
changed() { echo "CHANGED: $1"; exit 1; }

python3 -m venv venv
# protobuf below 7: with 7 the conversion of every HistGradientBoosting model fails.
venv/bin/pip install -q skl2onnx==1.20.0 onnx==1.23.2 onnxruntime==1.32.0 protobuf==6.33.6 \
    scikit-learn==1.9.1 numpy==2.4.6 scipy==1.17.1
echo "Tool: skl2onnx 1.20.0, onnx 1.23.2, onnxruntime 1.32.0, scikit-learn 1.9.1"
echo "Expected: categorical splits are converted, or the converter refuses them."
echo "Seen:"

venv/bin/python - <<'PY' || changed "see the lines above"
import sys
import warnings

import numpy as np
import onnxruntime
from skl2onnx import to_onnx
from sklearn.ensemble import HistGradientBoostingClassifier

# Twelve codes; four of them, scattered, are positive: an easy set split, and no threshold.
codes = np.random.default_rng(0).integers(0, 12, (3000, 1)).astype(np.float32)
positive = np.isin(codes[:, 0], [1, 4, 6, 9]).astype(int)
as_stated = True

for label, categorical, survives in [("codes as numbers", None, True), ("codes as native categories", [0], False)]:
    model = HistGradientBoostingClassifier(max_iter=30, categorical_features=categorical, random_state=0)
    model.fit(codes, positive)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        converted = to_onnx(model, codes[:1], options={"zipmap": False})
    # protobuf has its own complaint, the same for both models; look for one about categories.
    about_categories = [w for w in caught if "categor" in str(w.message).lower()]
    session = onnxruntime.InferenceSession(converted.SerializeToString())
    labels, probabilities = session.run(None, {session.get_inputs()[0].name: codes})
    apart = np.abs(probabilities[:, 1] - model.predict_proba(codes)[:, 1]).max()
    before, after = (model.predict(codes) == positive).mean(), (labels == positive).mean()
    print(f"  {label:<27} accuracy {before:.3f} -> {after:.3f}, probabilities up to {apart:.2f} apart,"
          f" warnings about categories: {len(about_categories)}")
    as_stated = as_stated and before == 1 and not about_categories and (after == 1) == survives
sys.exit(not as_stated)
PY

echo "Follows: compare the probabilities of both models on kept rows before an ONNX file is"
echo "released, or encode categories outside the booster (one-hot, ordinal as numbers)."
