#!/usr/bin/env bash
# What people and scripts meet on the command line: exit codes, complaints that say what to do,
# identities that cannot be used, output for machines, IPv6, and clients that misbehave.
. "$(dirname "$0")/lib.sh"
unset SKAD_SOCKET
export HOME=$work/home
mkdir "$HOME"

say "tells its version and its commands"
expect 0 "$skad" --version
grep -qE '^skad [0-9]+\.[0-9]+\.[0-9]+$' "$work/out" || fail "version: $(cat "$work/out")"
expect 0 "$skad" --help
commands="keygen run testnet put get publish resolve announce providers watch records withdraw ping
    lookup table status profile config health top backup restore store completion price gateway"
for command in $commands; do
    grep -q "^  $command " "$work/out" || fail "no $command in --help"
done
for command in $commands; do
    "$skad" "$command" --help | grep -q "^usage: skad $command" || fail "no help for $command"
done

say "refuses wrong usage with code 2"
some_key=$(printf '%064d' 7)
while read -r line; do
    read -ra words <<<"$line"
    expect 2 "$skad" ${words[@]+"${words[@]}"}
    grep -q '^skad: ' "$work/err" || fail "no complaint: $line"
done <<EOF2

frobnicate
put --frobnicate
put one two
get
get xyz
get ${some_key}0
get $some_key --timeout
get $some_key --timeout 0
get $some_key --timeout soon
ping
ping 127.0.0.1
ping localhost:80
ping 127.0.0.1:0
lookup
lookup 12
table extra
testnet
run --listen 4700
run --listen 127.0.0.1:1 --listen 127.0.0.1:2
run --join nowhere
run --join host:0
run --join host:70000
run --profile private
run --sandbox partial
run --sandb off
run --log-level loud
config
config chek
config show file
backup
restore
store
store chek
store restore
store check a b
testnet 2 --profile public
profile
profile hide
profile psk --json
run --dir
keygen extra
put --min-acks 0
get $some_key --max-bytes 1G
publish
resolve
resolve xyz
resolve $some_key --output
announce $some_key
announce $some_key --port 0
announce $some_key --port 80 --address 127.0.0.1:80
announce 12 --port 80
providers 12
watch $some_key --every 1
watch --providers $some_key --salt x
records held
withdraw 12
EOF2

say "says so when no daemon answers"
for command in status table records "get $some_key" "lookup $some_key" "ping 127.0.0.1:9" \
    "resolve $some_key" "providers $some_key" "watch $some_key" "withdraw $some_key" \
    "announce $some_key --port 80"; do
    read -ra words <<<"$command"
    expect 1 "$skad" "${words[@]}" --socket "$work/nothing"
    expect_message "no daemon answers at $work/nothing: start one with 'skad run'"
done
expect 1 "$skad" status
expect_message "$HOME/.skad/control.sock"
expect 1 env SKAD_SOCKET="$work/elsewhere" "$skad" status
expect_message "$work/elsewhere"

say "makes an identity once, in a folder for its owner only"
expect 0 "$skad" keygen --profile test --dir "$work/key"
grep -qE '^[0-9a-f]{64}$' "$work/out" || fail "no node ID: $(cat "$work/out")"
made=$(cat "$work/out")
[ "$(stat -c %a "$work/key")" = 700 ] || fail "folder mode $(stat -c %a "$work/key")"
[ "$(stat -c %a "$work/key/identity")" = 600 ] || fail "identity mode"
expect 1 "$skad" keygen --profile test --dir "$work/key"
expect_message "is there already"

