#!/usr/bin/env bash
# A daemon outlives clients of every manner at once, and has nothing left of them afterwards.
. "$(dirname "$0")/lib.sh"
unset SKAD_SOCKET
storm=$(dirname "$0")/../conformance/control/storm.py

# Another Python may stand before the system's, which has the package.
python=python3
"$python" -c 'import msgpack' 2>/dev/null || python=/usr/bin/python3
"$python" -c 'import msgpack' || fail "msgpack is missing: script/bootstrap installs it"

say "starts two nodes"
start_node 0 --listen 127.0.0.1:0
wait_for 20 answers 0
start_node 1 --listen 127.0.0.1:0 --join "$(address_of 0)"
wait_for 60 status_is 1 joined true

for seed in ${SKAD_STORM_SEEDS:-1 2 3}; do
    say "a storm, seed $seed"
    timeout 300 "$python" -B "$storm" "$(socket_of 1)" "$seed" 2000 >"$work/out" 2>&1 || fail "$(cat "$work/out")"
    cat "$work/out"
done
answers 1 || fail "the node answers no more"
stop_node "$started"
say "passed"
