#!/usr/bin/env bash
# Files of configuration as an operator meets them: order, checks, what is shown, the documents.
. "$(dirname "$0")/lib.sh"
root=$(dirname "$0")/../..
conf=$work/skad.conf
mkdir "$work/conf.d"

say "a node runs with what its files say"
cat >"$conf" <<EOF2
# a node for a test
dir = $work/node
profile = test
listen = 127.0.0.1:0
store = 5
EOF2
echo "store = 7" >"$work/conf.d/10-more.conf"
"$skad" run --config "$conf" --workers 0 2>"$work/log" &
pids+=($!)
started=$!
wait_for 20 "$skad" status --socket "$work/node/control.sock"
"$skad" status --json --socket "$work/node/control.sock" >"$work/status"
grep -qF '"bytes_max":7340032' "$work/status" || fail "another store: $(cat "$work/status")"
grep -qF '"workers":0' "$work/status" || fail "other workers: $(cat "$work/status")"

say "commands find the configured node without being told, unless there is one of the user's own"
expect 0 env -u SKAD_SOCKET HOME="$work/nobody" SKAD_CONFIG="$conf" "$skad" status --field joined
expect 0 env -u SKAD_SOCKET HOME="$work/nobody" SKAD_CONFIG="$conf" "$skad" top --count 1
echo 'stroe = 5' >"$work/conf.d/90-wrong.conf" # is the node's business
expect 0 env -u SKAD_SOCKET HOME="$work/nobody" SKAD_CONFIG="$conf" "$skad" status --field joined
rm "$work/conf.d/90-wrong.conf"
expect 1 env SKAD_SOCKET="$work/none.sock" SKAD_CONFIG="$conf" "$skad" status
expect_message "no daemon answers at $work/none.sock"
mkdir -p "$work/user/.skad"
touch "$work/user/.skad/control.sock"
expect 1 env -u SKAD_SOCKET HOME="$work/user" SKAD_CONFIG="$conf" "$skad" status
expect_message "$work/user/.skad/control.sock"
stop_node "$started"

say "each value has its place"
expect 0 "$skad" config show --config "$conf" --workers 0
grep -qxF "store = 7  # $work/conf.d/10-more.conf:1" "$work/out" || fail "said: $(cat "$work/out")"
grep -qxF "workers = 0  # command line" "$work/out" || fail "said: $(cat "$work/out")"
grep -qxF "sandbox = on  # default" "$work/out" || fail "said: $(cat "$work/out")"
grep -qxF "socket = $work/node/control.sock  # default" "$work/out" || fail "said: $(cat "$work/out")"

say "what is shown is a configuration again"
cp "$work/out" "$work/again.conf"
mkdir "$work/alone"
mv "$work/again.conf" "$work/alone/"
expect 0 "$skad" config check "$work/alone/again.conf"
expect 0 "$skad" config show --config "$work/alone/again.conf"
sed 's/  # .*//' "$work/out" >"$work/second"
sed 's/  # .*//' "$work/alone/again.conf" | cmp - "$work/second" || fail "another configuration"
expect 0 env SKAD_CONFIG="$conf" "$skad" config show --json
python3 - "$work/out" "$work" <<'EOF2'
import json, sys
shown = json.load(open(sys.argv[1]))
assert shown["store"] == {"value": "7", "source": sys.argv[2] + "/conf.d/10-more.conf:1"}, shown
assert shown["join"] == [] and shown["listen"][0]["value"] == "127.0.0.1:0", shown
EOF2

say "all problems at once, each with file, line and what to do"
printf 'stroe = 7\nworkers = many\n' >"$work/conf.d/20-wrong.conf"
echo 'store' >>"$work/conf.d/10-more.conf"
expect 1 "$skad" config check "$conf"
[ "$(wc -l <"$work/err")" -eq 3 ] || fail "not three lines: $(cat "$work/err")"
grep -qF "20-wrong.conf:1: there is no key 'stroe': did you mean 'store'?" "$work/err" || fail "$(cat "$work/err")"
grep -qF "20-wrong.conf:2: workers: many is not a number from 0 to 64" "$work/err" || fail "$(cat "$work/err")"
grep -qF "10-more.conf:2: write KEY = VALUE" "$work/err" || fail "$(cat "$work/err")"
expect 2 "$skad" run --config "$conf"
[ "$(wc -l <"$work/err")" -eq 1 ] || fail "not one line: $(cat "$work/err")"
expect 1 "$skad" config show --config "$conf"
expect 1 "$skad" config check "$work/none.conf"
expect_message "cannot read $work/none.conf"
expect 2 "$skad" stauts
expect_message "there is no command 'stauts': did you mean 'status'?"
expect 2 "$skad" run --prof test
expect_message "there is no option --prof: did you mean --profile?"

say "the example and the manual have every key, and the example is right"
expect 0 "$skad" config check "$root/contrib/skad.conf"
sed -n 's/^# \([a-z-]* = .*\)/\1/p' "$root/contrib/skad.conf" >"$work/alone/example.conf"
expect 0 "$skad" config check "$work/alone/example.conf"
"$skad" config show --config none | sed -n 's/^#* *\([a-z-]*\) .*/\1/p' | sort -u >"$work/keys"
[ "$(wc -l <"$work/keys")" -ge 9 ] || fail "keys: $(cat "$work/keys")"
while read -r key; do
    grep -q "^# $key = " "$root/contrib/skad.conf" || fail "the example lacks $key"
    grep -qF ".BI ${key//-/\\-} " "$root/docs/skad.conf.5" || fail "skad.conf(5) lacks $key"
    "$skad" run --help | grep -q -- "^  --$key " || fail "the help lacks $key"
done <"$work/keys"
say "passed"
