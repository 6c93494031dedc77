#!/usr/bin/env bash
# Nodes on one link that find each other by multicast, without --join: by IPv4 and by IPv6, with one key; what a hostile
# machine on the link can do; and a link without multicast.
# shellcheck disable=SC1091,SC2154,SC2034 # world.sh has the rest
. "$(dirname "$0")/world.sh"
need python3

make_profile() { # NAME KEY
    (umask 077 && echo "$2" >"$work/$1.key")
    printf 'base = test\nname = link\npsk_file = %s.key\n' "$1" >"$work/$1"
}
make_profile ours "$(printf '%064x' 7)"
make_profile theirs "$(printf '%064x' 8)"
local_node() { # NAME HOST PROFILE OPTION...
    local name=$1 host=$2
    profile=$work/$3
    shift 3
    with at "$host" -- start_node "$name" --local-discovery yes "$@"
}
heard() { # NAME FIELD: of its local discovery
    field "$1" "local_discovery.$2"
}
exchange() { # FROM TO
    echo "from $1" >"$work/value"
    local key
    key=$(ask "$1" put "$work/value")
    [ "$(ask "$2" get "$key")" = "from $1" ] || fail "$2 does not get what $1 put"
}

add_host a 10.9.0.11/24
add_host b 10.9.0.12/24
add_host c 10.9.0.13/24

say "it is off unless it is asked for"
profile=$work/ours
with at c -- start_node quiet --listen 10.9.0.13:4800
wait_for 20 answers quiet
[ "$(heard quiet on)" = false ] || fail "it is on"

say "two with one key find each other by IPv4, a third with another key is not found"
local_node a4 a ours --listen 10.9.0.11:4700
local_node b4 b ours --listen 10.9.0.12:4700
local_node c4 c theirs --listen 10.9.0.13:4700
wait_for 20 joined a4
wait_for 20 joined b4
exchange a4 b4
[ "$(heard a4 on)" = true ] || fail "it is not on"
[ "$(field a4 sandbox)" != off ] || say "  (this build has no sandbox)"

say "two find each other by IPv6, over link-local addresses"
local_node a6 a ours --listen '[::]:4706'
local_node b6 b ours --listen '[::]:4706'
wait_for 20 joined a6
wait_for 20 joined b6
exchange b6 a6

say "several on one machine"
local_node a2 a ours --listen 10.9.0.11:4702
wait_for 20 joined a2
exchange a2 b4

within 10 test "$(heard c4 dropped)" -gt 0 || fail "the stranger heard nothing"
! joined c4 || fail "a node of another network was found"
[ "$(heard c4 heard)" -eq 0 ] || fail "it takes others for its own"

say "a hostile machine floods the link, and replays what it heard"
add_host evil 10.9.0.66/24
cat >"$work/evil.py" <<'PY'
import os, socket, struct, sys, time
GROUP, PORT = "239.255.115.107", 4707
out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
out.bind(("10.9.0.66", 5555))
ear = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
ear.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
ear.bind((GROUP, PORT))
ear.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
               socket.inet_aton(GROUP) + socket.inet_aton("10.9.0.66"))
ear.settimeout(20)
print("ready", flush=True)
known = []
while len(known) < 2:
    data, source = ear.recvfrom(2000)
    if source[1] in (4700, 4720) and data not in known:
        known.append(data)
out.settimeout(0.01)
asked = 0
end = time.monotonic() + 5
sent = 0
while time.monotonic() < end:
    out.sendto(os.urandom(1232), (GROUP, PORT))
    out.sendto(known[sent % len(known)], (GROUP, PORT))
    # One bit of the signature, so that no copy is recognised; the tag is then wrong as well.
    wrong = bytearray(known[0])
    wrong[sent % len(wrong)] ^= 1
    out.sendto(bytes(wrong), (GROUP, PORT))
    out.sendto(known[0], ("10.9.0.11", PORT))  # not by multicast
    sent += 4
    try:
        out.recvfrom(2000)
        asked += 1
    except OSError:
        pass
end = time.monotonic() + 2
while time.monotonic() < end:
    try:
        out.recvfrom(2000)
        asked += 1
    except OSError:
        pass
print("sent", sent, "answered", asked, flush=True)
PY
with at evil -- true
nsenter --net=/run/netns/evil timeout 60 python3 "$work/evil.py" >"$work/evil.out" 2>&1 &
evil=$!
pids+=("$evil")
wait_for 10 grep -q ready "$work/evil.out"
local_node b2 b ours --listen 10.9.0.12:4720 # its announcements are what is replayed
wait 2>/dev/null "$evil" || fail "the hostile machine: $(cat "$work/evil.out")"
say "$(tail -n 1 "$work/evil.out")"
sent=$(sed -n 's/^sent \([0-9]*\) .*/\1/p' "$work/evil.out")
asked=$(sed -n 's/.* answered \([0-9]*\)$/\1/p' "$work/evil.out")
[ "$sent" -gt 100 ] || fail "no flood: $(cat "$work/evil.out")"
# Five nodes of this network hear it. Each asks a spoofed sender once, and copies it twice.
[ "$asked" -le 30 ] || fail "$sent datagrams brought $asked"
for name in a4 b4 a2 b2; do
    wait_for 20 joined "$name"
    ! ask "$name" table --contacts | grep -q 10.9.0.66 || fail "$name took the hostile machine for a peer"
done
exchange b4 a4

say "a link without multicast is told about once"
add_host mute 10.9.0.20/24
ip -n mute link set dev eth0 multicast off
local_node m mute ours --listen 10.9.0.20:4700
wait_for 20 log_has m 'local discovery finds no network interface'
sleep 6 # it is tried again meanwhile
[ "$(grep -c 'local discovery finds no' "$work/m/log")" -eq 1 ] || fail "told more than once"
answers m || fail "it ended"
ip -n mute link set dev eth0 multicast on
wait_for 30 joined m

say "a host without an address, and one that gets it later"
add_host late
local_node l late ours --listen 0.0.0.0:4700
wait_for 20 log_has l 'local discovery'
address add 10.9.0.21/24 eth0 late
wait_for 30 joined l

say "a profile without private addresses refuses it"
expect 1 "$skad" run --profile public --dir "$work/public" --local-discovery yes --listen 127.0.0.1:0
expect_message "local discovery is for networks with private addresses"
say "passed"
