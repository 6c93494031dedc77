#!/usr/bin/env bash
# Twenty nodes as twenty processes: a file goes in, six nodes are killed (30 %), and every survivor
# gives the same bytes back.
. "$(dirname "$0")/lib.sh"

nodes=20
killed=6

say "starts $nodes nodes"
start_node 0 --listen 127.0.0.1:0
declare -A pid_of=([0]=$started)
wait_for 20 answers 0
first=$(address_of 0)
for i in $(seq 1 $((nodes - 1))); do
    start_node "$i" --listen 127.0.0.1:0 --join "$first"
    pid_of[$i]=$started
done
for i in $(seq 0 $((nodes - 1))); do
    wait_for 60 status_is "$i" joined true
done

say "every node has joined; stores 1 MiB through node 3"
head -c 1048576 /dev/urandom >"$work/file"
key=$("$skad" put "$work/file" --socket "$(socket_of 3)")
[ ${#key} -eq 64 ] || fail "no key: $key"

say "kills nodes 0 to $((killed - 1)), the one that all joined through among them"
for i in $(seq 0 $((killed - 1))); do
    kill_node "${pid_of[$i]}"
done

for i in $(seq $killed $((nodes - 1))); do
    "$skad" get "$key" -o "$work/copy" --socket "$(socket_of "$i")"
    cmp "$work/file" "$work/copy" || fail "node $i gave other bytes"
    rm "$work/copy"
    say "node $i gives the same bytes"
done

say "stops the survivors; each ends cleanly and takes its socket away"
for i in $(seq $killed $((nodes - 1))); do
    stop_node "${pid_of[$i]}"
    [ ! -e "$(socket_of "$i")" ] || fail "node $i left its socket"
done
say "passed"
