#!/usr/bin/env bash
# A node whose address changes: it stays in the network, and what it announces of itself follows. A
# life is 96 s here, so an hour is 4 s.
# shellcheck disable=SC1091,SC2154 # world.sh has the rest
. "$(dirname "$0")/world.sh"

printf 'base = test\nname = moves\nrecord_life_s = 96\n' >"$work/profile"
profile=$work/profile
add_host far 10.9.0.50/24
start_node first --listen 10.9.0.1:4700
for name in second third; do
    start_node "$name" --listen 10.9.0.1:0 --join 10.9.0.1:4700
done
with at far -- start_node moves --listen 0.0.0.0:4700 --join 10.9.0.1:4700
for name in second third moves; do
    wait_for 20 joined "$name"
done
ours=$(printf '%064x' 1)
given=$(printf '%064x' 2)

provided() { # KEY ADDRESS: others get this one
    [ "$(ask third providers "$1" | cut -d' ' -f1)" = "$2" ]
}

say "announced where it is"
wait_for 20 ask moves announce "$ours" --port 8080 # once peers have told it its address
ask moves announce "$given" --address 10.9.0.50:9090 >/dev/null
wait_for 10 provided "$ours" 10.9.0.50:8080
wait_for 10 provided "$given" 10.9.0.50:9090

say "the announcement follows, one of a given address does not"
move_host far 10.9.0.50/24 10.9.0.60/24
wait_for 40 provided "$ours" 10.9.0.60:8080
provided "$given" 10.9.0.50:9090 || fail "a given address changed"
joined moves || fail "left the network"
echo found >"$work/value"
key=$(ask third put "$work/value")
[ "$(ask moves get "$key")" = found ] || fail "finds nothing any more"

say "and back, over a cable that was unplugged meanwhile"
unplug far
move_host far 10.9.0.60/24 10.9.0.50/24
plug far
wait_for 60 provided "$ours" 10.9.0.50:8080
say "a network that comes up late is used at once"
add_host late
with at late -- start_node late --listen 0.0.0.0:4700 --join 10.9.0.1:4700
tries() { # five in vain: the next one would be in sixteen seconds
    [ "$(field late send_refused)" -ge 5 ]
}
wait_for 40 tries
address add 10.9.0.70/24 eth0 late
within 8 joined late || fail "waits for its next try"
log_has late 'interfaces or addresses of this machine changed' || fail "joined by chance"
say "passed"
