#!/usr/bin/env bash
# A disk that takes 25 ms for each write, and a log that nothing reads: the node goes on answering.
# shellcheck disable=SC1091,SC2154 # world.sh has the rest
. "$(dirname "$0")/world.sh"

# pings NUMBER: rtts in microseconds of pings of node slow by node fast, sorted; lost ones as 9999999.
pings() {
    local i
    for i in $(seq "$1"); do
        ask fast ping 127.0.0.1:4701 --timeout 5 --json 2>/dev/null |
            sed -n 's/.*"rtt_us": *\([0-9]*\).*/\1/p' | grep . || echo 9999999
    done | sort -n
}

say "two nodes, one with a slow disk"
start_node fast --listen 127.0.0.1:4700
wait_for 20 answers fast
# Not `with slow`: the strace of Debian 12 cannot follow new threads from below in a namespace of
# processes. Here it is the node's parent, which it leaves alone when it ends.
need strace
writes=pwrite64,pwritev,writev,fdatasync,fsync,msync
wrap=(strace -f -qq -o /dev/null -e "trace=$writes" -e "inject=$writes:delay_exit=25000")
start_node slow --listen 127.0.0.1:4701 --join 127.0.0.1:4700 --sandbox off
wrap=()
slow=$(child_of "$started")
pids+=("$slow")
wait_for 40 joined slow

say "pings while it stores, of which 99 in 100 are answered within 50 ms"
head -c 600000 /dev/urandom >"$work/file"
timeout 60 "$skad" put "$work/file" --once --socket "$(socket_of fast)" >"$work/key" &
putting=$!
pids+=("$putting")
takes_records() {
    [ "$(field slow store.records)" -gt 0 ]
}
wait_for 10 takes_records
pings 200 >"$work/rtts"
echo "      of 200: median $(sed -n 100p "$work/rtts") us, 99 %: $(sed -n 198p "$work/rtts") us"
[ "$(sed -n 198p "$work/rtts")" -le 50000 ] || fail "pings wait for the disk"
ended 60 "$putting"
[ "$code" = 0 ] || fail "put: exit $code"

say "what it acknowledged outlives a kill"
records=$(field slow store.records)
[ "$records" -gt 500 ] || fail "it has taken $records records only"
kill -KILL "$slow"
ended 10 "$started"
start_node slow --listen 127.0.0.1:4701 --join 127.0.0.1:4700
wait_for 20 answers slow
[ "$(field slow store.records)" -ge "$records" ] || fail "records are lost"
log_has slow 'was not closed, or it is a copy' || fail "it says nothing of the check"
stop_node "$started"

say "a log that nothing reads: lines are dropped, the node goes on"
mkfifo "$work/pipe"
exec 8<>"$work/pipe"
mkdir -p "$work/quiet"
"$skad" run --profile test --dir "$work/quiet" --listen 127.0.0.1:4702 2>&8 </dev/null &
quiet=$!
pids+=("$quiet")
wait_for 20 answers quiet
python3 - "$work/pipe" <<'END' || skip "cannot fill a pipe"
import os, sys, fcntl
fd = os.open(sys.argv[1], os.O_RDWR | os.O_NONBLOCK)
try:
    while True:
        os.write(fd, b"x")
except BlockingIOError:
    pass
END
for i in $(seq 400); do
    kill -USR1 "$quiet" # a report in the log
    [ $((i % 20)) != 0 ] || ask quiet status >/dev/null || fail "it waits for the reader of its log"
done
timeout 5 "$skad" ping 127.0.0.1:4702 --socket "$(socket_of fast)" >/dev/null || fail "it is deaf"
timeout 10 cat <&8 >"$work/lines" &
kill -TERM "$quiet"
ended 10 "$quiet"
say "passed"
