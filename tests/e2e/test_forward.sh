#!/usr/bin/env bash
# Files moved by forwarding: a put and a get of 1 MiB among twenty nodes, six of which are killed meanwhile;
# records, lookups and traces; what cannot be forwarded is refused.
. "$(dirname "$0")/lib.sh"
unset SKAD_SOCKET

NODES=20
DYING=(3 6 9 12 15 18)

say "starts $NODES nodes"
start_node 0 --listen 127.0.0.1:0
wait_for 20 answers 0
declare -A process
for i in $(seq 1 $((NODES - 1))); do
    start_node "$i" --listen 127.0.0.1:0 --join "$(address_of 0)"
    process[$i]=$started
done
for i in $(seq 0 $((NODES - 1))); do
    wait_for 60 status_is "$i" joined true
done
for i in 1 2 19; do
    wait_for 60 status_is "$i" peers $((NODES - 1))
done

say "puts 1 MiB by forwarding, while three nodes are killed"
head -c 1048576 /dev/urandom >"$work/file"
timeout 120 "$skad" put "$work/file" --forward --json --socket "$(socket_of 1)" >"$work/put" 2>"$work/err" &
putting=$!
for i in "${DYING[@]:0:3}"; do
    sleep 0.3
    kill_node "${process[$i]}"
done
wait "$putting" || fail "put: $(cat "$work/err")"
key=$(cut -d'"' -f4 "$work/put")
grep -q '"kept":false' "$work/put" || fail "kept: $(cat "$work/put")"

say "gets it by forwarding from another node, while three more are killed"
timeout 120 "$skad" get "$key" --forward -o "$work/copy" --socket "$(socket_of 19)" 2>"$work/err" &
getting=$!
for i in "${DYING[@]:3}"; do
    sleep 0.3
    kill_node "${process[$i]}"
done
wait "$getting" || fail "get: $(cat "$work/err")"
cmp "$work/file" "$work/copy"

say "once more, with six dead"
timeout 120 "$skad" get "$key" --forward -o "$work/again" --socket "$(socket_of 2)" || fail "get"
cmp "$work/file" "$work/again"

say "fetches a record and looks up a key"
echo hello | "$skad" publish --salt s --seq 1 --once --socket "$(socket_of 4)" - >/dev/null
publisher=$("$skad" status --field public_key --socket "$(socket_of 4)")
[ "$("$skad" resolve "$publisher" --salt s --forward --socket "$(socket_of 5)")" = hello ] || fail "resolve"
# All others are nearer to the opposite of an ID: a node asks none for what it is itself the nearest to.
opposite=$("$skad" status --field id --socket "$(socket_of 5)" | tr 0123456789abcdef fedcba9876543210)
expect 0 "$skad" lookup "$opposite" --forward --trace --socket "$(socket_of 5)"
grep -q '^closest$' "$work/out" || fail "$(cat "$work/out")"
grep -Eq '^path [1-9] .* asked ' "$work/out" || fail "no trace: $(cat "$work/out")"
expect 0 "$skad" lookup "$opposite" --forward --chains 5 --json --socket "$(socket_of 5)"
[ "$(grep -o '"state":"answered"' "$work/out" | wc -l)" -ge 5 ] || fail "$(cat "$work/out")"

say "tells what it does for its neighbours"
total=0
for i in 0 1 2 4 5 7; do
    requests=$("$skad" status --field forwarding.answered --socket "$(socket_of "$i")")
    total=$((total + requests))
done
[ "$total" -gt 100 ] || fail "only $total were answered"

say "says what is not there, and refuses what cannot be forwarded"
expect 3 "$skad" get "${key//[0-9]/0}" --forward --socket "$(socket_of 5)"
expect 2 "$skad" get "$key" --forward --chains 9 --socket "$(socket_of 5)"
expect 2 "$skad" providers "$key" --forward --socket "$(socket_of 5)"
say "passed"
