#!/usr/bin/env bash
# Small and flat networks, with no special options: two nodes, one subnet, link-local addresses.
# shellcheck disable=SC1091,SC2154 # world.sh has the rest
. "$(dirname "$0")/world.sh"

# exchange FROM TO: what one stores the other gets.
exchange() {
    local key
    echo "from $1" >"$work/value"
    key=$(ask "$1" put "$work/value")
    [ "$(ask "$2" get "$key")" = "from $1" ] || fail "$2 does not get what $1 put"
}

say "two nodes"
start_node one --listen 127.0.0.1:4700
start_node two --listen 127.0.0.1:0 --join 127.0.0.1:4700
wait_for 20 joined two
wait_for 20 joined one
exchange one two
exchange two one

say "a private network of one subnet: more nodes than a public table has of a subnet"
printf 'base = public\nname = flat\nallow_private = yes\nstatic_bits = 4\ndynamic_bits = 6\n' >"$work/flat"
profile=$work/flat
add_address 10.7.0.1/24
for i in $(seq 2 16); do
    add_address "10.7.0.$i/24"
done
start_node flat1 --listen 10.7.0.1:4700
for i in $(seq 2 16); do
    start_node "flat$i" --listen "10.7.0.$i:4700" --join 10.7.0.1:4700
done
for i in $(seq 1 16); do
    wait_for 30 joined "flat$i"
done
knows_all() { [ "$(field "$1" peers)" = 15 ]; }
for i in 1 7 16; do
    wait_for 30 knows_all "flat$i"
done
exchange flat2 flat16

say "link-local addresses, with the interface of each side"
profile=test
add_host far
add_host farther
link_local() { # its address, once duplicate address detection is over
    "$@" ip -6 -o address show scope link -tentative | sed -n 's|.*inet6 \(fe80[^/]*\)/.*|\1|p' | head -n 1
}
ready() { # on the switch and at the far end of either cable
    [ -n "$(ip -6 -o address show dev switch scope link -tentative)" ] &&
        [ -n "$(link_local nsenter --net=/run/netns/far)" ] &&
        [ -n "$(link_local nsenter --net=/run/netns/farther)" ]
}
wait_for 10 ready
here=$(ip -6 -o address show dev switch scope link | sed -n 's|.*inet6 \(fe80[^/]*\)/.*|\1|p')
there=$(link_local nsenter --net=/run/netns/far)
start_node near --listen '[::]:4701'
with at far -- start_node linked --listen '[::]:4702' --join "[$here%eth0]:4701"
wait_for 20 joined linked
wait_for 20 joined near
exchange linked near
ask near ping "[$there%switch]:4702" >/dev/null
with at farther -- start_node bound \
    --listen "[$(link_local nsenter --net=/run/netns/farther)%eth0]:4703" --join "[$here%eth0]:4701"
wait_for 20 joined bound
exchange bound linked

say "addresses that lack their interface, or have one too many"
for bad in "[$here]:4701" "[$here%nowhere]:4701" '[fd09::1%lo]:4701'; do
    expect 2 "$skad" run --profile test --dir "$work/none" --listen '[::]:0' --join "$bad"
    expect 2 "$skad" run --profile test --dir "$work/none" --listen "$bad"
    expect 2 "$skad" ping "$bad" --socket "$(socket_of near)"
done
expect_message "only link-local addresses"
expect 2 "$skad" announce "$(printf '%064d' 1)" --address "[$here%lo]:1" --socket "$(socket_of near)"
expect_message "means nothing at other machines"
say "passed"
