#!/usr/bin/env bash
# A line that loses a fifth of all datagrams each way: files get in and out, and what is told is true. In a
# network namespace of its own, whose firewall drops at random; without one the test is skipped.
if [ -z "${IN_NAMESPACE:-}" ]; then
    unshare -n true 2>/dev/null || { echo "skipped: no network namespaces here"; exit 77; }
    command -v nft >/dev/null || { echo "skipped: no nft here"; exit 77; }
    IN_NAMESPACE=1 exec unshare -n "$BASH" "$0" "$@"
fi
ip link set lo up || exit 77
. "$(dirname "$0")/lib.sh"
unset SKAD_SOCKET

lose() { # MATCH: of the datagrams that are dropped
    nft flush ruleset
    nft -f - <<END || { echo "skipped: nf_tables lacks something here"; exit 77; }
table inet loss { chain in { type filter hook input priority 0; meta l4proto udp $1 drop; }; }
END
}

say "starts seven nodes"
start_node 0 --listen 127.0.0.1:0
wait_for 20 answers 0
first=$(address_of 0)
for i in 1 2 3 4 5 6; do
    start_node "$i" --listen 127.0.0.1:0 --join "$first"
done
for i in 0 1 2 3 4 5 6; do
    wait_for 20 status_is "$i" joined true
    wait_for 20 status_is "$i" peers 6
done

say "loses a fifth, each way"
lose "numgen random mod 100 < 20"
for i in 1 2 3 4 5; do
    head -c 100000 /dev/urandom >"$work/file"
    "$skad" put "$work/file" --once --json --socket "$(socket_of "$i")" >"$work/put" || fail "put: $(cat "$work/put")"
    stored=$(sed -E 's/.*"stored":([0-9]+).*/\1/' "$work/put")
    [ "$stored" -ge 4 ] || fail "a record is held by few: $(cat "$work/put")"
    "$skad" get "$(cut -d'"' -f4 "$work/put")" -o "$work/copy" --socket "$(socket_of 0)" || fail "get"
    cmp "$work/file" "$work/copy"
done
resent=0 # by all: one alone may hold what it gets
for i in 0 1 2 3 4 5 6; do
    "$skad" status --field resent --socket "$(socket_of "$i")" >"$work/resent"
    resent=$((resent + $(cat "$work/resent")))
done
[ "$resent" -gt 0 ] || fail "no request was sent again"

say "loses everything: a put says that only this node has it"
lose ""
expect 6 "$skad" put "$work/file" --once --socket "$(socket_of 3)" --timeout 120
expect_message "only this node has it"
say "passed"
