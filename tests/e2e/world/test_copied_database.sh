#!/usr/bin/env bash
# Databases that were copied, restored or cut while a node used them: noticed, set aside, salvaged. A
# node never aborts at every start.
# shellcheck disable=SC1091,SC2154 # world.sh has the rest
. "$(dirname "$0")/world.sh"

start_node first --listen 127.0.0.1:4700
first=$started
wait_for 20 answers first
head -c 400000 /dev/urandom >"$work/file"
key=$(put_alone first "$work/file")

# starts NAME: on what lies in its folder; it answers, stores and gives what it has.
starts() {
    start_node "$1" --listen 127.0.0.1:0
    wait_for 20 answers "$1"
    ask "$1" records >/dev/null
    head -c 100000 /dev/urandom >"$work/more"
    put_alone "$1" "$work/more" --once >/dev/null
    ask "$1" get "$key" >"$work/got" 2>/dev/null || true
    kill -0 "$started" || fail "$1 ended by itself"
}

# slow_copy FROM TO: page after page, while FROM is written.
slow_copy() {
    local at=0 pages
    : >"$2"
    while pages=$(($(stat -c %s "$1") / 4096)) && [ "$at" -lt "$pages" ]; do
        dd if="$1" of="$2" bs=4096 skip="$at" seek="$at" count=40 conv=notrunc status=none
        at=$((at + 40))
        head -c 60000 /dev/urandom | put_alone first - --once >/dev/null
    done
}

say "a copy of a database in use"
mkdir -m 700 "$work/copy"
cp -p "$work/first/identity" "$work/copy/"
slow_copy "$work/first/records.db" "$work/copy/records.db"
starts copy
log_has copy 'it is damaged\): set aside' || fail "a torn copy passes as whole"
log_has copy 'could still be read and were taken over' || fail "nothing is salvaged"
stop_node "$started"
start_node copy --listen 127.0.0.1:0
wait_for 20 answers copy
[ "$(grep -c 'set aside' "$work/copy/log")" = 1 ] || fail "set aside twice"
stop_node "$started"

say "a folder that is archived after a clean end, and unpacked elsewhere: checked, and whole"
stop_node "$first"
tar -C "$work" -cf "$work/archive" first
mkdir "$work/other"
tar -C "$work/other" -xf "$work/archive"
mv "$work/other/first" "$work/unpacked"
: >"$work/unpacked/log"
starts unpacked
cmp -s "$work/file" "$work/got" || fail "the copy lacks the file"
log_has unpacked 'was checked as a whole, and is intact' || fail "a copy is not checked"
stop_node "$started"

say "the same folder again: trusted"
: >"$work/unpacked/log"
starts unpacked
! log_has unpacked 'checked as a whole' || fail "a clean end is not trusted"
unpacked=$started

say "a file that is cut under a running node: the next start is well"
kill_node "$unpacked"
truncate -s 200000 "$work/unpacked/records.db"
starts unpacked
log_has unpacked 'it is damaged\): set aside' || fail "a cut file passes"

say "restored over the file in place, with its dates: checked"
stop_node "$started"
cp -p "$work/unpacked/records.db" "$work/backup"
: >"$work/unpacked/log"
cp -p "$work/backup" "$work/unpacked/records.db"
starts unpacked
log_has unpacked 'was checked as a whole' || fail "a file that was written over is trusted"
stop_node "$started"
say "passed"