say "refuses identities and folders that cannot be used"
expect 1 "$skad" run --profile test --dir "$work/no/such" --listen 127.0.0.1:0
expect_message "the folder above it does not exist"
touch "$work/plain"
expect 1 "$skad" run --profile test --dir "$work/plain" --listen 127.0.0.1:0
expect_message "it is not a folder"
cp -r "$work/key" "$work/open"
chmod 644 "$work/open/identity"
expect 1 "$skad" run --profile test --dir "$work/open" --listen 127.0.0.1:0
expect_message "can be read by others"
cp -r "$work/key" "$work/short"
truncate -s -5 "$work/short/identity"
expect 1 "$skad" run --profile test --dir "$work/short" --listen 127.0.0.1:0
expect_message "is damaged"
# One test identity in 2^12 fits the public network as well; of two at least one does not.
refused=0
for name in key key2; do
    "$skad" keygen --profile test --dir "$work/key2" >/dev/null 2>&1 || true
    timeout 20 "$skad" run --profile public --dir "$work/$name" --listen 127.0.0.1:0 \
        2>"$work/err" || true
    ! grep -q "was made with 8 KiB of memory, and the network 'skad-public-1' takes 256" "$work/err" || refused=1
done
[ "$refused" -eq 1 ] || fail "the public network takes test identities: $(cat "$work/err")"
long=$work/$(printf 'x%.0s' $(seq 120))
expect 1 "$skad" run --profile test --dir "$work/key" --listen 127.0.0.1:0 --socket "$long"
expect_message "longer than 107 bytes"
expect 1 "$skad" run --profile test --dir "$work/key" --listen 127.0.0.1:0 --socket "$work/plain"
expect_message "is in the way"

say "runs with that identity, and tells its operator what is going on"
start_node key --listen 127.0.0.1:0
alone=$started
wait_for 20 answers key
wait_for 5 grep -q "node $made in the network 'skad-test-1'" "$work/key/log"
wait_for 5 grep -q 'listening on 127.0.0.1:' "$work/key/log"
wait_for 5 grep -q "control socket $work/key/control.sock" "$work/key/log"
[ "$(stat -c %a "$work/key/control.sock")" = 600 ] || fail "socket mode"
status_is key id "$made" || fail "another ID"
taken=$(address_of key)

say "tells of what a node stored that no other has"
expect 6 "$skad" put "$work/key/log" --socket "$(socket_of key)" --once
expect_message "only this node has it"
lonely=$(cat "$work/out")
[ "${#lonely}" -eq 64 ] || fail "no key of what it stored: $lonely"
expect 6 "$skad" put "$work/key/log" --socket "$(socket_of key)" --json
grep -q '"stored":1,"holders":1,"wanted":16,"alone":[1-9]' "$work/out" || fail "JSON: $(cat "$work/out")"
expect_message "it is announced again until one does"
printf 'v1' >"$work/news"
expect 6 "$skad" publish "$work/news" --salt lonely --socket "$(socket_of key)"
expect 6 "$skad" announce "$lonely" --address 127.0.0.1:80 --once --socket "$(socket_of key)"

say "a second daemon in the same folder, or at the same port, does not start"
expect 1 "$skad" run --profile test --dir "$work/key" --listen 127.0.0.1:0
expect_message "another daemon is using"
expect 1 "$skad" run --profile test --dir "$work/second" --listen "$taken"
expect_message "$taken is in use by another program"
[ ! -e "$work/second/identity" ] || fail "made an identity in vain"
answers key || fail "the first daemon was disturbed"

say "joins two nodes; one names a place that does not resolve as well"
start_node other --listen 127.0.0.1:0 --store 3 --join nowhere.invalid:4700 --join "$taken"
other=$started
wait_for 20 status_is other joined true
wait_for 20 status_is key joined true
wait_for 30 grep -q 'nowhere.invalid does not resolve .*; it is looked up again' "$work/other/log"
wait_for 5 grep -q 'joined: 1 peers' "$work/other/log"
export SKAD_SOCKET=$work/key/control.sock

