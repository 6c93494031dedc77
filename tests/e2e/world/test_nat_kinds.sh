#!/usr/bin/env bash
# The routers of nat.sh themselves: each kind lets in what it says, and forgets in time.
# shellcheck disable=SC1091,SC2034,SC2154 # world.sh has the rest
. "$(dirname "$0")/world.sh"
nat_seconds=2
. "$world_dir/nat.sh"
need python3

make_internet
add_public one two three
publics4=("one=${ipv4_of[one]}" "two=${ipv4_of[two]}" "three=${ipv4_of[three]}")
publics6=("one=${ipv6_of[one]}" "two=${ipv6_of[two]}" "three=${ipv6_of[three]}")

# is HOST MAPPING FILTER: what datagrams tell of a router.
is() {
    local of=("${publics4[@]}") found
    [ -n "${outside_of[$1]:-}" ] || of=("${publics6[@]}")
    found=$(python3 "$world_dir/nat_kind.py" "$1" "${of[@]}")
    [ "$found" = "$2 $3" ] || fail "behind $1 there is '$found', not '$2 $3'"
}

while read -r kind mapping filter; do
    say "$kind"
    add_nat "r-$kind" "$kind"
    add_inside "$kind" "r-$kind"
    is "$kind" "$mapping" "$filter"
done <<'END'
full same all
address same address
port same port
symmetric other port
open6 same all
firewalled same port
END

say "a NAT behind a NAT"
add_nat carrier full
add_nat home --behind carrier port
add_inside twice home
is twice same port
add_nat carrier2 symmetric
add_nat home2 --behind carrier2 full
add_inside thrice home2
is thrice other port

say "holes close"
for kind in full address port; do
    [ "$(inside_of "r-$kind" cat /proc/sys/net/netfilter/nf_conntrack_udp_timeout_stream)" = 2 ] ||
        fail "$kind keeps holes for longer"
done
open_holes() { inside_of r-full nft list map ip world_router holes | grep -q 4700; }
shut() { ! open_holes; }
python3 "$world_dir/nat_kind.py" full "${publics4[@]}" >/dev/null
open_holes || fail "no hole is noted"
within 8 shut || fail "a full cone stays open for ever"
