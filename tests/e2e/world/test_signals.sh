#!/usr/bin/env bash
# What a node does on each signal that a service manager, a shell, a container or a limit sends.
# shellcheck disable=SC1091,SC2154 # world.sh has the rest
. "$(dirname "$0")/world.sh"

start_node first --listen 127.0.0.1:4700

# run NAME: a node that has joined
run() {
    start_node "$1" --listen 127.0.0.1:0 --join 127.0.0.1:4700
    wait_for 20 joined "$1"
}

# ended_well NAME CODE SIGNAL: nothing is lost, and nothing is left behind.
ended_well() {
    ended 10 "$started"
    [ "$code" -eq "$2" ] || fail "ends with $code on SIG$3"
    [ -s "$work/$1/peers" ] || fail "keeps no peers on SIG$3"
    [ ! -e "$(socket_of "$1")" ] || fail "leaves its socket on SIG$3"
    log_has "$1" "stopping on SIG$3" || fail "does not name SIG$3"
}

for signal in TERM INT QUIT ALRM PWR; do
    say "ends on SIG$signal"
    run "$signal"
    kill -s "$signal" "$started"
    ended_well "$signal" 0 "$signal"
done

say "goes on after all others"
set -m # in a process group of its own whose parent is not in it: otherwise SIGTSTP may stop nothing
run others
set +m
for signal in HUP USR1 USR2 PIPE XFSZ TTIN TTOU WINCH CHLD URG; do
    kill -s "$signal" "$started"
    joined others || fail "is gone after SIG$signal"
done
wait_for 5 log_has others 'joined, [0-9]+ peers, [0-9]+ records held'
log_has others 'looking anew' || fail "says nothing on SIGHUP"

say "stands still on SIGTSTP, goes on on SIGCONT"
kill -s TSTP "$started"
wait_for 5 grep -q '^State:.T' "/proc/$started/status"
kill -s CONT "$started"
wait_for 5 joined others
stop_node "$started"

say "heeds signals that its parent blocks or ignores"
wrap=(env --block-signal=TERM,HUP --ignore-signal=TERM,HUP)
run strict
wrap=()
kill -s HUP "$started"
wait_for 5 log_has strict 'looking anew'
kill -s TERM "$started"
ended_well strict 0 TERM

say "limits: of processor time, of a file's size"
printf 'base = test\nname = hard\nstatic_bits = 40\ndynamic_bits = 20\n' >"$work/hard"
profile=$work/hard
with limited --cpu=1:30 -- start_node busy --listen 127.0.0.1:0
ended 20 "$started"
[ "$code" -eq 1 ] || fail "the limit of processor time is exit code $code"
grep -q '^skad: stopped, because its limit of processor time' "$work/busy/log" || fail "no reason"
profile=test
run small
prlimit --pid "$started" --fsize=4096
head -c 100000 /dev/urandom >"$work/file"
"$skad" put "$work/file" --socket "$(socket_of first)" >/dev/null 2>&1 || true
"$skad" put "$work/file" --socket "$(socket_of small)" >/dev/null 2>&1 || true
joined small || fail "a file that may not grow ends it"
stop_node "$started"

# Processes in a namespace of their own; a container does the same.
for signal in TERM INT; do
    say "process 1: SIG$signal while the first puzzle is solved, and while it runs"
    profile=$work/hard
    with first -- start_node "solves$signal" --listen 127.0.0.1:0
    inside=$(child_of "$started")
    wait_for 10 grep -q '^Threads:.[2-9]' "/proc/$inside/status" # it solves
    kill -s "$signal" "$inside"
    ended 10 "$started"
    [ "$code" -eq 0 ] || fail "exit code $code"
    [ "$(ls -A "$work/solves$signal")" = log ] || fail "leaves $(ls -A "$work/solves$signal")"
    profile=test
    with first -- run "one$signal"
    kill -s "$signal" "$(child_of "$started")"
    ended_well "one$signal" 0 "$signal"
done

say "process 1: other commands"
for command in keygen get; do
    case $command in
    keygen) arguments=(keygen --profile "$work/hard" --dir "$work/made") ;;
    get) # a daemon that does not answer
        python3 -c 'import socket, sys, time
s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(); time.sleep(60)' "$work/deaf" &
        pids+=("$!")
        wait_for 10 test -S "$work/deaf"
        arguments=(get "$(printf '%064d' 1)" --socket "$work/deaf")
        ;;
    esac
    unshare --pid --fork --kill-child --mount-proc "$skad" "${arguments[@]}" >/dev/null 2>&1 &
    outside=$!
    pids+=("$outside")
    inside=$(child_of "$outside")
    wait_for 10 grep -q '^SigCgt:.*[4567cdef]...$' "/proc/$inside/status" # it handles SIGTERM
    kill -s TERM "$inside"
    ended 10 "$outside"
    [ "$code" -eq 143 ] || fail "$command as process 1 ends with $code"
done
say "passed"
