#!/usr/bin/env bash
# The conformance prober against a daemon: every check of tests/conformance passes, and the node's own
# counters name the reason of each drop.
. "$(dirname "$0")/lib.sh"
unset SKAD_SOCKET
probe=$(dirname "$0")/../conformance/probe.py

# Another Python may stand before the system's, which has the package.
python=python3
"$python" -c 'import nacl' 2>/dev/null || python=/usr/bin/python3
"$python" -c 'import nacl' || fail "PyNaCl is missing: script/bootstrap installs it"

# probe OPTION...: its output is in $work/out, its exit code in $code.
probe() {
    code=0
    timeout 120 "$python" -B "$probe" "$@" >"$work/out" 2>"$work/err" || code=$?
}

say "lists the checks without a node"
probe --list
[ "$code" -eq 0 ] || fail "exit code $code: $(cat "$work/err")"
checks=$(wc -l <"$work/out")
[ "$checks" -ge 300 ] || fail "only $checks checks"
[ -z "$(sort "$work/out" | uniq -d)" ] || fail "two of one name: $(sort "$work/out" | uniq -d)"

say "says so when no node is there"
probe 127.0.0.1:9
[ "$code" -eq 2 ] || fail "exit code $code"

say "starts a node"
start_node 0 --listen 127.0.0.1:0 --listen '[::1]:0'
probed=$started
wait_for 20 answers 0
mapfile -t listen < <(address_of 0 | grep -oE '(127\.0\.0\.1|\[::1\]):[0-9]+' | LC_ALL=C sort)
[ ${#listen[@]} -eq 2 ] || fail "not two addresses: $(address_of 0)"

say "probes it"
probe "${listen[0]}" --also "${listen[1]}" --status "$skad status --json --socket $(socket_of 0)"
[ "$code" -eq 0 ] || fail "$(cat "$work/out" "$work/err")"
# Only the expiry of a token is left out, and digests, which need a node that holds nothing else.
[ "$(tail -n 1 "$work/out")" = "$((checks - 2)) passed, 0 failed" ] || fail "$(cat "$work/out")"

say "probes the digests of another node"
start_node 1 --listen 127.0.0.1:0
wait_for 20 answers 1
probe "$(address_of 1)" --slow --only "MATCH: a digest"
[ "$code" -eq 0 ] || fail "$(cat "$work/out" "$work/err")"
[ "$(tail -n 1 "$work/out")" = "1 passed, 0 failed" ] || fail "$(cat "$work/out")"
stop_node "$started"

say "a check that fails is told, and the exit code says so"
probe "${listen[0]}" --status "echo '{\"drops\":{\"size\":0},\"accepted\":0}'" --only "151 bytes"
[ "$code" -eq 1 ] || fail "exit code $code: $(cat "$work/out" "$work/err")"
grep -q '^FAIL  Datagrams: 151 bytes are too few' "$work/out" || fail "$(cat "$work/out")"
[ "$(tail -n 1 "$work/out")" = "0 passed, 1 failed" ] || fail "$(cat "$work/out")"

stop_node "$probed"
say "passed"
