#!/usr/bin/env bash
# The sandbox of a running daemon: what the kernel says of it, that a daemon can do its work and end
# well in it, and that it can be switched off.
. "$(dirname "$0")/lib.sh"

# proc_of PID KEY: a value of /proc/PID/status.
proc_of() {
    sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status"
}

core_limit_of() { # PID: hard
    sed -n 's/^Max core file size *[^ ]* *\([^ ]*\).*/\1/p' "/proc/$1/limits"
}

# run_in MODE: starts node MODE with a control socket outside its folder.
run_in() {
    mkdir -p "$work/run"
    start_node "$1" --listen 127.0.0.1:0 --sandbox "$1" --socket "$work/run/$1.sock"
    wait_for 20 "$skad" status --socket "$work/run/$1.sock"
    state=$("$skad" status --field sandbox --socket "$work/run/$1.sock")
    wait_for 5 grep -q "sandbox $state" "$work/$1/log"
}

end_of() { # MODE
    stop_node "$started"
    [ ! -e "$work/run/$1.sock" ] || fail "left its socket"
    [ -s "$work/$1/identity" ] || fail "lost its identity"
}

say "refuses modes that there are not"
expect 2 "$skad" run --profile test --dir "$work/none" --sandbox partial
expect_message "--sandbox: partial is neither on, log nor off"

say "is off when asked to"
run_in off
[ "$state" = off ] || fail "off is $state"
[ "$(proc_of "$started" NoNewPrivs)" = 0 ] || fail "off took privileges"
end_of off

say "is on by default"
start_node default --listen 127.0.0.1:0 --join localhost:9
wait_for 20 answers default
state=$("$skad" status --field sandbox --socket "$(socket_of default)")
if grep -q 'this build, which is for tests, has none' "$work/default/log"; then
    [ "$state" = off ] || fail "there is none, and it is $state"
    stop_node "$started"
    say "passed: this build has no sandbox"
    exit 0
fi
[ "$(proc_of "$started" NoNewPrivs)" = 1 ] || fail "kept privileges"
[ "$(core_limit_of "$started")" = 0 ] || fail "may dump core"
case $state in
on) [ "$(proc_of "$started" Seccomp)" = 2 ] || fail "on, but no filter" ;;
partial | off) grep -q 'warning: sandbox: ' "$work/default/log" || fail "$state without a word" ;;
*) fail "the sandbox is '$state'" ;;
esac

say "a node in it joins, holds records, and comes back with its peers"
first=$(address_of default)
served=$started
run_in on
"$skad" ping "$first" --socket "$work/run/on.sock" >/dev/null
end_of on
start_node other --listen 127.0.0.1:0 --join "$first"
wait_for 20 status_is other joined true
echo value >"$work/value"
key=$("$skad" put "$work/value" --socket "$(socket_of other)")
[ "$("$skad" get "$key" --socket "$(socket_of default)")" = value ] || fail "another value"
stop_node "$started"
[ -s "$work/other/peers" ] || fail "kept no peers"
kill -0 "$served" || fail "the first node is gone"

# A name server by its link-local address, as routers announce it: the C library asks for the number
# of its interface. It also tries the sockets of name service daemons.
say "looks up names by a name server with a scope"
printf 'nameserver fe80::1%%lo\noptions timeout:1 attempts:1\n' >"$work/resolv.conf"
own="unshare --mount"
[ "$(id -u)" = 0 ] || own="$own --map-root-user"
if $own mount --bind "$work/resolv.conf" /etc/resolv.conf 2>/dev/null; then
    mkdir -p "$work/scoped"
    $own sh -c 'mount --bind "$1" /etc/resolv.conf && shift && exec "$@"' sh "$work/resolv.conf" \
        "$skad" run --profile test --dir "$work/scoped" --listen 127.0.0.1:0 \
        --join no-such-name.example:9 2>>"$work/scoped/log" &
    started=$!
    pids+=("$started")
    wait_for 30 grep -q 'no-such-name.example does not resolve' "$work/scoped/log"
    answers scoped || fail "does not answer"
    stop_node "$started"
else
    echo "       skipped: no mount namespace of our own here"
fi

say "log refuses nothing"
run_in log
case $state in
log) [ "$(proc_of "$started" Seccomp)" = 2 ] || fail "log, but no filter" ;;
off) grep -q 'warning: sandbox: ' "$work/log/log" || fail "off without a word" ;;
*) fail "log is $state" ;;
esac
end_of log
say "passed"
