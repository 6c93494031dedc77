#!/usr/bin/env bash
# Bans from the command line: a banned node is dropped and counted, shown, and let in again.
. "$(dirname "$0")/lib.sh"

say "two nodes that know each other"
start_node one --listen 127.0.0.1:0
wait_for 20 answers one
start_node two --listen 127.0.0.2:0 --join "$(address_of one)"
wait_for 30 status_is two joined true
one=$(socket_of one)
two=$(socket_of two)

say "nobody is banned at first"
[ -z "$("$skad" bans --socket "$one")" ] || fail "bans: $("$skad" bans --socket "$one")"

say "bans the other one's address, and is not reached by it any more"
expect 0 "$skad" ban 127.0.0.2 --life 600 --socket "$one"
grep -qx 'banned  127.0.0.2/32' "$work/out" || fail "said: $(cat "$work/out")"
"$skad" bans --socket "$one" | grep -Eq '^operator +[56][0-9]{2} s  127\.0\.0\.2/32$' ||
    fail "shows: $("$skad" bans --socket "$one")"
expect 4 "$skad" ping "$(address_of one)" --socket "$two"
[ "$("$skad" status --json --socket "$one" | grep -o '"banned":[0-9]*' | cut -d: -f2)" -gt 0 ] ||
    fail "no drop was counted as banned"

say "lifts the ban"
expect 0 "$skad" unban 127.0.0.2/32 --socket "$one"
expect 0 "$skad" ping "$(address_of one)" --socket "$two"
expect 3 "$skad" unban 127.0.0.2/32 --socket "$one"
expect_message "there is no ban of this very subject"

say "what is no subject is refused in words"
expect 1 "$skad" ban 127.0.0.2:80 --socket "$one"
expect_message "neither a node ID nor an address"
expect 0 "$skad" allow 127.0.0.0/8 --socket "$one"
expect 1 "$skad" allow "$("$skad" status --field id --socket "$two")" --socket "$one"
expect_message "only addresses can be allowed"
say "passed"
