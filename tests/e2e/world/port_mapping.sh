# shellcheck shell=bash disable=SC2154 # world.sh has the rest
# A home network behind a NAT, for the tests of port mapping. Sourced after world.sh. Addresses are like public ones: no datagram
# leaves the namespaces.
#
#     this host, 81.2.69.2 to .9 -- wan, 81.2.69.1: router: lan, 192.168.7.1 -- eth0, 192.168.7.2: home
#     2a02:fade:2::2                                                            2a02:fade:1::2

make_home() {
    local end host
    need ip nft nsenter python3
    mkdir -p /run/netns
    mount -t tmpfs none /run/netns 2>/dev/null || skip "cannot mount a tmpfs"
    for host in router home; do
        ip netns add "$host" 2>/dev/null || skip "no named network namespaces"
        ip -n "$host" link set lo up
    done
    ip link add street type veth peer name wan netns router
    ip -n router link add lan type veth peer name eth0 netns home
    ip link set street up
    ip -n router link set wan up
    ip -n router link set lan up
    ip -n home link set eth0 up
    for end in 2 3 4 5 6 7 8 9; do
        address add "81.2.69.$end/24" street
    done
    address add 81.2.69.1/24 wan router
    address add 192.168.7.1/24 lan router
    address add 192.168.7.2/24 eth0 home
    ip -n home route add default via 192.168.7.1
    nsenter --net=/run/netns/router sh -c 'echo 1 >/proc/sys/net/ipv4/ip_forward' || skip "no forwarding here"
    rules router <<'RULES' || skip "no NAT here"
table inet filter {
    chain forward {
        type filter hook forward priority 0; policy drop;
        ct state established,related accept
        iifname "lan" accept
        jump miniupnpd
    }
    chain input {
        type filter hook input priority 0; policy accept;
    }
    chain prerouting {
        type nat hook prerouting priority -100;
        jump prerouting_miniupnpd
    }
    chain postrouting {
        type nat hook postrouting priority 100;
        jump postrouting_miniupnpd
        oifname "wan" ip saddr 192.168.7.0/24 masquerade
    }
    chain miniupnpd { }
    chain prerouting_miniupnpd { }
    chain postrouting_miniupnpd { }
}
RULES
}

# make_home_ipv6: the same for IPv6, whose gateway has a link-local address, as it is told by router advertisements.
make_home_ipv6() {
    address add 2a02:fade:2::2/64 street
    address add 2a02:fade:2::1/64 wan router
    address add 2a02:fade:1::1/64 lan router
    address add 2a02:fade:1::2/64 eth0 home
    address add fe80::1/64 lan router
    ip -n home route add default via fe80::1 dev eth0
    ip route add 2a02:fade:1::/64 via 2a02:fade:2::1
    nsenter --net=/run/netns/router sh -c 'echo 1 >/proc/sys/net/ipv6/conf/all/forwarding'
}

# start_miniupnpd: Debian's, with nftables; its process is in $gateway.
start_miniupnpd() {
    cat >"$work/miniupnpd.conf" <<'CONF'
ext_ifname=wan
ext_ifname6=wan
listening_ip=lan
enable_natpmp=yes
enable_upnp=no
secure_mode=yes
upnp_table_name=filter
upnp_nat_table_name=filter
upnp_forward_chain=miniupnpd
upnp_nat_chain=prerouting_miniupnpd
upnp_nat_postrouting_chain=postrouting_miniupnpd
uuid=11111111-2222-3333-4444-555555555555
allow 1024-65535 192.168.7.0/24 1024-65535
deny 0-65535 0.0.0.0/0 0-65535
CONF
    nsenter --net=/run/netns/router "$miniupnpd" -d -f "$work/miniupnpd.conf" -P "$work/miniupnpd.pid" \
        >"$work/miniupnpd.log" 2>&1 &
    gateway=$!
    pids+=("$gateway")
    wait_for 10 grep -q 'Listening for NAT-PMP/PCP' "$work/miniupnpd.log"
}

# start_gateway MODE [DATAGRAMS]: one that misbehaves; its process is in $gateway.
start_gateway() {
    nsenter --net=/run/netns/router python3 "$world_dir/gateway.py" 192.168.7.1 "$@" >"$work/gateway.$1" 2>&1 &
    gateway=$!
    pids+=("$gateway")
    wait_for 10 grep -q ready "$work/gateway.$1"
}

stop_gateway() {
    kill_node "$gateway"
}

# lets_in FAMILY: whether the router has a rule for the node.
lets_in() {
    local chain=prerouting_miniupnpd
    [ "$1" = ipv4 ] || chain=miniupnpd
    nsenter --net=/run/netns/router nft list chain inet filter "$chain" | grep -q "${2:-dport 4700}"
}

lets_nothing_in() {
    local chain
    for chain in prerouting_miniupnpd miniupnpd; do
        ! nsenter --net=/run/netns/router nft list chain inet filter "$chain" | grep -q dport || return 1
    done
}
