#!/usr/bin/env bash
# Each mistake of an operator has one line that says what to do, and nothing is changed: the right
# option finds everything as it was.
. "$(dirname "$0")/lib.sh"

# unchanged FOLDER: what is in it is as it was when it was remembered.
remember() {
    (cd "$1" && find . -type f ! -name '*-lock' -exec md5sum {} + | sort; find "$1" | sort) >"$work/before"
}
unchanged() {
    (cd "$1" && find . -type f ! -name '*-lock' -exec md5sum {} + | sort; find "$1" | sort) |
        cmp -s - "$work/before" || fail "something changed: $(ls -la "$1")"
}

say "makes a node that has a record and an identity"
start_node node --listen 127.0.0.1:0
wait_for 20 answers node
echo value >"$work/value"
"$skad" put "$work/value" --socket "$(socket_of node)" >"$work/key" 2>/dev/null || [ $? -eq 6 ]
stop_node "$started"
remember "$work/node"

say "forgets --profile"
expect 1 "$skad" run --dir "$work/node" --listen 127.0.0.1:0
expect_message "is of the network 'test', not of 'skad-public-1': start with --profile test"
unchanged "$work/node"

say "a network of one's own"
printf 'base = test\nname = ours\n' >"$work/ours.profile"
expect 1 "$skad" run --profile "$work/ours.profile" --dir "$work/node" --listen 127.0.0.1:0
expect_message "start with --profile test"
unchanged "$work/node"

say "a fresh folder in which only the identity is: nothing is made for the wrong network"
mkdir "$work/fresh"
cp -p "$work/node/identity" "$work/fresh/"
remember "$work/fresh"
expect 1 "$skad" run --dir "$work/fresh" --listen 127.0.0.1:0
expect_message "was made with 8 KiB of memory, and the network 'skad-public-1' takes 256"
unchanged "$work/fresh"

say "the right option finds all as it was"
start_node node --listen 127.0.0.1:0
wait_for 20 answers node
"$skad" get "$(cat "$work/key")" --socket "$(socket_of node)" | cmp - "$work/value" || fail "the record is gone"
stop_node "$started"

say "paths: too long, missing, not ours"
expect 1 env -u HOME "$skad" run --profile test --listen 127.0.0.1:0
expect_message "HOME is not set, so name one with --dir"
long=$work/$(printf 'x%.0s' $(seq 1 120))
expect 1 "$skad" run --profile test --dir "$long" --listen 127.0.0.1:0
expect_message "choose a shorter one with --socket"
[ -z "$(ls "$long")" ] || fail "something was made: $(ls "$long")"
expect 1 "$skad" run --profile test --dir "$work/socket" --socket "$work/none/a.sock" --listen 127.0.0.1:0
expect_message "its folder does not exist: make it"
[ -z "$(ls "$work/socket")" ] || fail "something was made: $(ls "$work/socket")"
echo text >"$work/socket/control.sock"
expect 1 "$skad" run --profile test --dir "$work/socket" --listen 127.0.0.1:0
expect_message "is in the way and is not a socket"
[ "$(ls "$work/socket")" = control.sock ] || fail "something was made: $(ls "$work/socket")"
run_here=("$skad" run --profile test --dir "$work/sockets" --listen 127.0.0.1:0)
expect 1 "${run_here[@]}" --socket "$work/one.sock" --monitor-socket "$work/one.sock"
expect_message "--socket and --monitor-socket are both $work/one.sock: name two sockets"
expect 1 "${run_here[@]}" --socket "$work/one.sock" --metrics "$work/one.sock"
expect_message "--socket and --metrics are both $work/one.sock: name two sockets"
expect 1 "${run_here[@]}" --monitor-socket "$work/value"
expect_message "is not a socket: name another with --monitor-socket"
expect 1 "${run_here[@]}" --metrics "$work/value"
expect_message "is not a socket: name another with --metrics"
[ -z "$(ls "$work/sockets")" ] || fail "something was made: $(ls "$work/sockets")"
expect 1 "$skad" run --profile test --dir /proc/skad --listen 127.0.0.1:0
expect_message "cannot make /proc/skad"

say "a folder that others can write, or in which a link waits for LMDB's lock"
chmod o+w "$work/sockets"
expect 1 "${run_here[@]}"
expect_message "can be written by others, who can replace the node's key: 'chmod o-w' it"
chmod o-w "$work/sockets"
ln -s "$work/precious" "$work/sockets/records.db-lock"
echo text >"$work/precious"
expect 1 "${run_here[@]}"
expect_message "records.db-lock is a link or no file: remove it"
[ "$(cat "$work/precious")" = text ] || fail "the link was followed"

say "a killed node leaves its socket behind, which is no obstacle"
start_node node --listen 127.0.0.1:0
wait_for 20 answers node
kill_node "$started"
[ -S "$(socket_of node)" ] || fail "no socket was left"
start_node node --listen 127.0.0.1:0
wait_for 20 answers node
stop_node "$started"
[ ! -e "$(socket_of node)" ] || fail "the socket was left behind"

if [ "$(id -u)" -eq 0 ] && unshare -m true 2>/dev/null; then
    say "a folder on a file system that is mounted read-only"
    remember "$work/node"
    code=0
    unshare -m sh -c 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" &&
        exec "$2" run --profile test --dir "$1" --listen 127.0.0.1:0' sh "$work/node" "$skad" 2>"$work/err" || code=$?
    [ "$code" -eq 1 ] || fail "exit code $code: $(cat "$work/err")"
    expect_message "mounted read-only"
    unchanged "$work/node"
fi
say "passed"
