#!/usr/bin/env bash
# A host whose addresses change in every way: another subnet, another interface, IPv6 that comes and goes, another default
# route, no address for a while. After each its node is in the network again within seconds, with its identity and its
# records, and what it announces of itself has the new address. A life is 96 s here, so an hour is 4 s.
# shellcheck disable=SC1091,SC2154,SC2034 # world.sh has the rest
. "$(dirname "$0")/world.sh"

printf 'base = test\nname = addresses\nrecord_life_s = 96\n' >"$work/profile"
profile=$work/profile

# The network is behind a router, this host, at 10.7.0.1 and fd07::1.
add_host far 10.9.0.50/24
add_address 10.7.0.1/32 fd07::1/128
address add 10.8.0.1/24 switch
address add fd08::1/64 switch
route() { # ARGUMENTS of `ip route` on the host
    ip -n far route "$@"
}
route add default via 10.9.0.1

start_node first --listen 10.7.0.1:4700 --listen '[fd07::1]:4700'
points=(--join 10.7.0.1:4700 --join '[fd07::1]:4700')
for port in 4701 4702 4703; do
    case $port in 4701) name=second ;; 4702) name=third ;; *) name=fourth ;; esac
    start_node "$name" --listen "10.7.0.1:$port" --listen "[fd07::1]:$port" --join 10.7.0.1:4700
    points+=(--join "10.7.0.1:$port" --join "[fd07::1]:$port")
done
with at far -- start_node moves --listen 0.0.0.0:4700 --listen '[::]:4700' "${points[@]}"
moves_pid=$started
for name in second third fourth moves; do
    wait_for 30 joined "$name"
done
id=$(field moves id)
ours=$(printf '%064x' 1)
wait_for 20 ask moves announce "$ours" --port 8080 # once peers have told it its address
provided() { # ADDRESS: others get this one, and no other
    [ "$(ask third providers "$ours" | cut -d' ' -f1)" = "$1:8080" ]
}
wait_for 20 provided 10.9.0.50

milliseconds() {
    date +%s%3N
}

# Something new in the network, which it can only get by asking others.
finds_news() {
    [ "$(timeout 10 "$skad" get "$news" --socket "$(socket_of moves)")" = "$1" ]
}
# Others find the node where it is now: by its ID.
is_found() { # ADDRESS
    ask third table --contacts | grep -F "${id:0:12}" | grep -qF "$1"
}

count=0
moved_us=0
# back WHAT ADDRESS [OTHER]: the host has this address now (and one of the other family).
back() {
    local began=$moved_us what=$1 address=$2 other=${3:-}
    count=$((count + 1))
    echo "news $count" >"$work/news"
    news=$(ask third put "$work/news")
    wait_for 30 finds_news "news $count"
    local found=$(($(milliseconds) - began))
    wait_for 60 is_found "$address:4700"
    [ -z "$other" ] || wait_for 60 is_found "$other:4700"
    local known=$(($(milliseconds) - began))
    wait_for 60 provided "$address"
    local announced=$(($(milliseconds) - began))
    joined moves || fail "$what: it is not joined"
    [ "$(field moves id)" = "$id" ] || fail "$what: another identity"
    [ "$(ask moves get "$kept")" = "kept" ] || fail "$what: it lost a record"
    say "$what: it finds what is new after $found ms, others find it after $known ms, and its announcement after $announced ms"
}
moving() {
    moved_us=$(milliseconds)
}
echo kept >"$work/kept"
kept=$(ask moves put "$work/kept")

moving
address del 10.9.0.50/24 eth0 far
address add 10.8.0.50/24 eth0 far
route add default via 10.8.0.1
back "another subnet" 10.8.0.50

moving
ip link add to-far-2 type veth peer name eth1 netns far
ip link set to-far-2 master switch up
ip -n far link set eth1 up
address add 10.9.0.60/24 eth1 far
address del 10.8.0.50/24 eth0 far # otherwise the other interface answers for it
ip -n far link set eth0 down
route replace default via 10.9.0.1 dev eth1
back "another interface" 10.9.0.60

moving
address add fd09::60/64 eth1 far
ip -n far -6 route add default via fd09::1
back "IPv6 comes" 10.9.0.60 '[fd09::60]'

moving
address del 10.9.0.60/24 eth1 far
back "IPv4 goes" '[fd09::60]'

moving
address add 10.9.0.60/24 eth1 far
route add default via 10.9.0.1
back "IPv4 comes back" 10.9.0.60

moving
address del fd09::60/64 eth1 far
back "IPv6 goes" 10.9.0.60

ip link add to-far-3 type veth peer name tunnel netns far
address add 10.6.0.1/24 to-far-3
ip link set to-far-3 up
moving
ip -n far link set tunnel up
address add 10.6.0.2/24 tunnel far
route replace default via 10.6.0.1
back "a tunnel goes up" 10.6.0.2
moving
route replace default via 10.9.0.1
address del 10.6.0.2/24 tunnel far
back "a tunnel goes down" 10.9.0.60

address del 10.9.0.60/24 eth1 far
ip -n far link set tunnel down
sleep 20
moving
address add 10.9.0.80/24 eth1 far
route add default via 10.9.0.1
back "all addresses were gone for 20 s" 10.9.0.80
say "a machine that slept for an hour checks its peers at once"
make_clock
with clocked -- start_node sleeper --listen 10.7.0.1:4710 --join 10.7.0.1:4700
wait_for 30 joined sleeper
set_clock 3600 3600 3600
within 10 log_has sleeper 'this machine slept for 3[56][0-9][0-9] s' || fail "it does not notice"
within 15 joined sleeper || fail "it is not joined after its sleep"
! log_has sleeper isolated || fail "it lost its peers"

kill -0 "$moves_pid" || fail "it ended"
say "passed"
