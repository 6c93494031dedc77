#!/usr/bin/env bash
# The scenes of tests/conformance/control with the clients of clients/, each by its adapter.
. "$(dirname "$0")/../e2e/lib.sh"
source=$(readlink -f "$(dirname "$0")/../..")

python=python3
"$python" -c 'import msgpack' 2>/dev/null || python=/usr/bin/python3
"$python" -c 'import msgpack' || fail "msgpack is missing: script/bootstrap installs it"
export PYTHONDONTWRITEBYTECODE=1

# play NAME COMMAND...: every scene, with the adapter that the command starts.
play() {
    local name=$1
    shift
    say "$name"
    timeout 200 "$python" "$source/tests/conformance/control/conformance.py" "$@" >"$work/out" 2>&1 ||
        fail "$(grep -v '^ok' "$work/out")"
    tail -n 1 "$work/out"
    grep -q ', 0 skipped$' "$work/out" || fail "scenes are skipped: $(grep '^skip' "$work/out")"
}

play Python env PYTHONPATH="$source/clients/python/src" "$python" "$source/clients/python/tests/adapter.py"
if [ -e "$source/build/js/installed.json" ]; then
    mkdir -p "$work/app/skad" "$work/app/node_modules"
    cp -r "$source"/clients/js/{package.json,src} "$work/app/skad"
    cp -r "$source/build/js/node_modules/@msgpack" "$work/app/node_modules"
    play JavaScript env SKAD_CLIENT="$work/app/skad" node "$source/clients/js/test/adapter.js"
else
    say "JavaScript is left out: script/bootstrap could not install the npm packages of clients/js"
fi
say "passed"
