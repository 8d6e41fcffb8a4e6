#!/usr/bin/env bash
# `dvc fetch` ends green while the data is missing: without a remote, and when the
# remote has lost a whole object. Only a lost file inside a tracked folder makes it red.
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

mkdir repo remote
cd repo
git init -q
dvc init -q
mkdir data
echo 1 > data/a.csv
echo 2 > data/b.csv
echo 3 > single.csv
dvc add -q data single.csv

# Where the three kinds of object lie: the folder's list, a file in it, a file on its own.
path_of() { echo "files/md5/${1:0:2}/${1:2}"; }
list=$(path_of "$(sed -n 's/^- md5: //p' data.dvc)")
inner=$(path_of "$(md5sum < data/a.csv | cut -d' ' -f1)")
alone=$(path_of "$(sed -n 's/^- md5: //p' single.csv.dvc)")

# fetch_after_losing LABEL OBJECT TARGET: sets $code, prints what fetch said.
fetch_after_losing() {
    rm -rf .dvc/cache data single.csv
    if [ -n "$2" ]; then mv "../remote/$2" ../kept; fi
    code=0
    dvc fetch "$3" > ../said 2>&1 || code=$?
    if [ -n "$2" ]; then mv ../kept "../remote/$2"; fi
    printf '  %-34s exit %s, %s warning | %s\n' "$1" "$code" "$(grep -c WARNING ../said || true)" \
        "$(grep -E 'up to date|ERROR' ../said | tail -1)"
}

echo "Expected: a command that brings the data fails when the data cannot be had."
echo "Seen:"
# The data goes to the remote first; the remote is then taken out of the config and put back.
dvc remote add -q -d store ../remote
dvc push -q
dvc remote remove store
fetch_after_losing "no remote at all" "" data.dvc
[ "$code" = 0 ] || changed "fetch without a remote is no longer exit 0"
grep -q "Everything is up to date" ../said || changed "other words without a remote"
dvc remote add -q -d store ../remote
fetch_after_losing "remote lost the folder's list" "$list" data.dvc
[ "$code" = 0 ] || changed "a lost .dir object is noticed"
fetch_after_losing "remote lost a single tracked file" "$alone" single.csv.dvc
[ "$code" = 0 ] || changed "a lost single file is noticed"
fetch_after_losing "remote lost a file in the folder" "$inner" data.dvc
[ "$code" != 0 ] || changed "a lost file inside a folder is no longer noticed"

echo "Follows: the exit code of fetch proves nothing in a CI job. Ask for a default remote"
echo "first, and end with checkout, or with a look at the files themselves."
