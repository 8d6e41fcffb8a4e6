#!/usr/bin/env bash
# Rolling back with GTO: assigning a stage to an earlier version is refused as "already in
# stage", though `gto show` names another version as the current one. And a tag made by
# plain `git tag` registers nothing, while `gto check-ref` stays green.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
changed() { echo "CHANGED: $1"; exit 1; }

python3 -m venv venv
venv/bin/pip install -q gto==1.10.1
export PATH="$work/venv/bin:$PATH" HOME="$work"
git config --global user.email someone@example.org
git config --global user.name Someone
echo "Tool: gto 1.10.1"

mkdir repo
cd repo
git init -q
# Two versions; production goes to the first, then to the second. Events are ordered by the
# tag's time in whole seconds, hence the pauses.
for version in v0.0.1 v0.0.2; do
    git commit -q --allow-empty -m "$version"
    gto register model --version "$version" > /dev/null
done
for version in v0.0.1 v0.0.2; do
    gto assign model --version "$version" --stage production > /dev/null
    sleep 1.2
done
in_production() {
    gto show model --json | python3 -c '
import json, sys
print(*[v["version"] for v in json.load(sys.stdin) if v["stages"]])'
}

echo "Expected: assign v0.0.1 again = rollback; refused only if v0.0.1 is what runs now."
echo "Seen:"
echo "  in production: $(in_production)"
[ "$(in_production)" = v0.0.2 ] || changed "the second assignment does not count"
code=0
said=$(gto assign model --version v0.0.1 --stage production 2>&1) || code=$?
echo "  assign v0.0.1: exit $code | $(echo "$said" | tr '\n' ' ')"
[ "$code" != 0 ] && [[ $said == *"already in stage"* ]] || changed "rollback works without --force"
gto assign model --version v0.0.1 --stage production --force > /dev/null
echo "  with --force, in production: $(in_production)"
[ "$(in_production)" = v0.0.1 ] || changed "--force does not roll back"

git tag model@v0.0.9
code=0
said=$(gto check-ref model@v0.0.9 2>&1) || code=$?
known=$(gto show model --json | grep -c '"version": "v0.0.9"' || true)
echo "  lightweight tag model@v0.0.9: check-ref exit $code, output '$said', versions registered: $known"
[ "$code" = 0 ] && [ -z "$said" ] && [ "$known" = 0 ] || changed "a lightweight tag is reported or counts"

echo "Follows: a rollback script needs --force and has to read back what is in production;"
echo "a release job has to look at check-ref's output, since its exit code says nothing."
