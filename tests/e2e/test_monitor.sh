#!/usr/bin/env bash
# Who may act and who may look: two sockets, each with a mode and a group.
. "$(dirname "$0")/lib.sh"
mkdir "$work/node"
chmod 755 "$work"
control=$work/control.sock
monitor=$work/monitor.sock
cat >"$work/skad.conf" <<EOF2
dir = $work/node
profile = test
listen = 127.0.0.1:0
socket = $control
socket-mode = 0660
monitor-socket = $monitor
monitor-mode = 0666
EOF2

say "each socket has its mode; all is well without a monitor"
"$skad" run --config "$work/skad.conf" 2>"$work/node/log" </dev/null &
node=$!
pids+=("$node")
wait_for 20 "$skad" status --socket "$control"
[ "$(stat -c %a "$control")" = 660 ] || fail "mode of the control socket: $(stat -c %a "$control")"
[ "$(stat -c %a "$monitor")" = 666 ] || fail "mode of the other: $(stat -c %a "$monitor")"

say "who looks, looks"
key=$(printf '%064d' 7)
expect 0 "$skad" records --socket "$monitor"
for command in status table bans; do
    expect 0 "$skad" "$command" --json --socket "$monitor"
    grep -q '^{"api":1,' "$work/out" || fail "$command: no version: $(cat "$work/out")"
done
"$skad" health --json --socket "$monitor" >"$work/out" || true
grep -q '^{"api":1,"verdict":' "$work/out" || fail "health: $(cat "$work/out")"

say "and may not act"
echo value >"$work/value"
for command in "put $work/value" "get $key" "publish $work/value" "resolve $key" "announce $key --port 80" \
    "providers $key" "watch $key" "withdraw $key" "ban 192.0.2.1" "unban 192.0.2.1" "allow 192.0.2.1" \
    "ping 127.0.0.1:9" "lookup $key" "lookup --trace $key"; do
    read -ra words <<<"$command"
    expect 1 "$skad" "${words[@]}" --socket "$monitor"
    expect_message "this socket is for looking only: use the node's control socket"
done
expect 0 "$skad" ban 192.0.2.1 --socket "$control"

say "monitors do not keep out who may act"
python3 - "$monitor" "$skad" "$control" <<'EOF2'
import socket, subprocess, sys
held = []
for _ in range(100):
    one = socket.socket(socket.AF_UNIX)
    one.connect(sys.argv[1])
    held.append(one)
subprocess.run([sys.argv[2], "status", "--socket", sys.argv[3]], check=True, stdout=subprocess.DEVNULL)
EOF2

if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
    say "groups decide, and commands find the socket that their user may open"
    stop_node "$node"
    [ ! -e "$monitor" ] && [ ! -e "$control" ] || fail "a socket was left behind"
    sed -i 's/^monitor-mode.*/monitor-mode = 0660/' "$work/skad.conf"
    printf 'socket-group = 4242\nmonitor-group = 4243\n' >>"$work/skad.conf"
    "$skad" run --config "$work/skad.conf" 2>"$work/node/log" </dev/null &
    node=$!
    pids+=("$node")
    wait_for 20 "$skad" status --socket "$control"
    [ "$(stat -c %g "$control")" = 4242 ] || fail "group of the control socket"
    install -m 755 "$skad" "$work/skad" # where any user finds it
    cat >"$work/as" <<'EOF2'
#!/bin/sh
exec setpriv --reuid 65534 --regid 65534 --groups "$@"
EOF2
    chmod 755 "$work/as"
    export SKAD_CONFIG=$work/skad.conf
    mkdir -m 777 "$work/counts" # where a build that measures coverage may write as any user
    as=(env -u HOME GCOV_PREFIX="$work/counts" "$work/as")
    expect 0 "${as[@]}" 4242 "$work/skad" ban 192.0.2.2
    expect 0 "${as[@]}" 4243 "$work/skad" status
    expect 1 "${as[@]}" 4243 "$work/skad" ban 192.0.2.2
    expect_message "this socket is for looking only"
    expect 1 "${as[@]}" 4244 "$work/skad" status
    expect_message "you may not open $control: run this as its owner, or as a member of its group"
fi
stop_node "$node"

say "mistakes"
expect 2 "$skad" run --config "$work/skad.conf" --socket-mode 644
expect_message "--socket-mode: 644 is neither 0600, 0660 nor 0666"
expect 2 "$skad" run --config "$work/skad.conf" --monitor-group nosuchgroup
expect_message "there is no group 'nosuchgroup': make it with 'groupadd'"
expect 1 "$skad" run --config "$work/skad.conf" --monitor-socket "$work/none/a.sock"
expect_message "its folder does not exist: make it"
say "passed"
