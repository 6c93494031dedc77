#!/usr/bin/env bash
# GET /metrics: the format, every figure documented, a Unix socket, and clients that want to hold up the
# node. promtool looks at the text where it is installed (package prometheus).
. "$(dirname "$0")/lib.sh"
root=$(dirname "$0")/../..

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}
# A text over HTTP: scrape PLACE FILE
scrape() {
    python3 - "$1" "$2" <<'EOF2'
import http.client, socket, sys
place, out = sys.argv[1:]
class Unix(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(place)
client = Unix("localhost", timeout=5) if place[0] == "/" else http.client.HTTPConnection(place, timeout=5)
client.request("GET", "/metrics")
answer = client.getresponse()
assert answer.status == 200, answer.status
assert answer.getheader("Content-Type") == "text/plain; version=0.0.4; charset=utf-8"
open(out, "wb").write(answer.read())
EOF2
}

say "two nodes; one serves at a port, one at a socket"
port=$(free_port)
start_node one --listen 127.0.0.1:0 --metrics "127.0.0.1:$port" --workers 0
one=$started
wait_for 20 answers one
start_node two --listen 127.0.0.1:0 --join "$(address_of one)" --metrics "$work/two.sock" --workers 2
two=$started
wait_for 30 status_is two joined true
scrape "127.0.0.1:$port" "$work/one.txt"
scrape "$work/two.sock" "$work/two.txt"
[ "$(stat -c %a "$work/two.sock")" = 660 ] || fail "mode $(stat -c %a "$work/two.sock")"
grep -qx 'skad_joined 1' "$work/two.txt" || fail "not joined: $(cat "$work/two.txt")"
grep -qE '^skad_peers\{state="responsive"\} 1$' "$work/two.txt" || fail "no peer"

say "each figure is there once, with help and type, and documented"
python3 - "$work/two.txt" "$root/docs/metrics.md" <<'EOF2'
import re, sys
text = open(sys.argv[1]).read()
documented = open(sys.argv[2]).read()
assert text.endswith("\n")
families, seen = {}, set()
for line in text.splitlines():
    if line.startswith("# HELP "):
        helped = line.split()[2]
        assert len(line.split()) > 3 and helped not in families, line
    elif line.startswith("# TYPE "):
        _, _, name, kind = line.split()
        assert name == helped and kind in ("counter", "gauge", "histogram"), line
        assert (kind == "counter") == name.endswith("_total"), line
        families[name] = kind
        assert f"`{name}`" in documented, f"{name} is not documented"
    else:
        sample = re.fullmatch(r'([a-z_]+)(\{[a-z]+="[^"]*"(?:,le="[^"]*")?\})? ([0-9.e+-]+)', line)
        assert sample, line
        base = re.sub(r"_(bucket|sum|count)$", "", sample[1]) if families[name] == "histogram" else sample[1]
        assert base == name, line
        assert line.split(" ")[0] not in seen, line
        seen.add(line.split(" ")[0])
for name in re.findall(r"^\| `((?:skad|process)_[a-z_]+)`", documented, re.M):
    assert name in families, f"{name} is documented, but not there"
EOF2
if command -v promtool >/dev/null; then
    promtool check metrics <"$work/two.txt" || fail "promtool"
    promtool check rules "$root/contrib/skad.rules.yml" || fail "promtool: rules"
    promtool test rules "$root/contrib/skad.rules.test.yml" || fail "promtool: tests of the rules"
else
    say "  (no promtool)"
fi

say "operations are measured"
echo value >"$work/value"
ask() { "$skad" "$2" "${@:3}" --socket "$(socket_of "$1")"; }
key=$(ask two put "$work/value")
ask two get "$key" >/dev/null
ask two lookup "$key" >/dev/null
requests_come() { # by workers, and without
    scrape "$work/two.sock" "$work/two.txt"
    scrape "127.0.0.1:$port" "$work/one.txt"
    grep -qE '^skad_received_requests_total\{family="ipv4"\} [1-9]' "$work/two.txt" &&
        grep -qE '^skad_received_requests_total\{family="ipv4"\} [1-9]' "$work/one.txt"
}
wait_for 20 requests_come
sleep 0.6 # the text is made twice a second
scrape "$work/two.sock" "$work/two.txt"
for operation in put get lookup; do
    grep -qE "^skad_operation_duration_seconds_count\{operation=\"$operation\"\} [1-9]" "$work/two.txt" ||
        fail "no $operation: $(grep operation "$work/two.txt")"
done
grep -qE '^skad_loop_turn_duration_seconds_count [1-9]' "$work/two.txt" || fail "no turn was measured"

say "what a client may do wrong"
python3 - "$port" <<'EOF2'
import socket, sys
port = int(sys.argv[1])
def answer(request):
    client = socket.create_connection(("127.0.0.1", port), timeout=5)
    try:
        client.sendall(request)
    except OSError:
        pass
    try:
        return client.recv(64).split(b"\r\n")[0]
    except OSError:
        return b"reset"
assert answer(b"GET / HTTP/1.1\r\n\r\n") == b"HTTP/1.1 404 Not Found"
assert answer(b"POST /metrics HTTP/1.1\r\n\r\n") == b"HTTP/1.1 405 Method Not Allowed"
assert answer(b"\x16\x03\x01\n\n") == b"HTTP/1.1 400 Bad Request"
assert answer(b"GET /" + 4091 * b"x") == b"HTTP/1.1 431 Request Header Fields Too Large"
assert answer(b"GET /" + 1000000 * b"x") in (b"reset", b"HTTP/1.1 431 Request Header Fields Too Large", b"")
EOF2

say "hostile clients: many, slow, deaf, greedy; scrapes and pings go on"
python3 - "$port" "$(address_of one | sed 's/.*://')" <<'EOF2' &
import socket, sys, time
port = int(sys.argv[1])
clients = []
end = time.time() + 8
while time.time() < end:
    try:
        client = socket.create_connection(("127.0.0.1", port), timeout=1)
        kind = len(clients) % 4
        client.sendall([b"", b"GET /metr", b"GET /metrics HTTP/1.1\r\n\r\n", b"x" * 4000][kind])
        clients.append(client) # never read
        for other in clients[-3:]:
            other.send(b"y")
    except OSError:
        pass
    if len(clients) > 300:
        clients.pop(0).close()
EOF2
attack=$!
sleep 1
for i in $(seq 20); do
    before=$(date +%s%N)
    ask two ping "$(address_of one)" >/dev/null
    took=$((($(date +%s%N) - before) / 1000000))
    [ "$took" -lt 1000 ] || fail "a ping took $took ms"
done
good=0
for i in $(seq 20); do
    if scrape "127.0.0.1:$port" "$work/one.txt" 2>/dev/null; then good=$((good + 1)); fi
done
say "  $good of 20 scrapes went well meanwhile"
[ "$good" -ge 10 ] || fail "only $good scrapes"
memory=$(sed -n 's/^skad_process_peak_memory_bytes //p' "$work/one.txt")
wait "$attack"
[ "$memory" -lt 200000000 ] || fail "$memory bytes"
ls "/proc/$one/fd" | wc -l >"$work/fds"
[ "$(cat "$work/fds")" -lt 150 ] || fail "descriptors: $(cat "$work/fds")"
scrape "127.0.0.1:$port" "$work/one.txt"

say "a port in use is told; so is an address that others reach"
mkdir "$work/three"
expect 1 "$skad" run --profile test --dir "$work/three" --listen 127.0.0.1:0 --metrics "127.0.0.1:$port"
expect_message "metrics: cannot listen on 127.0.0.1:$port: Address already in use: choose another port"
expect 2 "$skad" run --profile test --dir "$work/three" --metrics 0.0.0.0:9700
expect_message "no password"

say "no socket is left behind"
stop_node "$two"
[ ! -e "$work/two.sock" ] || fail "the socket is left"
stop_node "$one"
say "passed"
