#!/usr/bin/env bash
# The simulator tells the truth: a hundred nodes on UDP sockets, twenty of them hostile, and a hundred
# daemons, do what simulated ones do, within the intervals of both.
. "$(dirname "$0")/lib.sh"
root=$(cd "$(dirname "$0")/../.." && pwd)

say "simulated, live and daemons"
SKAD=$skad timeout 200 "$root/script/reality" --short >"$work/out" 2>"$work/err" || fail "$(cat "$work/out" "$work/err")"
[ "$(grep -c ' overlap$' "$work/out")" -eq 6 ] || fail "$(cat "$work/out")"
grep -q "^signatures and hashes: real" "$work/out" || fail "not real: $(cat "$work/out")"

say "bad input"
expect 2 "$skad" sim reality --nodes 501
grep -q "live = yes: each node has a socket, so give 500 nodes or fewer" "$work/err" || fail "said: $(cat "$work/err")"
expect 2 "$skad" sim reality --nodes 10,20
grep -q "give single values" "$work/err" || fail "said: $(cat "$work/err")"
say "passed"
