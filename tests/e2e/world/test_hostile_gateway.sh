#!/usr/bin/env bash
# Gateways that answer late, twice, with another version, with a lifetime of zero, with garbage, with lies and with floods: each is
# reported once, none is fatal, and the node goes on.
# shellcheck disable=SC1091,SC2154 # world.sh has the rest
. "$(dirname "$0")/world.sh"
. "$world_dir/port_mapping.sh"

make_clock
make_home
for end in 2 3 4; do
    start_node "street$end" --listen "81.2.69.$end:4700" --join 81.2.69.2:4700
done
for end in 3 4; do
    wait_for 20 joined "street$end"
done

# visit MODE STATE: a node of its own at a gateway of that mode, until the mapping is in that state.
visit() {
    start_gateway "$1" "${@:3}"
    set_clock 0 0
    with at home clocked -- start_node "$1" --listen 0.0.0.0:4700 --join 81.2.69.2:4700 --port-mapping yes
    node=$started
    wait_for 60 status_is "$1" mapping.ipv4.state "$2"
    wait_for 20 joined "$1"
}

lines() { # NAME REGULAR-EXPRESSION
    grep -cE -- "$2" "$work/$1/log" || true
}

# once NAME REGULAR-EXPRESSION: exactly one line of its log, and nothing else of port mapping but what a third argument allows.
once() {
    [ "$(lines "$1" "$2")" -eq 1 ] || fail "$1: $(lines "$1" "$2") lines of '$2' in: $(grep mapping "$work/$1/log")"
}

leave() {
    stop_node "$node"
    stop_gateway
}

say "late: the request is sent again, the answer to the first counts, the second is a copy"
visit late mapped
[ "$(grep -c '^request' "$work/gateway.late")" -ge 1 ] || fail "no request"
leave
once late 'lets 81.2.69.1:4700 in for 3600 s, by PCP'

say "twice: one counts"
visit twice mapped
sleep 1
status_is twice mapping.ipv4.state mapped || fail "a copy undid it"
leave
once twice 'lets 81.2.69.1:4700 in'
once twice 'sends what is no answer to a request \(unasked\)'

say "another version, of both protocols"
visit version failed
leave
once version 'speaks neither PCP nor NAT-PMP'

say "a lifetime of zero"
visit zero failed
leave
once zero 'a mapping that ends at once'

say "refused: the operator reads what to do, and there is one request, not many"
visit refuse failed
sleep 2
[ "$(grep -c '^request' "$work/gateway.refuse")" -eq 1 ] || fail "asks again at once"
leave
once refuse 'allows this machine no mapping: switch port mapping on'

say "garbage, wrong nonces and short answers are dropped, each told once"
for mode in garbage nonce short; do
    visit "$mode" asking
    answered() { [ "$(grep -c '^request' "$work/gateway.$mode")" -ge 2 ]; }
    wait_for 20 answered
    status_is "$mode" mapping.ipv4.state asking || fail "believes $mode: $(field "$mode" mapping.ipv4.state)"
    leave
done
once garbage 'no answer to a request \(form\)'
once short 'no answer to a request \(form\)'
once nonce 'no answer to a request \(nonce\)'

say "a flood: the node answers at once, and the good answer behind it counts"
visit flood mapped 20000
for _ in 1 2 3 4 5; do
    timeout 2 "$skad" status --socket "$(socket_of flood)" >/dev/null || fail "does not answer in a flood"
done
status_is flood joined true || fail "left the network"
leave
once flood 'no answer to a request \(form\)'

say "a gateway that lies about the external address: shown, believed by none, and told once"
visit lie mapped
status_is lie mapping.ipv4.external 66.66.66.66:9 || fail "another external address"
wait_for 20 status_is lie observed 81.2.69.1:4700
for ahead in 70 140 210 280; do
    set_clock "$ahead" "$ahead"
    sleep 1.5
done
wait_for 70 log_has lie 'peers see this node at 81.2.69.1:4700, but the gateway lets 66.66.66.66:9 in'
status_is lie observed 81.2.69.1:4700 || fail "believes the lie"
! "$skad" table --json --socket "$(socket_of street3)" | grep -q 66.66.66 || fail "a peer heard of the lie"
leave
once lie 'peers see this node at'

say "an epoch that goes back all the time: no storm"
visit restart mapped
set_clock 2300 2300
sleep 3
[ "$(grep -c '^request' "$work/gateway.restart")" -le 3 ] || fail "a storm of requests"
leave

say "a gateway that is not there: told once, and the node works"
with at home clocked -- start_node none --listen 0.0.0.0:4700 --join 81.2.69.2:4700 --port-mapping yes
wait_for 20 joined none
for ahead in 100 300 600; do
    set_clock "$ahead" "$ahead"
    sleep 1
done
stop_node "$started"
for name in late twice version zero refuse garbage nonce short flood lie restart none; do
    ! grep -qiE 'assert|sanitizer|sigsys|runtime error' "$work/$name/log" || fail "$name: $(cat "$work/$name/log")"
    [ "$(lines "$name" 'port mapping')" -le 5 ] || fail "$name: too many lines: $(grep mapping "$work/$name/log")"
done
say "passed"
