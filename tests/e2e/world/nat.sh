# shellcheck shell=bash disable=SC1091,SC2154,SC2034 # world.sh has the rest
# A small internet with routers that translate and filter, for worlds with NATs. Sourced after world.sh.
# This network namespace is the internet: it forwards between public hosts and home routers, and each
# of them has an IPv4 /16 and an IPv6 /32 of its own, so that each is in an address group of its own.
#
#     make_internet
#     add_public alice                  # ${ipv4_of[alice]} and ${ipv6_of[alice]}
#     add_nat home symmetric            # a router; what kinds there are stands below
#     add_inside bob home               # a host behind it, and ${outside_of[bob]}, the router's address
#     with at bob -- start_node bob --join "${ipv4_of[alice]}:4700"
#
# add_nat NAME [--behind ROUTER] KIND...
#   full        full cone: what went out by a port lets all in by that port
#   address     address-restricted: ... all ports of the addresses that it went to
#   port        port-restricted: ... the very ports that it went to; as Linux does it
#   symmetric   the same, and each destination sees another port
#   open6       IPv6 without a filter
#   firewalled  IPv6 without a NAT, but it lets in only what answers
# A router forgets what went out after $nat_seconds. With --behind it is itself inside another one, as
# with carrier-grade NAT. A host behind a router without a kind for IPv6 has none, and so for IPv4.

nat_seconds=${nat_seconds:-30}
declare -A ipv4_of=() ipv6_of=() outside_of=() routers=() insides=() lans4=() lans6=()
publics=0

inside_of() { # HOST COMMAND...: runs it there
    nsenter "--net=/run/netns/$1" "${@:2}"
}

# set_kernel HOST-OR-. NAME VALUE: a setting below /proc/sys/net of a host, or of the internet.
set_kernel() {
    local where=()
    [ "$1" = . ] || where=(nsenter "--net=/run/netns/$1")
    "${where[@]}" "$BASH" -c "echo $3 >/proc/sys/net/$2" 2>/dev/null || skip "cannot set net/$2"
}

make_internet() {
    need nft nsenter
    mkdir -p /run/netns
    mount -t tmpfs none /run/netns 2>/dev/null || skip "cannot mount a tmpfs"
    set_kernel . ipv4/ip_forward 1
    set_kernel . ipv6/conf/all/forwarding 1
    quick_ipv6 .
}

# quick_ipv6 HOST-OR-.: addresses of links are usable at once, as nothing else has them.
quick_ipv6() {
    set_kernel "$1" ipv6/conf/all/accept_dad 0
    set_kernel "$1" ipv6/conf/default/accept_dad 0
}

new_host() { # NAME
    ip netns add "$1" 2>/dev/null || skip "no named network namespaces"
    quick_ipv6 "$1"
    ip -n "$1" link set lo up
}

# connect HOST [DEVICE]: a cable from the internet to a new host, with the next public addresses.
connect() {
    local name=$1 device=${2:-eth0}
    publics=$((publics + 1))
    new_host "$name"
    ip link add "to-$name" type veth peer name "$device" netns "$name"
    ip link set "to-$name" up
    ip -n "$name" link set "$device" up
    ipv4_of[$name]=45.$publics.0.2
    ipv6_of[$name]=2a00:$publics::2
    address add "45.$publics.0.1/24" "to-$name"
    address add "2a00:$publics::1/64" "to-$name"
    address add "45.$publics.0.2/24" "$device" "$name"
    address add "2a00:$publics::2/64" "$device" "$name"
    ip -n "$name" route add default via "45.$publics.0.1"
    ip -n "$name" -6 route add default via "2a00:$publics::1"
}

add_public() { # NAME...
    local name
    for name in "$@"; do
        connect "$name"
    done
}

