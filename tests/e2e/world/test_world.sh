#!/usr/bin/env bash
# The harness itself: each part of a world does what docs/testing.md says of it.
# shellcheck disable=SC1091,SC2154 # world.sh has the rest
. "$(dirname "$0")/world.sh"

say "an address of this host alone"
add_address 45.1.1.1/32 2001:db8::1/128
start_node first --listen 127.0.0.1:4700
start_node second --listen 127.0.0.1:0 --join 127.0.0.1:4700
wait_for 20 joined second

say "lost datagrams"
lose 100
expect 4 "$skad" ping 127.0.0.1:4700 --socket "$(socket_of second)"
lose 0
ask second ping 127.0.0.1:4700 >/dev/null

say "a blocked port"
block 4700
expect 4 "$skad" ping 127.0.0.1:4700 --socket "$(socket_of second)"
unblock
ask second ping 127.0.0.1:4700 >/dev/null

say "hosts, cables, a firewall that knows what was asked"
add_host far 10.9.0.9/24
start_node here --listen 10.9.0.1:4701
with at far -- start_node far --listen 0.0.0.0:4700 --join 10.9.0.1:4701
wait_for 20 joined far
firewall far
ask far ping 10.9.0.1:4701 >/dev/null || fail "the firewall drops answers"
unplug far
expect 4 "$skad" ping 10.9.0.1:4701 --socket "$(socket_of far)"
plug far
within 10 ask far ping 10.9.0.1:4701 || fail "does not come back"
firewall_off far
move_host far 10.9.0.9/24 10.9.0.10/24
ip -n far address show dev eth0 | grep -q 10.9.0.10 || fail "did not move"

say "names: replaced files, a server that answers late or not at all"
own_etc
replace_etc hosts '127.0.0.1 localhost' '45.1.1.1 here.test'
[ "$(getent ahostsv4 here.test | head -n 1 | cut -d' ' -f1)" = 45.1.1.1 ] || fail "no /etc/hosts"
name_server 127.0.0.1 'quick.test 45.1.1.1' 'late.test 45.1.1.2 after=0.3' \
    'broken.test fail'
replace_etc resolv.conf 'nameserver 127.0.0.1' 'options timeout:1 attempts:1'
[ "$(getent ahostsv4 quick.test | head -n 1 | cut -d' ' -f1)" = 45.1.1.1 ] || fail "no name server"
getent ahostsv4 late.test >/dev/null || fail "no late answer"
! getent ahostsv4 broken.test >/dev/null || fail "an answer of a broken server"
! getent ahostsv4 nothing.test >/dev/null || fail "a name that does not exist"

say "limits, and process 1"
with limited --fsize=1 -- start_node small --listen 127.0.0.1:0
ended 10 "$started"
[ "$code" -ne 0 ] || fail "there is no limit"
with first -- start_node one --listen 127.0.0.1:0
wait_for 20 answers one
[ "$(sed -n 's/^NSpid:.*\t//p' "/proc/$(child_of "$started")/status")" = 1 ] || fail "not process 1"
kill -TERM "$(child_of "$started")"
ended 10 "$started"

say "a clock ahead"
make_clock
set_clock 86400 0
with clocked -- start_node clocked --listen 127.0.0.1:0
wait_for 20 answers clocked
log_has clocked "^$(date -u -d tomorrow +%Y-%m-%d)" || fail "no clock of its own"

say "a slow disk"
with slow 50 -- start_node slow --listen 127.0.0.1:0 --sandbox off
wait_for 30 answers slow
stop_node "$started"
say "passed"