say "prints JSON that parses"
parses() {
    if command -v jq >/dev/null; then
        jq -e . >/dev/null
    else
        grep -qE '^\{"[a-z_]+":.*\}$' # the JSON writer has unit tests of its own
    fi
}
"$skad" status --json | parses || fail "status --json"
"$skad" table --json | parses || fail "table --json"
"$skad" lookup "$some_key" --json | parses || fail "lookup --json"
"$skad" ping "$(address_of other)" --json | parses || fail "ping --json"
expect 0 "$skad" status --field drops.tag
[ "$("$skad" status --field store.bytes_max)" = $((1 << 30)) ] || fail "the store's default size"
[ "$("$skad" status --socket "$work/other/control.sock" --field store.bytes_max)" = $((3 << 20)) ] ||
  fail "--store"
[ "$("$skad" status --field caps.clients)" = "1 of 64" ] || fail "status --field caps.clients"
[ "$("$skad" status --field caps.answer_bytes)" = "no limit" ] || fail "a rate without a limit"
expect 2 "$skad" status --field nonsense
expect_message "there is no field 'nonsense'"
expect 0 "$skad" table
grep -qE '^ +0\+ +1 +1 +0 +0 +1 .* 6 %$' "$work/out" || fail "not one bin: $(cat "$work/out")"
[ "$("$skad" status --field depth)" = 0 ] || fail "status --field depth"
[ "$("$skad" status --field neighbours)" = 1 ] || fail "status --field neighbours"
[ "$("$skad" status --field bins.0)" = "1 of 16" ] || fail "status --field bins.0"
grep -qx 'depth 0, neighbours 1, siblings 1' "$work/out" || fail "no depth: $(cat "$work/out")"
[ "$(wc -l <"$work/out")" -eq 4 ] || fail "not one bin: $(cat "$work/out")"
expect 0 "$skad" table --contacts
[ "$(wc -l <"$work/out")" -eq 3 ] || fail "not one contact: $(cat "$work/out")"

say "pings: an answer, silence, and an address that cannot be contacted"
expect 0 "$skad" ping "$(address_of other)"
grep -q '^time ' "$work/out" || fail "no time: $(cat "$work/out")"
expect 4 "$skad" ping 127.0.0.1:9
expect_message "no node answered in time"
expect 1 "$skad" ping 255.255.255.255:9
expect_message "may not be contacted"

say "gives up on a daemon that hangs; an interrupted get leaves at most a part"
kill -STOP "$alone"
expect 4 "$skad" status --timeout 1
expect_message "no answer from the daemon within 1 s"
mkdir "$work/fetched"
for signal in INT TERM KILL; do
    env --default-signal=INT "$skad" get "$some_key" -o "$work/fetched/file" 2>/dev/null &
    getter=$!
    pids+=("$getter")
    wait_for 20 sh -c "ls -l /proc/$getter/fd | grep -q '$work/fetched/file.part'"
    [ ! -e "$work/fetched/file" ] || fail "visible before it is whole"
    kill "-$signal" "$getter"
    code=0
    { wait "$getter"; } 2>/dev/null || code=$?
    [ "$code" -gt 128 ] || fail "SIG$signal did not end it: $code"
    [ "$(ls "$work/fetched")" = file.part ] || fail "SIG$signal left $(ls "$work/fetched")"
    [ "$(stat -c %a "$work/fetched/file.part")" = 600 ] || fail "others can read the part"
done
kill -CONT "$alone"
answers key || fail "did not wake up"

say "stores and fetches files of every shape"
for size in 0 1 991 992 993 1000 1001 30000 30001 70000; do
    head -c "$size" /dev/urandom >"$work/file"
    key=$("$skad" put "$work/file")
    "$skad" get "$key" >"$work/copy"
    cmp "$work/file" "$work/copy" || fail "$size bytes through stdout"
    "$skad" get "$key" -o "$work/copy" --socket "$(socket_of other)"
    cmp "$work/file" "$work/copy" || fail "$size bytes through a file"