# join_lan HOST ROUTER DEVICE: a cable from a router to a new host, with a private address of IPv4.
join_lan() {
    local name=$1 router=$2 device=$3 number
    insides[$router]=$((${insides[$router]:-1} + 1))
    number=${insides[$router]}
    new_host "$name"
    ip -n "$router" link add "to-$name" type veth peer name "$device" netns "$name"
    ip -n "$router" link set "to-$name" master lan up
    ip -n "$name" link set "$device" up
    case ${routers[$router]} in *" full "* | *" address "* | *" port "* | *" symmetric "*)
        ipv4_of[$name]=${lans4[$router]}.$number
        outside_of[$name]=${outside_of[$router]}
        address add "${ipv4_of[$name]}/24" "$device" "$name"
        ip -n "$name" route add default via "${lans4[$router]}.1"
        ;;
    esac
    case ${routers[$router]} in *" open6 "* | *" firewalled "*)
        ipv6_of[$name]=${lans6[$router]}::$number
        address add "${ipv6_of[$name]}/64" "$device" "$name"
        ip -n "$name" -6 route add default via "${lans6[$router]}::1"
        ;;
    esac
}

add_nat() { # NAME [--behind ROUTER] KIND...
    local name=$1 kind
    shift
    if [ "$1" = --behind ]; then
        routers[$name]=" "
        join_lan "$name" "$2" wan
        shift 2
    else
        connect "$name" wan
        outside_of[$name]=${ipv4_of[$name]}
    fi
    routers[$name]=" $* "
    lans4[$name]=192.168.$((${#lans4[@]} + 1))
    lans6[$name]=2a00:$publics:0:1
    ip -n "$name" link add lan type bridge 2>/dev/null || skip "no bridge here"
    ip -n "$name" link set lan up
    address add "${lans4[$name]}.1/24" lan "$name"
    set_kernel "$name" ipv4/ip_forward 1
    set_kernel "$name" ipv6/conf/all/forwarding 1
    for kind in "$@"; do
        translate "$name" "$kind"
        case $kind in open6 | firewalled)
            address add "${lans6[$name]}::1/64" lan "$name"
            ip -6 route add "${lans6[$name]}::/64" via "${ipv6_of[$name]}"
            ;;
        esac
    done
    set_kernel "$name" netfilter/nf_conntrack_udp_timeout "$nat_seconds"
    set_kernel "$name" netfilter/nf_conntrack_udp_timeout_stream "$nat_seconds"
}

add_inside() { # NAME ROUTER
    join_lan "$1" "$2" eth0
}

# translate ROUTER KIND: its rules. What comes from outside for the router itself vanishes. The holes
# that `full` and `address` need are noted of each datagram that goes out, under its port of inside.
translate() {
    local masquerade=masquerade noted='' entry=''
    case $2 in
    full)
        noted="update @holes { udp sport : ip saddr }"
        entry="dnat to udp dport map @holes"
        ;;
    address)
        noted="update @holes { udp sport : ip saddr } update @sent { ip daddr . udp sport }"
        entry="ip saddr . udp dport @sent dnat to udp dport map @holes"
        ;;
    port) ;;
    symmetric) masquerade="masquerade fully-random" ;;
    firewalled)
        rules "$1" <<'END' || skip "no stateful firewall here"
table ip6 world_router {
    chain through {
        type filter hook forward priority 0
        iifname "wan" ct state new drop
    }
}
END
        return
        ;;
    open6) return ;;
    *) fail "there is no kind '$2' of router" ;;
    esac
    rules "$1" <<END || skip "no NAT here"
table ip world_router {
    map holes {
        type inet_service : ipv4_addr
        flags dynamic, timeout
        timeout ${nat_seconds}s
    }
    set sent {
        type ipv4_addr . inet_service
        flags dynamic, timeout
        timeout ${nat_seconds}s
    }
    chain note {
        type filter hook postrouting priority 90
        ${noted:+oifname "wan" meta l4proto udp $noted}
    }
    chain out {
        type nat hook postrouting priority 100
        oifname "wan" $masquerade
    }
    chain come {
        type nat hook prerouting priority -100
        ${entry:+iifname "wan" meta l4proto udp $entry}
    }
    chain self {
        type filter hook input priority 0
        iifname "wan" meta l4proto udp drop
    }
}
END
}
