#!/usr/bin/env bash
# skad testnet: as many nodes as were asked for, a line each, then "ready"; what one stores another
# finds; nothing is left behind.
. "$(dirname "$0")/lib.sh"

say "starts a network of 12"
TMPDIR=$work "$skad" testnet 12 >"$work/net" 2>"$work/net.err" &
net=$!
pids+=("$net")
wait_for 30 grep -qx ready "$work/net"
[ "$(grep -c '^127\.0\.0\.1:[0-9]* /' "$work/net")" -eq 12 ] || fail "not 12 nodes: $(cat "$work/net")"
[ "$(wc -l <"$work/net")" -eq 13 ] || fail "more than 13 lines"

second=$(sed -n 2p "$work/net" | cut -d' ' -f2)
last=$(sed -n 12p "$work/net" | cut -d' ' -f2)
knows_all() { [ "$("$skad" status --field peers --socket "$last")" = 11 ]; }
wait_for 10 knows_all

say "stores through the second node, finds through the last one"
head -c 50000 /dev/urandom >"$work/file"
key=$(SKAD_SOCKET=$second "$skad" put - <"$work/file")
SKAD_SOCKET=$last "$skad" get "$key" >"$work/copy"
cmp "$work/file" "$work/copy"

say "looks up the key: all paths agree"
SKAD_SOCKET=$last expect 0 "$skad" lookup "$key"
grep -q '^path 1$' "$work/out" || fail "no paths: $(cat "$work/out")"
grep -q 'paths agreed' "$work/out" || fail "no verdict: $(cat "$work/out")"

say "traces a lookup: each node asked is told twice, and the report follows"
SKAD_SOCKET=$last expect 0 "$skad" lookup "$key" --trace
asked=$(grep -c '^path [1-4] .* asked ' "$work/out") || true
answered=$(grep -cE '^(path [1-4]|closing) .* hop .* answered ' "$work/out") || true
[ "$asked" -ge 8 ] || fail "asked only $asked: $(cat "$work/out")"
[ "$answered" -ge 8 ] || fail "answered only $answered: $(cat "$work/out")"
grep -q 'paths agreed' "$work/out" || fail "no verdict: $(cat "$work/out")"
SKAD_SOCKET=$last expect 0 "$skad" lookup "$key" --trace --json
[ "$(grep -c . "$work/out")" -eq 1 ] || fail "more than one object: $(cat "$work/out")"

say "stops; the temporary folder is gone"
stop_node "$net"
[ -z "$(find "$work" -name 'skad-testnet-*')" ] || fail "left: $(find "$work" -name 'skad-testnet-*')"
[ ! -s "$work/net.err" ] || fail "complained: $(cat "$work/net.err")"

say "refuses numbers that make no sense"
for count in 0 1 x 201 -- ; do
    expect 2 "$skad" testnet "$count"
done
expect 2 "$skad" testnet 10 --base-port 65530
expect_message "above 65535"

say "says which port is in use"
TMPDIR=$work "$skad" testnet 2 >"$work/net2" 2>"$work/net2.err" &
net=$!
pids+=("$net")
wait_for 30 grep -qx ready "$work/net2"
port=$(sed -n 1p "$work/net2" | cut -d' ' -f1 | cut -d: -f2)
mkdir "$work/other"
expect 1 "$skad" testnet 2 --base-port "$port" --dir "$work/other"
expect_message "127.0.0.1:$port is in use"
[ -z "$(ls "$work/other")" ] || fail "left: $(ls "$work/other")"
stop_node "$net"
say "passed"
