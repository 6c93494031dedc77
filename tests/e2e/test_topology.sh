#!/usr/bin/env bash
# skad table --tree and --json: the same figures, which agree with the rows, in a network of 20; alone;
# with a peer that fails; with a client, which has no place in any table.
. "$(dirname "$0")/lib.sh"
unset SKAD_SOCKET
compare=$(dirname "$0")/topology_check.py

agree() { # SOCKET WORD...: population, connected and depth are in $work/found
    timeout 120 python3 -B "$compare" "$skad" "$@" >"$work/found" 2>&1 || fail "$* disagree: $(cat "$work/found")"
}
id_of() { # NAME
    "$skad" status --field id --socket "$(socket_of "$1")"
}

say "a node that is alone has an empty neighbourhood"
start_node alone --listen 127.0.0.1:0
wait_for 20 answers alone
agree "$(socket_of alone)"
[ "$(cat "$work/found")" = "0 0 0" ] || fail "found $(cat "$work/found")"
expect 0 "$skad" table --tree --socket "$(socket_of alone)"
[ "$(wc -l <"$work/out")" -eq 6 ] || fail "drew: $(cat "$work/out")"
stop_node "$started"

say "starts a network of 20"
TMPDIR=$work "$skad" testnet 20 >"$work/net" 2>"$work/net.err" &
net=$!
pids+=("$net")
wait_for 60 grep -qx ready "$work/net"
mapfile -t sockets < <(sed -n 's/^127\.0\.0\.1:[0-9]* //p' "$work/net")
[ "${#sockets[@]}" -eq 20 ] || fail "not 20 nodes: $(cat "$work/net")"
knows_half() { [ "$("$skad" status --field peers --socket "$1")" -ge 10 ]; }
for socket in "${sockets[@]}"; do
    wait_for 30 knows_half "$socket"
done

say "tree and JSON of each agree"
for socket in "${sockets[@]}"; do
    agree "$socket"
    grep -qE '^1[0-9] 1[0-9] [0-2]$' "$work/found" || fail "found $(cat "$work/found")"
done

say "a server gets a place, a client does not"
first=$(sed -n 1p "$work/net" | cut -d' ' -f1)
start_node server --listen 127.0.0.1:0 --role server --join "$first"
server=$started
start_node client --listen 127.0.0.1:0 --role client --join "$first"
client=$started
wait_for 30 status_is server joined true
wait_for 30 status_is client joined true
server_id=$(id_of server)
client_id=$(id_of client)
has_server() { "$skad" table --json --socket "${sockets[0]}" | grep -q "$server_id"; }
wait_for 30 has_server
"$skad" lookup "$client_id" --socket "${sockets[0]}" >"$work/lookup"
agree "${sockets[0]}" connected "$server_id" unlisted "$client_id"
agree "$(socket_of client)"

say "a peer that is gone counts as failing"
kill_node "$server"
misses_server() {
    "$skad" lookup "$server_id" --socket "${sockets[0]}" >"$work/lookup"
    "$skad" table --json --socket "${sockets[0]}" >"$work/json"
    python3 - "$work/json" "$server_id" <<'EOF2'
import json, sys
rows = json.load(open(sys.argv[1]))["rows"]
sys.exit(not any(row["id"] == sys.argv[2] and row["failures"] > 0 for row in rows))
EOF2
}
wait_for 30 misses_server
agree "${sockets[0]}" failing "$server_id"

say "the tree is for people"
for other in "--json" "--contacts" "--json --contacts"; do
    # shellcheck disable=SC2086 # two words
    expect 2 "$skad" table --tree $other --socket "${sockets[0]}"
    [ ! -s "$work/out" ] || fail "drew nevertheless: $(cat "$work/out")"
done
expect 2 "$skad" table --tree --json --socket "$work/nothing"
expect_message "leave out --json, or --tree, since --json has its figures"
expect 2 "$skad" table --contacts --tree --socket "$work/nothing"
expect_message "leave out --contacts, or --tree"
expect 2 "$skad" table --tree=yes --socket "${sockets[0]}"
expect 2 "$skad" status --tree --socket "${sockets[0]}"
expect 0 "$skad" table --tree --tree --socket "${sockets[0]}"
grep -q 'neighbourhood' "$work/out" || fail "drew: $(cat "$work/out")"

stop_node "$client"
stop_node "$net"
say "passed"
