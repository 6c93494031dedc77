#!/usr/bin/env bash
# The gateway with curl: every address, what it refuses and how, streams, files in parts, a daemon that goes
# and comes back, the monitoring socket, and clients that are slow, many, or send garbage.
. "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)
command -v curl >/dev/null || { echo "skipped: without curl (script/bootstrap)"; exit 77; }

token=0123456789abcdef0123456789abcdef
key_of_hello=e90f503c9667c216739b76ed41d3fefbf93f79580594c1541df7db4caeaf559b
absent=0000000000000000000000000000000000000000000000000000000000000000

# start_gateway NAME OPTION...: its address is in $at, its process ID in $started.
start_gateway() {
    local name=$1
    shift
    "$skad" gateway --listen 127.0.0.1:0 "$@" >"$work/$name.out" 2>"$work/$name.log" </dev/null &
    started=$!
    pids+=("$started")
    wait_for 20 grep -q '^http://' "$work/$name.out"
    at=$(sed 's|/$||' "$work/$name.out")
}

# ask_web STATUS CURL-ARGUMENT...: the answer must have that status; its body is in $work/body, its head in head.
ask_web() {
    local want=$1 got
    shift
    got=$(curl -sS -m 60 -D "$work/head" -o "$work/body" -w '%{http_code}' "$@") || fail "curl: $*"
    [ "$got" = "$want" ] || fail "$got instead of $want: $* ($(head -c 400 "$work/body"))"
}

# stream NAME CURL-ARGUMENT...: what comes of a stream goes to $work/NAME, until end_streams.
streams=()
stream() {
    local name=$1
    shift
    curl -sSN "$@" >"$work/$name" 2>"$work/$name.err" &
    streams+=("$!")
    pids+=("$!")
}

end_streams() {
    kill "${streams[@]}" 2>/dev/null || true
    wait "${streams[@]}" 2>/dev/null || true
    streams=()
}

field() { # NAME: of the JSON in the body
    python3 -c 'import json, sys
value = json.load(open(sys.argv[1]))
for name in sys.argv[2].split("."): value = value[name]
print(value)' "$work/body" "$1"
}

says() { # CODE TEXT: the error in the body
    [ "$(field error.code)" = "$1" ] || fail "code $(field error.code), not $1"
    grep -qF -- "$2" "$work/body" || fail "no '$2' in $(cat "$work/body")"
}

has_header() { # TEXT
    grep -qiF -- "$1" "$work/head" || fail "no '$1' in $(cat "$work/head")"
}

say "a network of five, and a gateway"
"$skad" testnet 5 --dir "$work/net" >"$work/net.out" 2>"$work/net.log" &
network=$!
pids+=("$network")
wait_for 60 grep -q ready "$work/net.out"
(umask 077 && echo "$token" >"$work/token")
start_gateway main --socket "$work/net/node-1.sock" --token-file "$work/token" --rate 10000
main=$at
auth=(-H "Authorization: Bearer $token")
grep -qE 'sandbox: (on|partial|off)' "$work/main.log" || fail "no word about the sandbox: $(cat "$work/main.log")"

say "the node"
ask_web 200 "$main/v1/status"
id=$(field id)
publisher=$(field public_key)
[ "$id" = "$("$skad" status --field id --socket "$work/net/node-1.sock")" ] || fail "another node"
has_header "Content-Type: application/json"
has_header "X-Content-Type-Options: nosniff"
has_header "Content-Security-Policy: default-src 'none'; sandbox"
ask_web 200 "$main/v1/health"
[ "$(field api)" = 1 ] || fail "$(cat "$work/body")"
ask_web 200 "$main/v1/table"
[ "$(field self)" = "$id" ] || fail "$(cat "$work/body")"
ask_web 200 "$main/v1/lookup/$absent"
[ "$(field target)" = "$absent" ] || fail "$(cat "$work/body")"
ask_web 200 -I "$main/v1/status"
has_header "Content-Length: "

say "values"
ask_web 201 "${auth[@]}" --data-binary hello "$main/v1/value?keep=true"
[ "$(field key)" = $key_of_hello ] || fail "$(cat "$work/body")"
ask_web 200 "$main/v1/value/$key_of_hello"
[ "$(cat "$work/body")" = hello ] || fail "another value"
has_header "Content-Type: application/octet-stream"
has_header "Content-Disposition: attachment"
has_header "ETag: \"$key_of_hello\""
has_header "immutable"
ask_web 304 -H "If-None-Match: \"$key_of_hello\"" "$main/v1/value/$key_of_hello"
ask_web 404 "$main/v1/value/$absent"
says not_found ""

