#!/usr/bin/env bash
# SIGHUP: a new configuration is taken over as a whole or not at all; what needs a new start is named;
# a kill in the middle of it loses nothing.
. "$(dirname "$0")/lib.sh"
kills=${SKAD_RELOAD_KILLS:-50}
mkdir -p "$work/etc/conf.d" "$work/node"
conf=$work/etc/skad.conf
log=$work/node/log
cat >"$conf" <<EOF2
dir = $work/node
profile = test
listen = 127.0.0.1:0
store = 8
EOF2

# As editors do it: another file gets the name.
write() { # KEY = VALUE...
    { head -3 "$conf"; printf '%s\n' "$@"; } >"$conf.new"
    mv "$conf.new" "$conf"
}

# reload TEXT: asks for it, and waits for a new line of the log with the text.
reload() {
    local before
    before=$(wc -l <"$log")
    kill -HUP "$started"
    logged() { tail -n "+$((before + 1))" "$log" | grep -qF -- "$1"; }
    wait_for 10 logged "$1"
}

start() {
    "$skad" run --config "$conf" 2>>"$log" </dev/null &
    started=$!
    pids+=("$started")
    wait_for 20 answers node
}

store_max() {
    "$skad" status --json --socket "$(socket_of node)" | grep -o '"bytes_max":[0-9]*' | cut -d: -f2
}

say "nothing changed"
start
reload "info: configuration read: nothing changed"

say "what can change does: the level of the log, join points, a smaller store"
start_node other --listen 127.0.0.1:0
other=$started
started=${pids[0]}
wait_for 20 answers other
[ "$(store_max)" = 8388608 ] || fail "store: $(store_max)"
write "store = 4" "join = $(address_of other)"
reload "info: configuration read: changed store, join"
[ "$(store_max)" = 4194304 ] || fail "store: $(store_max)"
wait_for 30 status_is node joined true
echo "log-level = error" >"$work/etc/conf.d/10-quiet.conf"
reload "info: configuration read: changed log-level"
before=$(wc -l <"$log")
kill -USR1 "$started"
wait_for 10 answers node
[ "$(wc -l <"$log")" -eq "$before" ] || fail "a quiet log says: $(tail -2 "$log")"
rm "$work/etc/conf.d/10-quiet.conf"
reload "info: configuration read: changed log-level"

say "the form of the log changes, too"
echo "log-format = json" >"$work/etc/conf.d/10-json.conf"
reload '"level":"info","msg":"configuration read: changed log-format"}'
grep '"level":"info","msg":"conf' "$log" | tail -n 1 | python3 -c 'import json, sys; json.load(sys.stdin)'
rm "$work/etc/conf.d/10-json.conf"
reload "info: configuration read: changed log-format"

say "an error: the old one stays as a whole, and the log says why"
write "store = 2" "stroe = 4"
reload "error: the old configuration stays: $conf:5: there is no key 'stroe': did you mean 'store'?"
[ "$(store_max)" = 4194304 ] || fail "store: $(store_max)"
write "store = 2" "join = nowhere"
reload "error: the old configuration stays: $conf:5: join: nowhere: give ADDR:PORT"
[ "$(store_max)" = 4194304 ] || fail "store: $(store_max)"
rm "$conf"
reload "error: the old configuration stays: cannot read $conf"
status_is node joined true || fail "it is not joined any more"

say "what needs a new start is named, the rest changes"
printf 'dir = %s\nprofile = ./gone.profile\nlisten = 127.0.0.1:1\n' "$work/other" >"$conf"
write "workers = 0" "store = 3" "sandbox = log"
reload "warning: configuration read: dir, profile, sandbox, listen, workers, socket will change at the next start only"
[ "$(store_max)" = 3145728 ] || fail "store: $(store_max)"
write "store = 4096"
reload "store, socket will change at the next start only"
[ "$(store_max)" = 3145728 ] || fail "store: $(store_max)"

say "many signals at once"
printf 'dir = %s\nprofile = test\nlisten = 127.0.0.1:0\n' "$work/node" >"$conf"
write "store = 3"
for _ in $(seq 50); do
    kill -HUP "$started"
done
reload "configuration read"
answers node || fail "it answers no more"

say "a kill in the middle of a reload loses nothing, $kills times"
echo value >"$work/value"
key=$("$skad" put "$work/value" --socket "$(socket_of node)")
identity=$(md5sum <"$work/node/identity")
for i in $(seq "$kills"); do
    write "store = $((3 + i % 2))"
    kill -HUP "$started"
    sleep "0.00$((i % 10))"
    kill_node "$started"
    start
    [ "$(md5sum <"$work/node/identity")" = "$identity" ] || fail "kill $i: another identity"
    "$skad" get "$key" --socket "$(socket_of node)" | cmp -s - "$work/value" || fail "kill $i: the record is gone"
done
[ -z "$(find "$work/node" -name '*.aside-*' -o -name '*.bad-*')" ] || fail "set aside: $(ls "$work/node")"

say "TERM right after HUP ends it well"
kill -HUP "$started"
stop_node "$started"
stop_node "$other"
say "passed"
