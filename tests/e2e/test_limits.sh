#!/usr/bin/env bash
# What an operator lets a node use: memory, disk, bandwidth, descriptors, rates. A node lives at its limits.
. "$(dirname "$0")/lib.sh"

say "limits of the process, and rates"
# Sanitizers map more memory than any node; a build with them has no sandbox, by which it is known.
memory=(--memory 100)
start_node plain --listen 127.0.0.1:0
wait_for 20 answers plain
[ "$("$skad" status --field sandbox --socket "$(socket_of plain)")" != off ] || memory=()
stop_node "$started"
start_node node --listen 127.0.0.1:0 --workers 1 --descriptors 200 --bandwidth 64 --rate-all 50 \
    --rate-unproven 40 --rate-address 30 --puzzle-share 10 "${memory[@]}"
wait_for 20 answers node
limit() { # NAME
    awk -v name="$1" 'index($0, name) == 1 { print $(NF - 1) }' "/proc/$started/limits"
}
[ ${#memory[@]} -eq 0 ] || [ "$(limit 'Max data size')" = $((100 << 20)) ] || fail "memory: $(limit 'Max data size')"
[ "$(limit 'Max open files')" = 200 ] || fail "descriptors: $(limit 'Max open files')"
"$skad" status --socket "$(socket_of node)" >"$work/status"
grep -q '^caps.answer_bytes .* 65536 a second' "$work/status" || fail "bandwidth: $(grep caps "$work/status")"
grep -q '^caps.checks_unproven .* 40 a second' "$work/status" || fail "rates: $(grep caps "$work/status")"
grep -q '^caps.checks_proven .* 50 a second' "$work/status" || fail "rates: $(grep caps "$work/status")"
stop_node "$started"

say "a disk limit refuses puts and keeps what is there; a higher one takes more"
start_node small --listen 127.0.0.1:0 --disk 16
wait_for 20 answers small
export SKAD_SOCKET
SKAD_SOCKET=$(socket_of small)
head -c 2000000 /dev/urandom >"$work/first"
first=$("$skad" put "$work/first" 2>/dev/null) || [ $? -eq 6 ]
for i in 1 2 3 4 5 6 7; do
    head -c 2000000 /dev/urandom >"$work/more"
    code=0
    "$skad" put "$work/more" >/dev/null 2>"$work/err" || code=$?
    [ "$code" -ne 1 ] && [ "$code" -ne 5 ] || break
done
[ "$code" -eq 1 ] || [ "$code" -eq 5 ] || fail "16 MiB took seven times 2 MB and more: $code, $(cat "$work/err")"
[ "$(stat -c %s "$work/small/records.db")" -le $((16 << 20)) ] || fail "the file is larger than its limit"
"$skad" get "$first" -o "$work/back"
cmp "$work/first" "$work/back" || fail "what was there is gone"
refused() { # a put that is refused, and the log says so
    "$skad" put "$work/more" >/dev/null 2>&1 || true
    grep -q 'cannot write records to the disk: No space left on device' "$work/small/log"
}
wait_for 60 refused
stop_node "$started"
start_node small --listen 127.0.0.1:0 --disk 64
wait_for 20 answers small
"$skad" put "$work/more" >/dev/null 2>&1 || [ $? -eq 6 ] || fail "no room in 64 MiB"
stop_node "$started"

say "wrong limits"
expect 2 "$skad" run --memory 1
expect_message "--memory: 1 is neither 0 (the default) nor a number from 64 to 1048576"
expect 2 "$skad" run --puzzle-share 101
expect_message "is neither 0 (the default) nor a number from 1 to 100"
say "passed"