say "records and announcements"
ask_web 201 "${auth[@]}" --json '{"text":"news","salt":"a b"}' "$main/v1/record"
[ "$(field sequence)" = 1 ] || fail "sequence $(field sequence)"
ask_web 201 "${auth[@]}" --json '{"value":"00ff","salt":"a b"}' "$main/v1/record"
[ "$(field sequence)" = 2 ] || fail "sequence $(field sequence)"
ask_web 200 "$main/v1/record/$publisher?salt=a%20b"
[ "$(field value)" = 00ff ] || fail "$(cat "$work/body")"
ask_web 200 "$main/v1/record/$publisher/value?salt=a+b"
has_header "Skad-Sequence: 2"
[ "$(od -An -tx1 "$work/body" | tr -d ' ')" = 00ff ] || fail "other bytes"
ask_web 409 "${auth[@]}" --json '{"text":"old","salt":"a b","sequence":1}' "$main/v1/record"
says refused "older"
ask_web 201 "${auth[@]}" --json '{"endpoint":8080,"metadata":"m"}' "$main/v1/providers/$key_of_hello"
ask_web 200 "$main/v1/providers/$key_of_hello"
[ "$(field total)" = 1 ] || fail "$(cat "$work/body")"

say "files, whole and in parts"
head -c 200000 /dev/urandom >"$work/file"
: >"$work/empty"
ask_web 201 "${auth[@]}" --data-binary @"$work/file" "$main/v1/file"
key=$(field key)
[ "$key" = "$("$skad" put "$work/file" --socket "$work/net/node-2.sock")" ] || fail "another key than the command's"
ask_web 201 "${auth[@]}" -X POST -H "Transfer-Encoding: chunked" -T - "$main/v1/file" <"$work/file"
[ "$(field key)" = "$key" ] || fail "another key when its length is not told"
ask_web 201 "${auth[@]}" --data-binary @"$work/empty" "$main/v1/file"
empty=$(field key)
ask_web 200 "$main/v1/file/$key"
cmp -s "$work/body" "$work/file" || fail "another file"
has_header "Content-Length: 200000"
has_header "Accept-Ranges: bytes"
has_header "ETag: \"$key\""
ask_web 200 -I "$main/v1/file/$key"
has_header "Content-Length: 200000"
for range in 0-0 0-199999 1000-2999 150000- -1 -5000; do
    ask_web 206 -r "$range" "$main/v1/file/$key"
    curl -sS -r "$range" "file://$work/file" >"$work/part"
    cmp -s "$work/body" "$work/part" || fail "another part for $range"
done
has_header "Content-Range: bytes 195000-199999/200000"
ask_web 416 -r 200000- "$main/v1/file/$key"
has_header "Content-Range: bytes */200000"
ask_web 200 -r 0-9 -H 'If-Range: "another"' "$main/v1/file/$key"
ask_web 206 -r 0-9 -H "If-Range: \"$key\"" "$main/v1/file/$key"
ask_web 200 -H "Range: bytes=0-1,5-6" "$main/v1/file/$key"
ask_web 304 -H "If-None-Match: \"$key\"" "$main/v1/file/$key"
ask_web 200 "$main/v1/file/$empty"
[ ! -s "$work/body" ] || fail "not empty"
ask_web 404 "$main/v1/file/$absent"
ask_web 400 "$main/v1/file/$key_of_hello"
says input "not a file"

say "streams"
stream watch -m 60 "$main/v1/record/$publisher/watch?salt=w&every_s=5"
stream statuses -m 60 "$main/v1/status/watch?every_s=1"
stream providers -m 60 "$main/v1/providers/$key_of_hello/watch"
curl -sSN -m 60 "$main/v1/lookup/$absent/trace" >"$work/trace"
grep -q '^event: step$' "$work/trace" || fail "no step"
tail -n 3 "$work/trace" | grep -q '^event: done$' || fail "no end: $(tail -n 4 "$work/trace")"
ask_web 201 "${auth[@]}" --json '{"text":"seen","salt":"w"}' "$main/v1/record"
wait_for 30 grep -q '^event: changed$' "$work/watch"
wait_for 30 grep -q '^event: changed$' "$work/providers"
wait_for 30 sh -c "[ \"\$(grep -c '^event: status$' '$work/statuses')\" -ge 2 ]"
say "whose clients go: the daemon's watches end"
end_streams
gone() { [ "$("$skad" status --json --socket "$work/net/node-1.sock" |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["watches"])')" = 0 ]; }
wait_for 40 gone

