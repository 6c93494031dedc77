#!/usr/bin/env bash
# Records over real sockets: publishing, resolving, announcing, watching, keeping, withdrawing; gets
# that go on after an interruption; puts that too few holders take.
. "$(dirname "$0")/lib.sh"
unset SKAD_SOCKET
export HOME=$work/home
mkdir "$HOME"

nodes=8
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
say "waits until each knows all others, so that all of them hold what is stored"
for i in $(seq 0 $((nodes - 1))); do
    wait_for 60 status_is "$i" peers $((nodes - 1))
done
on() { # NODE COMMAND...: a command at a node's socket
    local node=$1
    shift
    "$skad" "$@" --socket "$(socket_of "$node")"
}
expect_on() { # CODE NODE COMMAND...
    local code=$1 node=$2
    shift 2
    expect "$code" "$skad" "$@" --socket "$(socket_of "$node")"
}
says() { # TEXT: the last command printed it
    grep -qF -- "$1" "$work/out" || fail "no '$1' in: $(cat "$work/out")"
}
publisher=$(on 1 status --field public_key)
[ ${#publisher} -eq 64 ] || fail "no public key: $publisher"

say "publishes a value and replaces it; every node resolves the latest"
expect_on 3 5 resolve "$publisher"
expect_message "no node has such a record"
printf 'first' >"$work/value"
expect_on 0 1 publish "$work/value"
says "publisher  $publisher"
says "sequence   1"
printf 'second' | on 1 publish - --json >"$work/out"
says '"sequence":2'
says '"kept":true'
for i in 0 4 7; do
    [ "$(on "$i" resolve "$publisher")" = second ] || fail "node $i resolves something else"
done
expect_on 0 3 resolve "$publisher" --json
says '"sequence":2'
says '"conflict":false'
says "\"value\":\"$(printf second | od -An -tx1 | tr -d ' \n')\""
expect_on 0 3 resolve "$publisher" -o "$work/value"
[ "$(cat "$work/value")" = second ] || fail "another value in the file"
[ ! -e "$work/value.part" ] || fail "left a part"

say "salts tell records apart; a lower sequence and a wrong comparison are refused with the reason"
printf 'salted' | on 1 publish - --salt blog >/dev/null
[ "$(on 6 resolve "$publisher" --salt blog)" = salted ] || fail "the salted record"
[ "$(on 6 resolve "$publisher")" = second ] || fail "the record without salt"
expect_on 5 1 publish "$work/value" --seq 1
expect_message "older (they hold sequence 2)"
expect_on 5 1 publish "$work/value" --seq 9 --cas 7
expect_message "cas (they hold sequence 2)"
expect_on 0 1 publish "$work/value" --seq 9 --cas 2
says "sequence   9"
head -c 801 /dev/zero >"$work/long"
expect_on 1 1 publish "$work/long"
expect_message "at most 800 bytes"
expect_on 1 1 publish "$work/value" --life 4000000
expect_message "at most two days of the network"

say "signs with another identity"
expect 0 "$skad" keygen --profile test --dir "$work/author"
printf 'by hand' | on 2 publish - --key "$work/author/identity" >"$work/out"
says "sequence   1"
author=$(sed -n 's/^publisher  //p' "$work/out")
[ "$author" != "$publisher" ] || fail "the node's own key"
[ "$(on 5 resolve "$author")" = "by hand" ] || fail "the author's record"
printf 'again' | on 3 publish - --key "$work/author/identity" --once >"$work/out"
says "sequence   2"
chmod 644 "$work/author/identity"
expect_on 1 2 publish "$work/value" --key "$work/author/identity"
expect_message "cannot use the identity"

say "announces two nodes under a key, and withdraws one"
key=$(printf '%064d' 23)
expect_on 3 0 providers "$key"
expect_message "no provider is announced under this key"
expect_on 0 3 announce "$key" --port 8080 --metadata $'a\033b'
expect_on 0 4 announce "$key" --address 192.168.7.7:80 --json
says '"kept":true'
expect_on 0 6 providers "$key"
[ "$(wc -l <"$work/out")" -eq 2 ] || fail "not two providers: $(cat "$work/out")"
says "127.0.0.1:8080"
says "$(on 3 status --field public_key) a\\x1bb"
says "192.168.7.7:80"
expect_on 0 6 providers "$key" --json
says '"endpoint":"192.168.7.7:80"'
expect_on 0 3 records --published
says "1 announcement ("
expect_on 0 3 withdraw "$key"
says "withdrawn  1"
expect_on 3 3 withdraw "$key"
expect_message "publishes nothing under this key"
expect_on 2 3 announce "$key"
expect_message "give --port or --address"

say "watches a record and the announcements under a key"
on 6 watch "$publisher" --every 5 --count 2 >"$work/seen" &
watcher=$!
on 7 watch --providers "$key" --every 5 --count 2 --json >"$work/providers" &
watcher2=$!
pids+=("$watcher" "$watcher2")
wait_for 20 grep -qx '9 second' "$work/seen"
wait_for 20 grep -q '8080.*192.168.7.7\|192.168.7.7.*8080' "$work/providers"
status_is 6 watches 1 || fail "no watch"
printf 'third' | on 1 publish - >/dev/null
expect_on 0 5 announce "$key" --port 1
wait_for 30 grep -qx '10 third' "$work/seen"
wait "$watcher" || fail "the watch ended with $?"
wait "$watcher2" || fail "the watch of providers ended with $?"
[ "$(wc -l <"$work/providers")" -eq 2 ] || fail "not two lines"
wait_for 5 status_is 6 watches 0

say "puts are kept unless told otherwise, and counted by record"
head -c 40000 /dev/urandom >"$work/file"
expect_on 0 2 put "$work/file" --json --min-acks 2
says '"records":43'
says '"kept":true'
file=$(sed 's/.*"key":"\([0-9a-f]*\)".*/\1/' "$work/out")
expect_on 0 2 records --published
says "43 values"
printf once | on 4 put - --once >/dev/null
expect_on 0 4 records --published
says "0 values"
expect_on 0 2 records --json
says '{"records":[{"key":"'
expect_on 5 2 put "$work/file" --min-acks 255
expect_message "fewer than --min-acks 255"
expect_on 0 2 withdraw "$file" --file
says "withdrawn  43"
expect_on 0 2 records --published
says "0 values"
expect_on 3 2 withdraw "$file" --file

say "a get that was interrupted goes on; what is damaged is fetched again"
head -c 20000 "$work/file" >"$work/copy.part"
printf 'damage' | dd of="$work/copy.part" bs=1 seek=5000 conv=notrunc status=none
expect_on 0 6 get "$file" -o "$work/copy"
cmp "$work/file" "$work/copy" || fail "other bytes"
[ ! -e "$work/copy.part" ] || fail "the part is still there"
rm "$work/copy"
kill -STOP "${pid_of[6]}"
on 6 get "$file" -o "$work/copy" --timeout 30 2>/dev/null &
getter=$!
pids+=("$getter")
wait_for 20 test -e "$work/copy.part"
expect_on 1 7 get "$file" -o "$work/copy"
expect_message "another 'skad get' is writing it"
kill -CONT "${pid_of[6]}"
wait "$getter" || fail "the first get ended with $?"
cmp "$work/file" "$work/copy" || fail "other bytes"
head -c 7000 "$work/file" >"$work/copy.part"
expect_on 3 5 get "$(printf '%064d' 1)" -o "$work/copy"
[ "$(wc -c <"$work/copy.part")" -eq 7000 ] || fail "a get in vain took the part away"

say "published records are there after a restart"
stop_node "${pid_of[1]}"
start_node 1 --listen 127.0.0.1:0 --join "$first"
wait_for 20 status_is 1 joined true
expect_on 0 1 records --published
says "2 records"
[ "$(on 1 status --field store.published)" = 2 ] || fail "published $(on 1 status --field store.published)"
[ "$(on 1 resolve "$publisher")" = third ] || fail "resolves something else"

say "stops the nodes"
stop_node "$started"
for i in 0 2 3 4 5 6 7; do
    stop_node "${pid_of[$i]}"
done
say "passed"
