#!/usr/bin/env bash
# A node that does not join says within ten seconds why, in its log and in its status.
# shellcheck disable=SC1091,SC2154 # world.sh has the rest
. "$(dirname "$0")/world.sh"

own_etc
replace_etc hosts '127.0.0.1 localhost' '::1 seed6.test'
name_server 127.0.0.1 'fails.test fail' 'silent.test silent' 'seed.test 127.0.0.1'
replace_etc resolv.conf 'nameserver 127.0.0.1' 'options timeout:20 attempts:1'
make_clock
set_clock 8640000 0
printf 'base = test\nname = other\n' >"$work/other"
start_node seed --listen 127.0.0.1:4700
wait_for 20 answers seed

start_node alone --listen 127.0.0.1:0
start_node family --listen 127.0.0.1:0 --join seed6.test:4700
start_node number --listen 127.0.0.1:0 --join '[::1]:4700'
start_node dead --listen 127.0.0.1:0 --join 127.0.0.1:9
start_node itself --listen 127.0.0.1:4705 --join 127.0.0.1:4705
start_node unknown --listen 127.0.0.1:0 --join no-such-name.test:4700
start_node broken --listen 127.0.0.1:0 --join fails.test:4700
start_node mute --listen 127.0.0.1:0 --join silent.test:4700
start_node route --listen 0.0.0.0:0 --join 10.9.9.9:4700
profile=$work/other
start_node network --listen 127.0.0.1:0 --join 127.0.0.1:4700
profile=test
with clocked -- start_node clock --listen 127.0.0.1:0 --join 127.0.0.1:4700
# One of two names has no answer: the other is used at once.
start_node slow --listen 127.0.0.1:0 --join silent.test:4700 --join seed.test:4700

# seconds_between NAME FROM TO: by the log's own times, from the last line that matches to the last one that
# matches the other. What a busy machine takes to start a dozen nodes does not count.
seconds_between() {
    local from to
    from=$(date -d "$(grep -E -- "$2" "$work/$1/log" | tail -n 1 | cut -d' ' -f1)" +%s)
    to=$(date -d "$(grep -E -- "$3" "$work/$1/log" | tail -n 1 | cut -d' ' -f1)" +%s)
    echo $((to - from))
}

since='info: sandbox'
soon=10 # seconds
says() { # NAME STATE LOG
    local name=$1
    within 30 log_has "$name" "$3" || fail "$name says nothing of '$3'"
    [ "$(seconds_between "$name" "$since" "$3")" -le "$soon" ] || fail "$name says it late"
    [ "$(field "$name" join.state)" = "$2" ] || fail "$name is $(field "$name" join.state)"
    [ "$(field "$name" joined)" = false ] || fail "$name joined"
    [ -n "$(field "$name" join.reason)" ] || fail "$name has no reason"
}
wait_for 4 joined slow
says alone alone 'info: not joined: there is no --join'
says family unusable 'warning: not joined: none of the addresses.*this node has no IPv6'
says number unusable 'warning: not joined: none of the addresses.*\[::1\]:4700'
says dead refused 'warning: not joined: nothing listens at 127.0.0.1:9'
says itself itself 'warning: not joined: 127.0.0.1:4705 leads to this node itself'
says unknown unresolved 'warning: not joined: no name of --join resolves; no-such-name.test:4700'
says broken unresolved 'warning: not joined: no name of --join resolves; fails.test:4700'
says mute unresolved 'warning: not joined: no name server has answered for silent.test yet'
says route unreachable 'warning: not joined: the system refuses to send .Network is unreachable'
says network silent 'warning: not joined: no answer from 127.0.0.1:4700.*another network'
says clock silent 'warning: not joined: no answer from 127.0.0.1:4700.*a clock wrong'
field unknown join.unusable | grep -q no-such-name.test || fail "does not list the name"
[ "$(grep -c 'not joined' "$work/dead/log")" = 1 ] || fail "says it more than once"

say "the same for a node that lost all its peers, long after it had joined"
set_clock 0 0
start_node peer --listen 127.0.0.1:4710
with clocked -- start_node lonely --listen 127.0.0.1:0 --join 127.0.0.1:4710
wait_for 20 joined lonely
block 4710
for ahead in 200 400 600 800; do
    set_clock 0 "$ahead"
    within 6 log_has lonely 'isolated' && break
done
since=isolated
soon=20 # it tries its old peers first
says lonely silent 'warning: not joined: no answer from 127.0.0.1:4710'
unblock
wait_for 60 joined lonely

say "and joins once the reason is gone"
start_node late --listen 127.0.0.1:9
wait_for 30 joined dead
[ "$(field dead join.state)" = joined ] || fail "is $(field dead join.state)"
say "passed"