say "who may not write, and what is refused"
ask_web 401 --data-binary x "$main/v1/value"
has_header "WWW-Authenticate: Bearer"
ask_web 401 -H "Authorization: Bearer wrong" --data-binary x "$main/v1/value"
ask_web 413 "${auth[@]}" --data-binary @"$work/file" "$main/v1/value"
ask_web 400 "${auth[@]}" --json '{"txt":"x"}' "$main/v1/record"
ask_web 400 "${auth[@]}" --json '{"text":"x","text":"y"}' "$main/v1/record"
ask_web 400 "${auth[@]}" --data-binary @"$work/empty" "$main/v1/value"
[ "$(field error.parameter)" = value ] || fail "$(cat "$work/body")"
ask_web 400 "$main/v1/value/xyz"
[ "$(field error.expected)" = "64 hex digits" ] || fail "$(cat "$work/body")"
ask_web 400 "$main/v1/status?x=1"
ask_web 400 --path-as-is "$main/v1/../v1/status"
ask_web 400 "$main/v1/%00"
ask_web 404 "$main/v1/nothing"
says method "openapi.json"
ask_web 405 -X DELETE "$main/v1/status"
has_header "Allow: GET, HEAD"
ask_web 405 -X OPTIONS -H "Origin: https://pages.example" "$main/v1/status"
ask_web 400 -X GET --data-binary body "$main/v1/status"
ask_web 421 -H "Host: rebound.example" "$main/v1/status"
says denied "--host-name"
ask_web 200 -H "Host: localhost:9" "$main/v1/status"
ask_web 414 "$main/v1/status?salt=$(head -c 3000 /dev/zero | tr '\0' a)"
ask_web 431 -H "X-Long: $(head -c 30000 /dev/zero | tr '\0' a)" "$main/v1/status"

say "garbage, halves and crowds"
timeout 120 python3 "$here/gateway_abuse.py" "$main" "$key" || fail "abuse"
ask_web 200 "$main/v1/health"

say "other origins, other names"
start_gateway origins --socket "$work/net/node-1.sock" --allow-origin https://pages.example --host-name node.lan
ask_web 200 -H "Origin: https://pages.example" "$at/v1/status"
has_header "Access-Control-Allow-Origin: https://pages.example"
has_header "Vary: Origin"
ask_web 200 -H "Origin: https://evil.example" "$at/v1/status"
! grep -qi access-control-allow "$work/head" || fail "any origin may read"
ask_web 204 -X OPTIONS -H "Origin: https://pages.example" -H "Access-Control-Request-Method: POST" "$at/v1/value"
has_header "Access-Control-Allow-Headers: Authorization"
ask_web 200 -H "Host: node.lan" "$at/v1/status"
ask_web 403 "${auth[@]}" --data-binary x "$at/v1/value"
says denied "--token-file"

say "a rate"
start_gateway slow --socket "$work/net/node-1.sock" --rate 1 --streams 1
printf 'url = "%s"\n' $(for _ in $(seq 50); do echo "$at/v1/lookup/$absent"; done) >"$work/urls"
curl -sS -m 60 -D "$work/head" -K "$work/urls" >"$work/body"
grep -q '^HTTP/1.1 200' "$work/head" || fail "none was let through"
grep -q '^HTTP/1.1 429' "$work/head" || fail "none of fifty was held back"
has_header "Retry-After: 1"
ask_web 200 "$at/v1/status"
stream events -m 30 "$at/v1/events"
wait_for 10 test -s "$work/events"
ask_web 503 "$at/v1/events"
says busy "streams"

say "the monitoring socket shows, and no more"
start_node watched --listen 127.0.0.1:0 --monitor-socket "$work/monitor.sock"
wait_for 60 answers watched
start_gateway monitor --socket "$work/monitor.sock" --token-file "$work/token"
ask_web 200 "$at/v1/status"
ask_web 403 "$at/v1/value/$key_of_hello"
says denied "looking only"
ask_web 403 "${auth[@]}" --data-binary x "$at/v1/value"

say "a daemon that goes, and comes back"
start_node goer --listen 127.0.0.1:0
goer=$started
wait_for 60 answers goer
start_gateway goer_web --socket "$(socket_of goer)"
gateway=$started
ask_web 200 "$at/v1/status"
stream lost -m 30 "$at/v1/events"
wait_for 10 test -s "$work/lost"
kill_node "$goer"
wait_for 20 grep -q '^event: failed$' "$work/lost"
refused() { ask_web 503 "$at/v1/lookup/$absent"; }
wait_for 20 refused
says unavailable "skad run"
start_node goer --listen 127.0.0.1:0
wait_for 60 answers goer
again() { curl -sSf -m 20 "$at/v1/status" | grep -q '"api":1'; }
wait_for 20 again
stop_node "$gateway"

say "wrong options"
expect 2 "$skad" gateway --listen 192.0.2.1:80 --socket "$work/net/node-1.sock"
expect_message "--anywhere"
chmod 644 "$work/token"
expect 2 "$skad" gateway --token-file "$work/token" --socket "$work/net/node-1.sock"
expect_message "chmod 600"
expect 2 "$skad" gateway --allow-origin '*'
expect_message "is not an origin"
expect 2 "$skad" gateway --host-name a:80
expect_message "without a port"
expect 1 "$skad" gateway --listen "${main#http://}" --socket "$work/net/node-1.sock"
expect_message "cannot listen on"
say "passed"
