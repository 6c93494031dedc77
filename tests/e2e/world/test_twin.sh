#!/usr/bin/env bash
# One identity on two machines: both say so within seconds, and no more once one of them is stopped.
# shellcheck disable=SC1091,SC2154 # world.sh has the rest
. "$(dirname "$0")/world.sh"

told() { # NAME ADDRESS
    wait_for 10 log_has "$1" "error: another node runs with the same identity, at $2"
    [ "$(field "$1" twin)" = "$2" ] || fail "the status of $1 says $(field "$1" twin)"
}

clone() { # NAME COPY
    mkdir -m 700 "$work/$2"
    cp -p "$work/$1/identity" "$work/$2/"
}

start_node first --listen 127.0.0.1:4700
for name in b c d; do
    start_node "$name" --listen 127.0.0.1:0 --join 127.0.0.1:4700
done
start_node one --listen 127.0.0.1:4710 --join 127.0.0.1:4700
for name in b c d one; do
    wait_for 20 joined "$name"
done
[ "$(field one twin)" = - ] || fail "there is none yet: $(field one twin)"

say "a copied folder"
clone one two
start_node two --listen 127.0.0.1:4711 --join 127.0.0.1:4700
told two 127.0.0.1:4710
told one 127.0.0.1:4711
[ "$(field b twin)" = - ] || fail "others are told"
stop_node "$started"

say "a clone that knows only its twin"
clone one three
start_node three --listen 127.0.0.1:4712 --join 127.0.0.1:4710
told one 127.0.0.1:4712
told three 127.0.0.1:4710
stop_node "$started"

say "a node that moves, or has two addresses, is no twin of itself"
add_host far 10.9.0.9/24
start_node near --listen 10.9.0.1:4700
with at far -- start_node moves --listen 0.0.0.0:4700 --join 10.9.0.1:4700
wait_for 20 joined moves
move_host far 10.9.0.9/24 10.9.0.10/24
wait_for 20 ask moves ping 10.9.0.1:4700
ask moves lookup "$(field moves id)" >/dev/null
address add 10.9.0.9/24 eth0 far
ask moves lookup "$(field moves id)" >/dev/null
[ "$(field moves twin)" = - ] || fail "takes itself for a twin: $(field moves twin)"
log_has moves 'same identity' && fail "says so in the log"
say "passed"
