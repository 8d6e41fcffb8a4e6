#!/usr/bin/env bash
# What DVC does with params.yaml beside the keys that stages use: one unquoted date stops
# every command that runs or checks, while `params diff` stays green and lists deletions
# that nobody made. A whole number turned into a float is, in turn, no change at all.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
changed() { echo "CHANGED: $1"; exit 1; }

python3 -m venv venv
venv/bin/pip install -q dvc==3.67.1
export PATH="$work/venv/bin:$PATH" HOME="$work" DVC_NO_ANALYTICS=1 DVC_SITE_CACHE_DIR="$work/site"
git config --global user.email someone@example.org
git config --global user.name Someone
echo "Tool: dvc $(dvc --version)"

mkdir repo
cd repo
git init -q
dvc init -q
printf 'rate: 0.1\ndepth: 6\n' > params.yaml
cat > dvc.yaml <<'YAML'
stages:
  train:
    cmd: echo done > out
    params: [rate, depth]
    outs: [out]
YAML
dvc repro -q
git add -A
git commit -qm "pipeline"

# ask COMMAND...: sets $code and $said (standard output and error in one).
ask() {
    code=0
    said=$("$@" 2>&1) || code=$?
    echo "  $*: exit $code | $(echo "$said" | grep -vE '^$|troubles|WARNING|following revisions' | tail -1)"
}

echo "Expected: a date under a key that no stage uses is none of DVC's business; if it is,"
echo "then for all commands alike. 6 -> 6.0 is a changed parameter (another type)."
echo "Seen, with 'cutoff: 2013-06-30' added:"
echo "cutoff: 2013-06-30" >> params.yaml
ask dvc status
[ "$code" = 255 ] && [[ $said == *"type 'date'"* ]] || changed "status accepts a date"
ask dvc repro
[ "$code" = 255 ] || changed "repro accepts a date"
ask dvc params diff --json
[ "$code" = 0 ] || changed "params diff fails on a date"
[[ $said == *'"depth": {"old": 6, "new": null}'* ]] || changed "params diff no longer lists deletions"

printf 'rate: 0.1\ndepth: 6.0\n' > params.yaml
echo "Seen, with 'depth: 6.0' instead of 6:"
ask dvc status
[[ $said == *"up to date"* ]] || changed "6 -> 6.0 is a change for status"
ask dvc params diff --json
[ "$said" = "{}" ] || changed "6 -> 6.0 is a change for params diff"
dvc repro -q
grep -q "depth: 6$" dvc.lock || changed "repro takes over 6.0"

echo "Follows: quote dates, and check the types in params.yaml with a schema of your own"
echo "before DVC reads it: a learner that refuses depth 6.0 fails only in the next real run."
