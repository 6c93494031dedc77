#!/usr/bin/env bash
# What a daemon answers is what proto/control.schema.json says: results, errors, notifications, and what
# the monitoring socket takes.
. "$(dirname "$0")/lib.sh"
unset SKAD_SOCKET
truth=$(dirname "$0")/../conformance/control/truth.py

# Another Python may stand before the system's, which has the package.
python=python3
"$python" -c 'import msgpack' 2>/dev/null || python=/usr/bin/python3
"$python" -c 'import msgpack' || fail "msgpack is missing: script/bootstrap installs it"

say "starts two nodes"
start_node 0 --listen 127.0.0.1:0
wait_for 20 answers 0
start_node 1 --listen 127.0.0.1:0 --join "$(address_of 0)" --monitor-socket "$work/monitor.sock"
wait_for 60 status_is 1 joined true

say "compares it with the schema"
timeout 300 "$python" -B "$truth" "$(socket_of 1)" "$work/monitor.sock" "$started" >"$work/out" 2>"$work/err" ||
    fail "$(grep -v '^ok' "$work/out"; cat "$work/err")"
checks=$(grep -c '^ok' "$work/out")
[ "$checks" -ge 80 ] || fail "only $checks checks"
say "passed"
