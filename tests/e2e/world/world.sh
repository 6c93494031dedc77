# shellcheck shell=bash disable=SC1091,SC2154,SC2034 # lib.sh has the rest
# The world of one test: a network, a /etc, a clock and a disk of its own, which go with the test.
# docs/testing.md tells how to use it. Sourced with $1 = the skad binary, before all else; bash.
#
# The script runs again in namespaces of its own (network, mounts, processes): nothing that it sends
# leaves them, and when it ends the kernel ends all of its processes. Not being root is no obstacle
# where users may have namespaces. Where something is missing the test is skipped, with exit code 77.
world_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

if [ -z "${SKAD_WORLD:-}" ]; then
    user=()
    [ "$(id -u)" -eq 0 ] || user=(--map-root-user)
    own=(unshare "${user[@]}" --net --mount --pid --fork --kill-child --mount-proc)
    if ! "${own[@]}" true 2>/dev/null; then
        echo "skipped: no namespaces of our own here"
        exit 77
    fi
    SKAD_WORLD=1 exec "${own[@]}" "$BASH" "$0" "$@"
fi

. "$world_dir/../lib.sh"

skip() {
    echo "skipped: $*"
    exit 77
}

# need COMMAND...: skips the test unless these are installed.
need() {
    local command
    for command in "$@"; do
        command -v "$command" >/dev/null || skip "no $command here"
    done
}

