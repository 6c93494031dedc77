#!/usr/bin/env bash
# What a node tells its service manager (systemd, Type=notify): ready, reloading, stopping, how it is, more
# time for a puzzle, and signs of life that only a living loop gives.
. "$(dirname "$0")/lib.sh"
here=$(dirname "$(readlink -f "$0")")
told=$work/told

manager() {
    rm -f "$work/notify" "$told"
    python3 "$here/manager.py" "$work/notify" "$told" &
    pids+=("$!")
    wait_for 10 test -S "$work/notify"
}

count() { # PATTERN
    grep -c "$1" "$told" || true
}

told_since() { # COUNT PATTERN: more than so many lines by now
    [ "$(count "$2")" -gt "$1" ]
}

manager
conf=$work/skad.conf
mkdir "$work/node"
printf 'dir = %s\nprofile = test\nlisten = 127.0.0.1:0\n' "$work/node" >"$conf"
NOTIFY_SOCKET=$work/notify WATCHDOG_USEC=2000000 "$skad" run --config "$conf" 2>"$work/node/log" </dev/null &
node=$!
pids+=("$node")

say "ready when it answers, and how it is"
wait_for 20 grep -q 'READY=1' "$told"
answers node || fail "ready, but it does not answer"
wait_for 10 grep -q 'STATUS=.*peers' "$told"

say "signs of life, at least one a second of two"
before=$(count 'WATCHDOG=1')
wait_for 10 told_since $((before + 3)) 'WATCHDOG=1'
awk '/WATCHDOG=1/ { if (last && $1 - last > 1.5) exit 1; last = $1 }' "$told" || fail "a gap: $(cat "$told")"

say "no sign of life from a process that hangs"
kill -STOP "$node"
sleep 0.3
before=$(count 'WATCHDOG=1')
sleep 1.5
[ "$(count 'WATCHDOG=1')" -eq "$before" ] || fail "a stopped process gives signs of life"
kill -CONT "$node"
wait_for 10 told_since "$before" 'WATCHDOG=1'

say "reloading, and ready again, with a good and with a bad configuration"
for line in 'store = 4' 'stroe = 4'; do
    echo "$line" >>"$conf"
    before=$(count 'READY=1')
    kill -HUP "$node"
    wait_for 10 told_since "$before" 'READY=1'
    grep 'READY=1\|RELOADING=1' "$told" | tail -n 2 | head -n 1 | grep -q 'RELOADING=1 MONOTONIC_USEC=[0-9]' ||
        fail "not reloading: $(cat "$told")"
done

say "stopping"
stop_node "$node"
wait_for 10 grep -q 'STOPPING=1' "$told"
tail -n 1 "$told" | grep -q 'STOPPING=1' || fail "not the last: $(tail -n 3 "$told")"

say "more time while a puzzle is solved"
printf 'base = test\nname = hard\nstatic_bits = 40\n' >"$work/hard.profile"
manager
NOTIFY_SOCKET=$work/notify "$skad" run --config none --profile "$work/hard.profile" --dir "$work/hard" \
    --listen 127.0.0.1:0 2>"$work/hard.log" </dev/null &
hard=$!
pids+=("$hard")
wait_for 30 told_since 1 'EXTEND_TIMEOUT_USEC=30000000 STATUS=solving the static puzzle'
! grep -q 'READY=1\|WATCHDOG=1' "$told" || fail "ready too early: $(cat "$told")"
stop_node "$hard" 2>/dev/null || true

say "a manager that is gone is no obstacle"
kill -KILL "${pids[-2]}"
rm "$work/notify"
NOTIFY_SOCKET=$work/notify start_node other --listen 127.0.0.1:0
wait_for 20 answers other
stop_node "$started"
say "passed"
