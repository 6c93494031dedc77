#!/usr/bin/env bash
# A node behind a NAT, whose gateway is Debian's miniupnpd with nftables: it has its port let in by PCP and by NAT-PMP, strangers
# reach it, it renews the mapping and removes it at its end.
# shellcheck disable=SC1091,SC2154 # world.sh has the rest
. "$(dirname "$0")/world.sh"
. "$world_dir/port_mapping.sh"

# shellcheck disable=SC2034 # port_mapping.sh uses it
miniupnpd=$(PATH=$PATH:/usr/sbin:/sbin command -v miniupnpd) || skip "no miniupnpd here"
make_clock
make_home
make_home_ipv6
for end in 2 3 4; do
    start_node "street$end" --listen "81.2.69.$end:4700" --join 81.2.69.2:4700
done
for end in 3 4; do
    wait_for 20 joined "street$end"
done
at_home() { # NAME OPTION...
    with at home clocked -- start_node "$@" --listen 0.0.0.0:4700 --join 81.2.69.2:4700
}

say "off by default: no socket to the gateway, no mapping, and strangers do not get in"
start_miniupnpd
at_home plain
plain=$started
wait_for 20 joined plain
status_is plain mapping.ipv4.state off || fail "maps without being told"
! nsenter --net=/run/netns/home ss -uan | grep -q ':5351' || fail "has a socket to the gateway"
lets_nothing_in || fail "the gateway lets something in"
start_node stranger --listen 81.2.69.5:4700
wait_for 10 answers stranger
! ask stranger ping 81.2.69.1:4700 >/dev/null 2>&1 || fail "a stranger gets in without a mapping"
stop_node "$started"
rm -rf "${work:?}/stranger"
stop_node "$plain"

say "by PCP: mapped, as miniupnpd and nftables show, within the sandbox"
at_home home --listen '[::]:4700' --port-mapping yes
home=$started
wait_for 20 status_is home mapping.ipv4.state mapped
wait_for 20 status_is home mapping.ipv6.state mapped
status_is home mapping.ipv4.protocol pcp || fail "not by PCP"
status_is home mapping.ipv4.external 81.2.69.1:4700 || fail "another external address: $(field home mapping.ipv4.external)"
status_is home mapping.ipv6.external '[2a02:fade:1::2]:4700' || fail "no pinhole: $(field home mapping.ipv6.external)"
lets_in ipv4 'dport 4700 dnat ip to 192.168.7.2:4700' || fail "no rule of NAT"
lets_in ipv6 'dport 4700' || fail "no rule of the firewall"
log_has home 'port mapping: the gateway 192.168.7.1:5351 lets 81.2.69.1:4700 in for 3600 s, by PCP' || fail "not in the log"
[ "$(field home sandbox)" != off ] || say "  (this build has no sandbox)"

say "a stranger reaches it, unasked, and it stays a server"
wait_for 20 joined home
wait_for 20 status_is home observed 81.2.69.1:4700
start_node stranger --listen 81.2.69.6:4700
wait_for 10 answers stranger
ask stranger ping 81.2.69.1:4700 >/dev/null || fail "a stranger does not get in"
start_node guest --listen 81.2.69.7:4700 --join 81.2.69.3:4700
wait_for 60 status_is home reach.ipv4.reached yes
status_is home reach.ipv4.role server || fail "is a client"
"$skad" status --socket "$(socket_of home)" | grep -q '^mapping.ipv4.state  *mapped' || fail "not in the status"

say "renewed at half of its life"
set_clock 2300 2300
renewed() {
    [ "$(grep -c 'PCP MAP: .*mapping UDP 4700->192.168.7.2:4700' "$work/miniupnpd.log")" -ge 2 ] &&
        [ "$(field home mapping.ipv4.lifetime_s)" -gt 3000 ]
}
wait_for 90 renewed
[ "$(grep -c 'lets 81.2.69.1:4700 in' "$work/home/log")" -eq 1 ] || fail "a renewal is in the log"

say "a gateway that forgot: mapped anew by itself"
kill_node "$gateway"
nsenter --net=/run/netns/router nft flush chain inet filter prerouting_miniupnpd
nsenter --net=/run/netns/router nft flush chain inet filter miniupnpd
start_miniupnpd
set_clock 4600 4600
wait_for 90 lets_in ipv4
wait_for 90 lets_in ipv6

say "removed at its end, without a wait"
stop_node "$home"
wait_for 5 lets_nothing_in

say "by NAT-PMP, where PCP is not answered"
rules router <<'RULES'
insert rule inet filter input iifname "lan" udp dport 5351 @th,64,8 2 counter drop
RULES
at_home old --port-mapping yes
old=$started
wait_for 60 status_is old mapping.ipv4.state mapped
status_is old mapping.ipv4.protocol nat-pmp || fail "by PCP"
status_is old mapping.ipv4.external 81.2.69.1:4700 || fail "another external address"
lets_in ipv4 'dport 4700 dnat ip to 192.168.7.2:4700' || fail "no rule of NAT"
ask stranger ping 81.2.69.1:4700 >/dev/null || fail "a stranger does not get in by NAT-PMP"
stop_node "$old"
wait_for 5 lets_nothing_in

say "a public address needs no mapping"
start_node public --listen 81.2.69.8:4701 --join 81.2.69.2:4700 --port-mapping yes
wait_for 10 answers public
ip route add default via 81.2.69.1
start_node public2 --listen 81.2.69.9:4701 --join 81.2.69.2:4700 --port-mapping yes
wait_for 10 answers public2
status_is public mapping.ipv4.state no_gateway || fail "has a gateway: $(field public mapping.ipv4.state)"
status_is public2 mapping.ipv4.state unneeded || fail "not unneeded: $(field public2 mapping.ipv4.state)"
say "passed"