unmount_all() { # what a test has mounted in its folder
    local point
    while read -r _ _ _ _ point _; do
        [[ $point != "$work"/* ]] || umount --lazy "$point"
    done </proc/self/mountinfo
}

need ip
ip link set lo up

# ---- Time ----

# within SECONDS COMMAND...: like wait_for, but only says by its exit code how it went.
within() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || return 1
        sleep 0.1
    done
}

# The clocks of the nodes that run with with_clock. They are ahead by what set_clock says.
make_clock() {
    clock_library=${SKAD_WORLD_CLOCK:-$(dirname "$(readlink -f "$skad")")/tests/libworld_clock.so}
    [ -f "$clock_library" ] || skip "no adjustable clock in this build"
    head -c 24 /dev/zero >"$work/.clock"
}

# set_clock WALL BOOT [ASLEEP]: seconds by which the time of day and the time since the boot are ahead, and during how many of the
# latter the machine slept (0).
set_clock() {
    python3 -c 'import struct, sys
with open(sys.argv[1], "r+b") as clock:
    clock.write(struct.pack("=qqq", *map(int, sys.argv[2:])))' "$work/.clock" "$1" "$2" "${3:-0}"
}

# ---- Nodes ----

# Words before the command of a node: `wrap=(...)`, or `with WRAPPER... -- start_node ...`.
# with WRAPPER [WRAPPER...] -- COMMAND...: runs the command while nodes start in these wrappers:
#   at HOST     on that host        clocked   with the adjustable clock
#   slow MS     each write to disk takes so long; run the node with --sandbox off
#   first       as process 1 of a namespace of processes; $started is then the process outside of it
#   limited OPTION   under a limit of `prlimit`, such as --cpu=1
with() {
    wrap=()
    while [ "$1" != -- ]; do
        case $1 in
        at)
            need nsenter
            wrap+=(nsenter "--net=/run/netns/$2")
            shift
            ;;
        clocked)
            wrap+=(env "SKAD_WORLD_TIME=$work/.clock" "LD_PRELOAD=$clock_library"
                "ASAN_OPTIONS=${ASAN_OPTIONS:-}:verify_asan_link_order=0")
            ;;
        slow)
            need strace
            local writes=pwrite64,pwritev,writev,fdatasync,fsync,msync
            wrap+=(env "ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0" strace -D -f -qq -o /dev/null -e "trace=$writes"
                -e "inject=$writes:delay_exit=$(($2 * 1000))")
            shift
            ;;
        first)
            wrap+=(unshare --pid --fork --kill-child --mount-proc)
            ;;
        limited)
            wrap+=(prlimit "$2")
            shift
            ;;
        *) fail "there is no wrapper '$1'" ;;
        esac
        shift
    done
    shift
    "$@"
    wrap=()
}

joined() { # NAME
    status_is "$1" joined true
}

field() { # NAME FIELD
    "$skad" status --field "$2" --socket "$(socket_of "$1")"
}

# ask NAME COMMAND...: a command of skad, asked of a node.
ask() {
    local socket
    socket=$(socket_of "$1")
    local command=$2
    shift 2
    "$skad" "$command" "$@" --socket "$socket"
}

log_has() { # NAME REGULAR-EXPRESSION
    grep -qE -- "$2" "$work/$1/log"
}

# child_of PID: its first child, for instance process 1 of `with first`.
child_of() {
    local child
    wait_for 10 grep -q . "/proc/$1/task/$1/children"
    child=$(cat "/proc/$1/task/$1/children")
    echo "${child%% *}"
}

gone() { # PID: it has ended, or only waits for its parent to notice
    ! kill -0 "$1" 2>/dev/null || grep -q '^State:.Z' "/proc/$1/status" 2>/dev/null
}

# ended SECONDS PID: waits for its end; its exit code is in $code.
ended() {
    within "$1" gone "$2" || fail "process $2 goes on"
    code=0
    { wait "$2"; } 2>/dev/null || code=$?
}

# ---- Network ----

# address ADD-OR-DEL ADDRESS/BITS DEVICE [HOST]: IPv6 ones are usable at once.
address() {
    local host=()
    [ $# -lt 4 ] || host=(-n "$4")
    case $1,$2 in
    add,*:*) ip "${host[@]}" address add "$2" dev "$3" nodad ;;
    *) ip "${host[@]}" address "$1" "$2" dev "$3" ;;
    esac
}

# add_address ADDRESS/BITS...: further addresses of this host.
add_address() {
    local one
    for one in "$@"; do
        address add "$one" lo
    done
}

# add_host NAME ADDRESS/BITS...: a host of its own, on a switch to which this host belongs as well.
# The first address of this host there is 10.9.0.1/24 and fd09::1/64.
add_host() {
    local name=$1 one
    shift
    if [ ! -e /sys/class/net/switch ] && ! ip link show switch >/dev/null 2>&1; then
        mkdir -p /run/netns
        mount -t tmpfs none /run/netns 2>/dev/null || skip "cannot mount a tmpfs"
        ip link add switch type bridge 2>/dev/null || skip "no bridge here"
        ip link set switch up
        address add 10.9.0.1/24 switch
        address add fd09::1/64 switch
    fi
    ip netns add "$name" 2>/dev/null || skip "no named network namespaces"
    ip link add "to-$name" type veth peer name eth0 netns "$name"
    ip link set "to-$name" master switch up
    ip -n "$name" link set lo up
    ip -n "$name" link set eth0 up
    for one in "$@"; do
        address add "$one" eth0 "$name"
    done
}

# move_host NAME OLD/BITS NEW/BITS: a new lease, another network.
move_host() {
    address del "$2" eth0 "$1"
    address add "$3" eth0 "$1"
}

# plug NAME, unplug NAME: its cable.
plug() {
    ip link set "to-$1" up
}

unplug() {
    ip link set "to-$1" down
}

rules() { # HOST, or . for this one; the rules come from stdin
    need nft nsenter
    if [ "$1" = . ]; then
        nft -f -
    else
        nsenter "--net=/run/netns/$1" nft -f -
    fi
}

# firewall HOST: as an ordinary home router, lets in only what answers a datagram that went out.
firewall() {
    rules "$1" <<'END' || skip "no stateful firewall here"
table inet world_firewall {
    chain in {
        type filter hook input priority 0; policy drop;
        iif lo accept
        ct state established,related accept
        icmp type echo-request accept
        icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept
    }
}
END
}

firewall_off() { # HOST
    echo 'delete table inet world_firewall' | rules "$1"
}

# lose PERCENT [HOST]: so many of the UDP datagrams that come in are lost; 0 ends it. Datagrams
# between two nodes of one host pass here once, so each way loses as many.
lose() {
    local some="numgen random mod 100 < $1"
    [ "$1" -lt 100 ] || some=
    rules "${2:-.}" <<END || skip "no random numbers in nf_tables"
table inet world_loss
delete table inet world_loss
table inet world_loss {
    chain in {
        type filter hook input priority -10;
        meta l4proto udp $some drop
    }
}
END
}

# block PORT [HOST]: what comes in for that UDP port vanishes; unblock ends all of that.
block() {
    rules "${2:-.}" <<END
table inet world_block {
    chain in {
        type filter hook input priority -10;
        udp dport $1 drop
    }
}
END
}

unblock() { # [HOST]
    echo 'delete table inet world_block' | rules "${1:-.}"
}

# delay MS DEVICE: all that leaves by a device (`lo`, or `to-NAME` of a host) takes longer.
delay() {
    need tc
    tc qdisc replace dev "$2" root netem delay "$1ms" 2>/dev/null || skip "no netem here"
}

# ---- Names ----

# own_etc: a copy of /etc in which files may be replaced, as the system does it: by a new file of the
# same name. Call it before nodes start.
own_etc() {
    mkdir -p "$work/.etc"
    cp -a /etc/. "$work/.etc/" 2>/dev/null || true
    rm -f "$work/.etc/resolv.conf" # may be a link, or mounted
    : >"$work/.etc/resolv.conf"
    printf '127.0.0.1 localhost\n' >"$work/.etc/hosts.new"
    rm -f "$work/.etc/hosts"
    mv "$work/.etc/hosts.new" "$work/.etc/hosts"
    printf 'hosts: files dns\n' >"$work/.etc/nsswitch.conf"
    mount --bind "$work/.etc" /etc || skip "cannot mount over /etc"
}

# replace_etc FILE LINE...: a new file takes the place of /etc/FILE.
replace_etc() {
    local file=/etc/$1
    shift
    printf '%s\n' "$@" >"$file.new"
    mv "$file.new" "$file"
}

# name_server ADDRESS LINE...: a name server at ADDRESS, port 53. A line is `NAME ADDRESS...`, with
# `after=SECONDS` for answers that take time, `silent` for none, `fail` for SERVFAIL. All other
# names do not exist.
name_server() {
    local address=$1
    shift
    need python3
    printf '%s\n' "$@" >"$work/zone.$address"
    python3 "$world_dir/name_server.py" "$address" "$work/zone.$address" >"$work/names.$address" &
    pids+=("$!")
    wait_for 10 grep -q ready "$work/names.$address"
}
