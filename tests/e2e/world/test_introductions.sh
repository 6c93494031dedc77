#!/usr/bin/env bash
# Servers that strangers do not reach: the nodes that name them introduce a third one, which neither of them knows, and it stores
# with them. Behind a symmetric NAT that fails, soon, and the rest is found.
# As a script: tests/e2e/world/test_introductions.sh build/skad
# shellcheck disable=SC1091,SC2034,SC2154 # world.sh has the rest
. "$(dirname "$0")/world.sh"
. "$world_dir/nat.sh"

make_internet
printf 'base = public\nname = guarded\nstatic_bits = 4\ndynamic_bits = 6\n' >"$work/guarded"
profile=$work/guarded
servers=(p1 p2 p3 p4 p5 p6)
guarded=(g1 g2 g3 g4)
add_public "${servers[@]}"
for name in "${servers[@]}"; do
    with at "$name" -- start_node "$name" --listen 0.0.0.0:4700 --join "${ipv4_of[p1]}:4700"
done
behind() { # NAME KIND: a node that stays a server
    add_nat "r-$1" "$2"
    add_inside "$1" "r-$1"
    with at "$1" -- start_node "$1" --listen 0.0.0.0:4700 --role server --join "${ipv4_of[p1]}:4700"
}
for name in "${guarded[@]}"; do
    behind "$name" port
done
for name in "${servers[@]}" "${guarded[@]}"; do
    wait_for 20 joined "$name"
done
# Where all know each other from the start a verdict takes long, and not all need one here.
is_guarded() {
    local name
    for name in "${guarded[@]}"; do
        if status_is "$name" reach.ipv4.guarded true; then
            known=$name
            return
        fi
    done
    return 1
}
wait_for 240 is_guarded
[ "$(field "$known" reach.ipv4.role)" = server ] || fail "$known is no server"
log_has "$known" 'as a server it has to be introduced to others' || fail "its operator is not told"
say "$known knows that it is guarded, $SECONDS s after the start"

# request FROM TO: what became of the request to it in a lookup of its ID: `answered introduced`.
request() {
    local id
    id=$(field "$2" id)
    ask "$1" lookup "$id" --json >"$work/lookup"
    python3 - "$work/lookup" "$id" <<'PY'
import json, sys
for step in json.load(open(sys.argv[1]))["steps"]:
    if step.get("id") == sys.argv[2]:
        print(step["state"], "introduced" if step["introduced"] else "direct")
PY
}

say "a node behind another such NAT comes, and is introduced to it"
behind late port
wait_for 20 joined late
became=$(request late "$known")
say "$known: $became"
[[ $became = answered* ]] || fail "it is not answered"
echo 'of a guarded node' >"$work/value"
key=$(ask late put "$work/value") || fail "it cannot put"
[ "$(ask "$known" get "$key")" = 'of a guarded node' ] || fail "$known does not get it"

say "one behind a symmetric NAT is told from another port: that fails soon, and the lookup goes on"
behind odd symmetric
wait_for 20 joined odd
before=$SECONDS
became=$(request odd "$known")
say "$known: $became, after $((SECONDS - before)) s"
[[ $became = *introduced ]] || fail "it was not introduced"
[[ $became != answered* ]] || fail "an answer came through a symmetric NAT"
[ $((SECONDS - before)) -le 10 ] || fail "that takes long"
[ "$(ask odd get "$key")" = 'of a guarded node' ] || fail "it gets nothing"
say passed
