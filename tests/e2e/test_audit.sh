#!/usr/bin/env bash
# Storage audits among daemons: each round has a winner that all readers agree on, a statement that
# verifies without a node, and no longer once a byte of it is changed; a node without them says so.
. "$(dirname "$0")/lib.sh"
unset SKAD_SOCKET
period=30
nodes=6

say "starts $nodes nodes with audits, and one without"
start_node n1 --listen 127.0.0.1:0 --audits $period
wait_for 20 answers n1
first=$(address_of n1)
for i in $(seq 2 $nodes); do
    start_node "n$i" --listen 127.0.0.1:0 --join "$first" --audits $period
done
start_node without --listen 127.0.0.1:0 --join "$first"
for name in n2 n3 n4 n5 n6 without; do
    wait_for 30 status_is "$name" joined true
done

say "they hold thirty values"
for i in $(seq 30); do
    echo "value $i" | "$skad" put - --socket "$(socket_of n2)" >/dev/null
done
expect 2 "$skad" audit x --socket "$(socket_of n1)"
expect_message "is not the number of a round"
expect 2 "$skad" audit 5 --verify "$work/none" --socket "$(socket_of n1)"
expect 1 "$skad" audit --socket "$(socket_of without)"
expect_message "takes no part in audits"
expect 3 "$skad" audit 7 --socket "$(socket_of n1)" # long ago

say "waits until a round is won"
won() { "$skad" audit --socket "$(socket_of n3)" >"$work/round" 2>/dev/null && grep -q '^won: [0-9a-f]' "$work/round"; }
wait_for 150 won
round=$(sed -n 's/^round \([0-9]*\) .*/\1/p' "$work/round")
winner=$(sed -n 's/^won: //p' "$work/round")
[ "${#winner}" -eq 64 ] || fail "won: $winner"
grep -q ' 0 blamed$' "$work/round" || fail "honest nodes are blamed: $(cat "$work/round")"

say "all readers find the same winner of round $round"
for i in $(seq $nodes); do
    expect 0 "$skad" audit "$round" --socket "$(socket_of "n$i")"
    grep -qx "won: $winner" "$work/out" || fail "n$i: $(cat "$work/out")"
done

say "its statement verifies without a node"
expect 0 "$skad" audit "$round" --socket "$(socket_of n1)" -o "$work/statement"
expect 0 "$skad" audit --verify "$work/statement" --profile test
grep -qx "won: $winner" "$work/out" || fail "verified: $(cat "$work/out")"
expect 0 "$skad" audit --verify "$work/statement" --profile test --json
grep -q "\"won\":\"$winner\"" "$work/out" || fail "JSON: $(cat "$work/out")"
expect 1 "$skad" audit --verify "$work/statement"
expect_message "of another network than"
size=$(stat -c %s "$work/statement")
for at in 200 $((size - 40)); do
    cp "$work/statement" "$work/changed"
    printf '\x55\xaa' | dd of="$work/changed" bs=1 seek="$at" conv=notrunc status=none
    expect 1 "$skad" audit --verify "$work/changed" --profile test
done
head -c $((size - 1)) "$work/statement" >"$work/short"
expect 1 "$skad" audit --verify "$work/short" --profile test
expect_message "not the statement of a round"

say "passed"
