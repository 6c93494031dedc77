#!/usr/bin/env bash
# Clocks that are ahead or behind and are set later, and a folder from a backup: publications stay in
# the network, and the newer edition stays. An hour of this network takes a second.
# shellcheck disable=SC1091,SC2154 # world.sh has the rest
. "$(dirname "$0")/world.sh"

printf 'base = test\nname = world\nrecord_life_s = 24\n' >"$work/profile"
profile=$work/profile
make_clock
start_node first --listen 127.0.0.1:4700
wait_for 20 answers first
for name in second third fourth; do
    start_node "$name" --listen 127.0.0.1:0 --join 127.0.0.1:4700
done
wait_for 20 joined fourth

resolved() { # what the third node gets
    ask third resolve "$publisher" 2>/dev/null || true
}
gives() { # TEXT
    [ "$(resolved)" = "$1" ]
}
start_publisher() {
    with clocked -- start_node publisher --listen 127.0.0.1:4709 --join 127.0.0.1:4700
    wait_for 20 joined publisher
}

start_publisher
publisher=$(field publisher public_key)
echo one | ask publisher publish - >/dev/null
wait_for 5 gives one

for ahead in 100000 -100000; do
    say "a clock that is $ahead s ahead at a start, and then right"
    stop_node "$started"
    set_clock "$ahead" 0
    start_publisher
    sleep 4 # four hours of this network: it signs anew
    set_clock 0 0
    sleep 30 # more than a life
    kill -STOP "$started" # it is a holder in so small a network
    gives one || fail "the others do not have it: $(resolved)"
    kill -CONT "$started"
done

say "a folder from a backup: the newer edition stays, and the log tells"
stop_node "$started"
cp -p "$work/publisher/records.db" "$work/backup"
start_publisher
echo two | ask publisher publish - >/dev/null
wait_for 5 gives two
stop_node "$started"
cp -p "$work/backup" "$work/publisher/records.db"
start_publisher
sleep 30
gives two || fail "rolled back to: $(resolved)"
log_has publisher 'newer edition of .* sequence 2 is published from now on, not 1' || fail "silent"
[ "$(ask publisher records --published | grep -c 'mutable')" -le 1 ] || fail "published twice"
say "passed"
