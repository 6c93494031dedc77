#!/usr/bin/env bash
# Unusual places for files: links, pipes, descriptors, mounts; and a put that ends halfway.
# shellcheck disable=SC1091,SC2154 # world.sh has the rest
. "$(dirname "$0")/world.sh"

start_node first --listen 127.0.0.1:4700
wait_for 20 answers first
head -c 5000 /dev/urandom >"$work/file"
key=$(put_alone first "$work/file")
mkdir "$work/a" "$work/b"
cd "$work/a"

get() { # OPTION...
    timeout 30 "$skad" get "$key" --socket "$(socket_of first)" "$@"
}

same() { # FILE
    cmp -s "$work/file" "$1" || fail "$1 is not what was put"
}

say "through links: to a file, to a file that is not there yet, over two folders"
echo old >"$work/b/target"
ln -s ../b/target link
get -o link
[ -L link ] || fail "the link is gone"
same "$work/b/target"
ln -s ../b/new dangling
ln -s "$work/a/dangling" twice
get -o twice
[ -L twice ] && [ -L dangling ] || fail "a link is gone"
same "$work/b/new"
ln -s circle circle
expect 1 "$skad" get "$key" --socket "$(socket_of first)" -o circle
expect_message "circle of links"
[ "$(find "$work" -name '*.part' | wc -l)" = 0 ] || fail "leaves parts"

say "into pipes"
mkfifo pipe
cat pipe >from-pipe &
reader=$!
get -o pipe
wait "$reader"
same from-pipe
[ -p pipe ] || fail "the pipe is gone"

say "into descriptors, redirected to files and pipes"
before=$(ls -l /dev/stdout /dev/fd)
get -o /dev/stdout >redirected
same redirected
get -o - >dash
same dash
get -o /dev/stdout | cat >piped
same piped
get -o /dev/fd/3 3>three
same three
{ echo before; get -o /dev/stdout; printf '\nafter\n'; } >around
[ "$(head -n 1 around)" = before ] && [ "$(tail -n 1 around)" = after ] || fail "begins a file anew"
[ "$(ls -l /dev/stdout /dev/fd)" = "$before" ] || fail "changes /dev"
[ ! -e /dev/stdout.part ] && [ ! -e - ] || fail "leaves files"
expect 1 "$skad" get "$key" --socket "$(socket_of first)" -o /dev/fd/77
expect_message "cannot write to /dev/fd/77"

say "into a file that is mounted where it is"
printf '%9999s' old >"$work/b/mounted"
: >mounted
mount --bind "$work/b/mounted" mounted
get -o mounted
same mounted
umount mounted

say "a put whose daemon ends halfway tells the key of what is half stored"
head -c 600000 /dev/urandom >"$work/large"
start_node other --listen 127.0.0.1:0
wait_for 20 answers other
whole=$(put_alone other "$work/large" --once)
code=0
{
    head -c 300000 "$work/large"
    kill -KILL "$started"
    tail -c 300000 "$work/large"
} | "$skad" put - --socket "$(socket_of other)" >"$work/out" 2>"$work/err" || code=$?
[ "$code" -ne 0 ] || fail "says that all went well"
grep -qE "; [0-9]+ records of $whole are stored" "$work/err" || fail "no key in: $(cat "$work/err")"
[ ! -s "$work/out" ] || fail "prints a key as if all was stored"
say "passed"
