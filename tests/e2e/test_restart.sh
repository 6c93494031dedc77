#!/usr/bin/env bash
# Verified peers outlive a restart: three nodes are stopped and find each other again without being
# told where; a damaged file of peers is set aside, and the node starts all the same; one of another
# network or version is refused.
. "$(dirname "$0")/lib.sh"

names="one two three"
declare -A pid_of
declare -A port_of

start_all() { # OPTION...
    for name in $names; do
        start_node "$name" --listen "127.0.0.1:${port_of[$name]}" "$@"
        pid_of[$name]=$started
    done
}

stop_all() {
    for name in $names; do
        kill -TERM "${pid_of[$name]}"
    done
    for name in $names; do
        wait "${pid_of[$name]}" || fail "$name ended with $?"
    done
}

knows_two() { # NAME
    [ "$("$skad" status --field peers --socket "$(socket_of "$1")")" -eq 2 ]
}

aside_of() { # NAME
    find "$work/$1" -name 'peers.bad-*'
}

say "starts three nodes"
start_node one --listen 127.0.0.1:0
pid_of[one]=$started
wait_for 20 answers one
first=$(address_of one)
for name in two three; do
    start_node "$name" --listen 127.0.0.1:0 --join "$first"
    pid_of[$name]=$started
done
for name in $names; do
    wait_for 30 status_is "$name" joined true
    wait_for 30 knows_two "$name"
    port_of[$name]=$(address_of "$name" | cut -d: -f2)
done

say "stops them; each has written its peers down"
stop_all
for name in $names; do
    [ "$(stat -c %a "$work/$name/peers")" = 600 ] || fail "no peers of $name, or not private"
    [ -z "$(find "$work/$name" -name 'peers.*')" ] || fail "$name left a temporary file"
done

say "starts them again without --join: they find each other"
start_all
for name in $names; do
    wait_for 30 status_is "$name" joined true
    wait_for 30 knows_two "$name"
done
stop_all

say "a damaged, a huge file and what is no file are set aside; the node starts and joins"
start_node one --listen "127.0.0.1:${port_of[one]}"
pid_of[one]=$started
wait_for 20 answers one
spoil() { # HOW
    local file=$work/two/peers
    case $1 in
    damaged) truncate -s -1 "$file" ;;
    newer) printf '\x03' | dd of="$file" bs=1 seek=14 conv=notrunc status=none ;;
    rubbish) head -c 100 /dev/urandom >"$file" ;;
    empty) : >"$file" ;;
    huge) truncate -s 1G "$file" ;;
    folder) rm "$file" && mkdir "$file" ;;
    link) ln -sf /etc/passwd "$file" ;;
    esac
}
cp "$work/two/peers" "$work/good"
for how in damaged rubbish empty huge folder link; do
    rm -rf "$work/two/peers" "$work"/two/peers.bad-*
    cp "$work/good" "$work/two/peers"
    spoil "$how"
    : >"$work/two/log"
    start_node two --listen "127.0.0.1:${port_of[two]}" --join "$first"
    pid_of[two]=$started
    wait_for 30 status_is two joined true
    [ "$(aside_of two | wc -l)" -eq 1 ] || fail "$how: not set aside: $(ls "$work/two")"
    [ "$(grep -c 'cannot use .*/peers (.*): set aside as' "$work/two/log")" -eq 1 ] ||
        fail "$how: not one line: $(cat "$work/two/log")"
    stop_node "${pid_of[two]}"
    [ -f "$work/two/peers" ] || fail "$how: no new file of peers"
done
say "what was set aside is as it was"
[ "$(readlink "$(aside_of two)")" = /etc/passwd ] || fail "not what was there: $(aside_of two)"

say "a newer file, or one of another network, is refused before anything is changed"
rm -rf "$work/two/peers" "$work"/two/peers.bad-*
cp "$work/good" "$work/two/peers"
spoil newer
cp "$work/two/peers" "$work/newer"
expect 1 "$skad" run --profile test --dir "$work/two" --listen 127.0.0.1:0
expect_message "was written by another version of skad"
cmp "$work/two/peers" "$work/newer" || fail "the newer file was changed"
cp "$work/good" "$work/two/peers"
expect 1 "$skad" run --profile public --dir "$work/two" --listen 127.0.0.1:0
expect_message "start with --profile test"
cmp "$work/two/peers" "$work/good" || fail "the file of another network was changed"
[ -z "$(find "$work/two" -name '*.bad-*' -o -name '*.aside-*')" ] || fail "set aside: $(ls "$work/two")"

say "a folder that went away: the node says once that it cannot keep its peers, and ends well"
rm -rf "$work/two/peers" "$work"/two/peers.bad-*
start_node two --listen "127.0.0.1:${port_of[two]}" --join "$first" --socket "$work/two.sock"
pid_of[two]=$started
two_joined() { [ "$("$skad" status --field joined --socket "$work/two.sock")" = true ]; }
wait_for 30 two_joined
mv "$work/two" "$work/gone"
stop_node "${pid_of[two]}"
[ "$(grep -c 'cannot keep the peers in' "$work/gone/log")" -eq 1 ] ||
    fail "did not say so once: $(cat "$work/gone/log")"
stop_node "${pid_of[one]}"

say "a testnet in a folder comes back as the same network"
mkdir "$work/net"
run_testnet() { # BASE_PORT
    rm -f "$work/lines" # of an earlier one, which says "ready" as well
    "$skad" testnet 4 --dir "$work/net" --base-port "$1" >"$work/lines" &
    net=$!
    pids+=("$net")
    wait_for 30 grep -qx ready "$work/lines"
}
run_testnet 0
before=$("$skad" status --field id --socket "$work/net/node-3.sock")
stop_node "$net"
[ "$(find "$work/net" -name 'node-*.peers' | wc -l)" -eq 4 ] || fail "left: $(ls "$work/net")"
run_testnet 0
[ "$("$skad" status --field id --socket "$work/net/node-3.sock")" = "$before" ] || fail "another ID"
stop_node "$net"
say "passed"
