#!/usr/bin/env bash
# Whether DVC notices a damaged object depends on the file's write bit: read-only objects
# are trusted unread. Such damage also survives every attempt to put the right file back.
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

mkdir origin remote
cd origin
git init -q
dvc init -q
dvc remote add -q -d store ../remote
echo "right,1" > t.csv
dvc add -q t.csv
dvc push -q
git add -A
git commit -qm "data"
md5=$(sed -n 's/^- md5: //p' t.csv.dvc)
object="files/md5/${md5:0:2}/${md5:2}"
cd ..

# The same damage twice (other bytes, same length), once writable, once read-only.
damage() {
    mkdir -p "$(dirname "remote/$object")"
    rm -f "remote/$object"
    echo "wrong,9" > "remote/$object"
    chmod "$1" "remote/$object"
}
pull_in() {
    git clone -q origin "$1"
    code=0
    (cd "$1" && dvc pull > ../said 2>&1) || code=$?
}

echo "Expected: content addresses are checked on the way in, or never; and committing the"
echo "right file repairs the store."
echo "Seen:"
damage 644
pull_in writable
echo "  writable object: pull exit $code, object still on the remote: $([ -e "remote/$object" ] && echo yes || echo no, deleted)"
[ "$code" != 0 ] || changed "a writable damaged object is pulled"
[ ! -e "remote/$object" ] || changed "a writable damaged object is no longer deleted"

damage 444
pull_in readonly
cd readonly
echo "  read-only object: pull exit $code, file holds '$(cat t.csv)', status: $(dvc status)"
[ "$code" = 0 ] && [ "$(cat t.csv)" = "wrong,9" ] || changed "read-only damage is noticed by pull"
dvc status | grep -q "up to date" || changed "status notices the damage"

# Put the right file back, the way a person would.
rm t.csv
echo "right,1" > t.csv
dvc commit -q -f t.csv.dvc
dvc add -q t.csv
dvc push -q
rm t.csv
dvc checkout -q
echo "  after commit, add, push, checkout of the right file it holds: '$(cat t.csv)'"
[ "$(cat t.csv)" = "wrong,9" ] || changed "the right file now replaces the damaged object"

echo "Follows: set 'verify' on the remote, or hash the files yourself before training. To"
echo "repair, delete the object from the cache and from the remote; only then commit."