done
[ "$(printf abc | "$skad" put)" = "$(printf abc | "$skad" put -)" ] || fail "stdin"
mask=$(umask)
[ "$(stat -c %a "$work/copy")" = "$(printf '%o' $((0666 & ~mask)))" ] || fail "mode of a fetched file"

say "writes nothing when a file is not there"
expect 3 "$skad" get "$some_key"
expect_message "no node has the value"
[ ! -s "$work/out" ] || fail "something on stdout"
rm -f "$work/copy"
expect 3 "$skad" get "$some_key" -o "$work/copy"
[ ! -e "$work/copy" ] || fail "something in the file"
[ -z "$(find "$work" -maxdepth 1 -name 'copy*')" ] || fail "left a temporary file"
expect 1 "$skad" get "$some_key" -o "$work"
expect_message "is a folder"
expect 1 "$skad" put "$work/missing"
expect_message "cannot read $work/missing"
expect 1 "$skad" put "$work"
expect_message "is a folder"
key=$(printf hello | "$skad" put)
expect 1 "$skad" get "$key" -o "$work/no/such/file"
expect 1 "$skad" get "$key" --max-bytes 4 -o "$work/copy"
expect_message "the file has 5 B, more than 4 B: to fetch it nevertheless, give --max-bytes 5"
[ -z "$(find "$work" -maxdepth 1 -name 'copy*')" ] || fail "wrote what was too large"
code=0
"$skad" get "$key" >/dev/full 2>"$work/err" || code=$?
[ "$code" -eq 1 ] || fail "a full disk went unnoticed ($code)"
expect_message "cannot write to stdout"

say "clients that hang or die do not disturb the node"
mkfifo "$work/fifo"
for i in 1 2 3 4 5; do
    "$skad" put - <"$work/fifo" >/dev/null 2>&1 &
    pids+=($!)
done
exec 9>"$work/fifo"
answers key || fail "disturbed by idle clients"
for pid in "${pids[@]: -5}"; do
    kill_node "$pid"
done
exec 9>&-
head -c 300000 /dev/urandom >"$work/file"
"$skad" put "$work/file" >/dev/null 2>&1 &
pids+=($!)
kill_node $!
wait_for 30 status_is key operations 0
answers key || fail "disturbed by a dead client"

say "a daemon that was killed leaves its socket; the next one takes it over"
kill_node "$alone"
[ -S "$work/key/control.sock" ] || fail "no stale socket to test with"
expect 1 "$skad" status
expect_message "no daemon answers at"
start_node key --listen 127.0.0.1:0 --join "$(address_of other)"
alone=$started
wait_for 20 status_is key joined true
status_is key id "$made" || fail "another ID"

say "stops on SIGTERM and SIGINT, takes the socket away, says so"
stop_node "$alone"
[ ! -e "$work/key/control.sock" ] || fail "left its socket"
grep -q 'stopping on SIGTERM' "$work/key/log" || fail "did not say that it stops"
stop_node "$other"

if [ -e /proc/net/if_inet6 ] && grep -q '^0*1 ' /proc/net/if_inet6; then
    say "two nodes on ::1"
    start_node six --listen '[::1]:0'
    six=$started
    wait_for 20 answers six
    start_node seven --listen '[::1]:0' --join "$(address_of six)"
    seven=$started
    wait_for 20 status_is six joined true
    wait_for 20 status_is seven joined true
    key=$(printf six | "$skad" put --socket "$(socket_of six)")
    [ "$("$skad" get "$key" --socket "$(socket_of seven)")" = six ] || fail "other bytes"
    expect 0 "$skad" ping "$(address_of seven)" --socket "$(socket_of six)"
    grep -q '^address   \[::1\]:' "$work/out" || fail "no IPv6 address: $(cat "$work/out")"
    stop_node "$six"
    stop_node "$seven"
else
    say "no IPv6 on this machine: nothing to see there"
fi
say "passed"
