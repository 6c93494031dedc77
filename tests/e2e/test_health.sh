#!/usr/bin/env bash
# skad health: verdict and exit code of a node that is alone, that does well, that is isolated (within
# a minute), that is gone.
. "$(dirname "$0")/lib.sh"

health() { # NAME: the exit code is in $code, what it said in $work/health
    code=0
    "$skad" health --socket "$(socket_of "$1")" >"$work/health" 2>"$work/err" || code=$?
}
has_code() { # NAME CODE
    health "$1"
    [ "$code" -eq "$2" ]
}

say "a node that does not answer fails"
expect 2 "$skad" health --socket "$work/none.sock"
expect_message "no daemon answers"

say "the first node is alone, which is not all well"
start_node one --listen 127.0.0.1:0
one=$started
wait_for 20 answers one
wait_for 10 has_code one 1
grep -q '^joined *degraded *alone' "$work/health" || fail "said: $(cat "$work/health")"

say "two nodes do well"
start_node two --listen 127.0.0.1:0 --join "$(address_of one)"
two=$started
wait_for 30 has_code two 0
wait_for 30 has_code one 0
head -1 "$work/health" | grep -qx ok || fail "said: $(cat "$work/health")"
"$skad" health --json --socket "$(socket_of two)" >"$work/json"
python3 - "$work/json" <<'EOF2'
import json, sys
health = json.load(open(sys.argv[1]))
assert health["verdict"] == "ok" and health["reasons"] == [], health
assert sorted(health["checks"]) == sorted(["joined", "answers", "requests", "lookups", "queue",
    "store", "clock", "nonce", "address"]), health
assert all(check["state"] == "ok" and check["text"] for check in health["checks"].values()), health
EOF2

say "a picture of it"
"$skad" top --count 2 --socket "$(socket_of two)" >"$work/top"
[ "$(grep -c '^health    ok$' "$work/top")" -eq 2 ] || fail "said: $(cat "$work/top")"
grep -q '^node .*, joined$' "$work/top" || fail "said: $(cat "$work/top")"
expect 1 "$skad" top --count 1 --socket "$work/none.sock"

say "its last peer dies: it says so within 60 seconds"
kill_node "$one"
died=$SECONDS
wait_for 60 has_code two 2
say "after $((SECONDS - died)) s: $(grep '^answers' "$work/health")"
grep -q '^answers *failing *isolated: no peer has answered' "$work/health" || fail "said: $(cat "$work/health")"
"$skad" health --json --socket "$(socket_of two)" >"$work/json" || true
grep -qF '"verdict":"failing","reasons":["answers: isolated' "$work/json" || fail "said: $(cat "$work/json")"
stop_node "$two"
say "passed"
