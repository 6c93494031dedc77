#!/usr/bin/env bash
# A large file through a network of processes on this machine: put through one node, fetched through
# another, compared; record by record by the command line, and by put_file and get_file. Prints the
# throughput of each beside the signature limit: the time that the signatures alone, made and checked
# by all nodes together, take libsodium on all processors.
#
#   bench/file.sh BUILD [MIB] [NODES]      BUILD: the build folder; 100 MiB, 20 nodes
build=${1:?usage: file.sh BUILD [MIB] [NODES]}
mib=${2:-100}
nodes=${3:-20}
set -- "$build/skad"
. "$(dirname "$0")/../tests/e2e/lib.sh"

# total FIELD: the sum over all nodes.
total() {
    local sum=0 i
    for i in $(seq 0 $((nodes - 1))); do
        sum=$((sum + $("$skad" status --field "$1" --socket "$(socket_of "$i")")))
    done
    echo "$sum"
}

rates=$("$build/bench_rpc")
sign_rate=$(awk '/libsodium sign/ {print $3}' <<<"$rates")
verify_rate=$(awk '/libsodium verify/ {print $3}' <<<"$rates")
echo "libsodium: $sign_rate signatures, $verify_rate verifications a second on one of $(nproc) processors"

start_node 0 --listen 127.0.0.1:0
wait_for 20 answers 0
for i in $(seq 1 $((nodes - 1))); do
    start_node "$i" --listen 127.0.0.1:0 --join "$(address_of 0)"
done
for i in $(seq 0 $((nodes - 1))); do
    wait_for 60 status_is "$i" joined true
done
head -c $((mib * 1048576)) /dev/urandom >"$work/file"

# measure NAME COMMAND...: runs it and prints what it took.
measure() {
    local name=$1 signatures verifications begin end
    shift
    signatures=$(total signatures)
    verifications=$(total verifications)
    begin=$(date +%s%N)
    "$@" || fail "$*"
    end=$(date +%s%N)
    signatures=$(($(total signatures) - signatures))
    verifications=$(($(total verifications) - verifications))
    awk -v name="$name" -v mib="$mib" -v ns=$((end - begin)) -v made="$signatures" \
        -v checked="$verifications" -v s="$sign_rate" -v v="$verify_rate" -v p="$(nproc)" 'BEGIN {
            time = ns / 1e9; limit = (made / s + checked / v) / p
            printf "%s: %.1f s, %.2f MiB/s; %d signatures made, %d checked: ", name, time, mib / time, made, checked
            printf "the limit is %.1f s, %.2f MiB/s; ratio %.2f\n", limit, mib / limit, limit / time
        }'
}

measure put sh -c "'$skad' put '$work/file' --timeout 3600 --socket '$(socket_of 3)' >'$work/key'"
measure get "$skad" get "$(cat "$work/key")" -o "$work/copy" --timeout 3600 --socket "$(socket_of 11)"
cmp "$work/file" "$work/copy" || fail "other bytes"

# The same by put_file and get_file, as a client of the control socket does it. Another Python may
# stand before the system's, which has the package.
python=python3
"$python" -c 'import msgpack' 2>/dev/null || python=/usr/bin/python3
client=$(dirname "$0")/control_file.py
head -c $((mib * 1048576)) /dev/urandom >"$work/file"
measure put_file sh -c "'$python' '$client' '$(socket_of 3)' put '$work/file' >'$work/key'"
measure get_file sh -c "'$python' '$client' '$(socket_of 11)' get '$(cat "$work/key")' >'$work/copy'"
cmp "$work/file" "$work/copy" || fail "other bytes"
echo "the same $((mib * 1048576)) bytes came out; the largest node takes $(for pid in "${pids[@]}"; do
    awk '/VmRSS/ {print $2}' "/proc/$pid/status"
done | sort -n | tail -1) KiB"
