#!/usr/bin/env bash
# The page of the gateway in a headless Chromium: it shows the node, draws a lookup while it runs, puts and gets a
# file, works by keyboard, and asks for nothing but its own gateway.
. "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)
command -v chromium >/dev/null || { echo "skipped: without chromium (script/bootstrap tools)"; exit 77; }

say "a network of twenty, and a gateway"
"$skad" testnet 20 --dir "$work/net" >"$work/net.out" 2>"$work/net.log" &
pids+=("$!")
wait_for 60 grep -q ready "$work/net.out"
(umask 077 && echo 0123456789abcdef0123456789abcdef >"$work/token")
"$skad" gateway --listen 127.0.0.1:0 --socket "$work/net/node-3.sock" --token-file "$work/token" \
    >"$work/out" 2>"$work/log" </dev/null &
pids+=("$!")
wait_for 20 grep -q '^http://' "$work/out"

say "the page"
head -c 50000 /dev/urandom >"$work/a file"
timeout 200 python3 "$here/gateway_page.py" "$(cat "$work/out")" "$work" || fail "the page"
"$skad" get "$(cat "$work/key")" -o "$work/got" --socket "$work/net/node-9.sock"
cmp "$work/got" "$work/a file" || fail "another file was put"
cmp "$work/saved" "$work/a file" || fail "another file was saved"
say "passed"
