#!/usr/bin/env bash
# A full disk: the node refuses what is to be stored, says so in its status, and serves on; with room
# again it takes records again. Needs the right to mount a small file system in a namespace of its
# own, and says so where there is none.
if [ -z "${SKAD_IN_NAMESPACE:-}" ]; then
    if ! unshare -rm true 2>/dev/null; then
        echo "skipped: no right to make a mount namespace"
        exit 0
    fi
    SKAD_IN_NAMESPACE=1 exec unshare -rm "$0" "$@"
fi
. "$(dirname "$0")/lib.sh"

mkdir "$work/node"
mount -t tmpfs -o size=4m,mode=700 tmpfs "$work/node" || fail "cannot mount"
trap 'code=$?; umount -l "$work/node"; (exit $code); clean_up' EXIT
say "a node on a disk of 4 MiB, of which 3 are taken"
head -c 3145728 /dev/zero >"$work/node/ballast"
"$skad" run --profile test --dir "$work/node" --listen 127.0.0.1:0 2>"$work/node.log" </dev/null &
started=$!
pids+=("$started")
wait_for 20 answers node
socket=$(socket_of node)

put() {
    head -c 900 /dev/urandom >"$work/value"
    "$skad" put "$work/value" --once --socket "$socket" >"$work/key" 2>"$work/err" || [ $? -eq 6 ] # alone
}

say "stores until the disk is full"
put || fail "said: $(cat "$work/err")"
first=$(cat "$work/key")
cp "$work/value" "$work/first"
for i in $(seq 2 2000); do
    put || break
done
[ "$i" -lt 2000 ] || fail "the disk took everything"
[ "$i" -gt 10 ] || fail "it took nothing: $(cat "$work/err")"
say "the $i-th was refused: $(cat "$work/err")"
grep -qF "no room left" "$work/err" || fail "said: $(cat "$work/err")"

say "the status says so, and what was taken is served"
"$skad" status --socket "$socket" >"$work/status" 2>&1
grep -qi "No space left" "$work/status" || fail "status: $(cat "$work/status")"
"$skad" get "$first" --socket "$socket" | cmp - "$work/first" || fail "the first value is gone"

say "the log has one line"
[ "$(grep -c 'warning: cannot write records to the disk: No space left' "$work/node.log")" -eq 1 ] ||
    fail "log: $(cat "$work/node.log")"

say "with room again it takes records again"
rm "$work/node/ballast"
put || fail "said: $(cat "$work/err")"
"$skad" status --socket "$socket" >"$work/status" 2>&1
! grep -qi "No space left" "$work/status" || fail "status: $(cat "$work/status")"

say "and the log says that it is over, within a period of half a minute"
wait_for 40 grep -q 'info: records are written to the disk again' "$work/node.log"
stop_node "$started"
say "passed"
