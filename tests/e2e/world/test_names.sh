#!/usr/bin/env bash
# Names of --join while the system's settings change: by new files in the place of the old ones, which
# a node in its sandbox has to read.
# shellcheck disable=SC1091,SC2154 # world.sh has the rest
. "$(dirname "$0")/world.sh"

# joins_after NAME COMMAND...: the name does not resolve until the command; then the node joins.
joins_after() {
    local name=$1
    shift
    wait_for 20 log_has "$name" 'does not resolve'
    "$@"
    wait_for 30 joined "$name"
    [ "$(field "$name" sandbox)" != off ] || echo "       without a sandbox in this build"
    stop_node "$started"
}

own_etc
add_address 45.1.1.1/32
start_node seed --listen 127.0.0.1:4700
wait_for 20 answers seed
served=$started
name_server 127.0.0.1 'seed.test 127.0.0.1'

say "hosts are replaced"
start_node hosts --listen 127.0.0.1:0 --join other.test:4700
joins_after hosts replace_etc hosts '127.0.0.1 localhost' '127.0.0.1 other.test'

say "name servers are replaced"
replace_etc resolv.conf 'nameserver 127.0.0.9' 'options timeout:1 attempts:1'
start_node servers --listen 127.0.0.1:0 --join seed.test:4700
joins_after servers replace_etc resolv.conf 'nameserver 127.0.0.1' 'options timeout:1 attempts:1'

say "there are no settings at the start"
rm /etc/resolv.conf /etc/nsswitch.conf
start_node none --listen 127.0.0.1:0 --join seed.test:4700
restore() {
    replace_etc resolv.conf 'nameserver 127.0.0.1' 'options timeout:1 attempts:1'
    replace_etc nsswitch.conf 'hosts: files dns'
}
if within 5 joined none; then # the C library may ask a name server on this machine
    restore
    stop_node "$started"
else
    joins_after none restore
fi

say "a link into a folder that a background program makes later"
mkdir -p "$work/run"
rm /etc/resolv.conf
ln -s "$work/run/resolver/resolv.conf" /etc/resolv.conf
start_node link --listen 127.0.0.1:0 --join seed2.test:4700
resolver_starts() {
    mkdir "$work/run/resolver"
    echo 'seed2.test 127.0.0.1' >>"$work/zone.127.0.0.1"
    printf 'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n' >"$work/run/resolver/resolv.conf"
}
joins_after link resolver_starts

say "an address in the place of another"
replace_etc hosts '127.0.0.1 localhost' '45.1.1.1 moves.test'
start_node moves --listen 127.0.0.1:0 --join moves.test:4700
within 3 joined moves && fail "joined through a wrong address"
replace_etc hosts '127.0.0.1 localhost' '127.0.0.1 moves.test'
wait_for 30 joined moves
stop_node "$started"

kill -0 "$served" || fail "the first node is gone"
say "passed"
