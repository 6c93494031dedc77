#!/usr/bin/env bash
# What people are told where a key's neighbourhood is suspiciously dense. A daemon that has nothing
# else to say is played by a script, since no attack on a network of processes is that cheap.
. "$(dirname "$0")/lib.sh"
socket=$work/played.sock
some_key=$(printf '%064d' 7)
echo text >"$work/file"

# play DENSE: answers every first request with the same map; true is c3, false is c2.
play() {
    rm -f "$socket"
    python3 - "$socket" "$1" <<'PYTHON' &
import socket, sys

listener = socket.socket(socket.AF_UNIX)
listener.bind(sys.argv[1])
listener.listen(8)
answer = {"stored": b"\x01", "wanted": b"\x01", "kept": b"\xc3", "value": b"\xc4\x02v\n"}
answer.update(strata=b"\x03", groups=b"\x05")
answer["dense"] = bytes.fromhex(sys.argv[2])
fields = b"".join(bytes([0xA0 + len(key)]) + key.encode() + answer[key] for key in answer)
while True:
    client, _ = listener.accept()
    client.recv(65536)
    client.sendall(b"\x94\x01\x01\xc0" + bytes([0x80 + len(answer)]) + fields)
    client.recv(65536)  # until it closes its end
    client.close()
PYTHON
    pids+=("$!")
    wait_for 10 test -S "$socket"
}

warned='are denser than chance allows, as if one party had made them to own'

say "warns, and does not fail"
play c3
for command in "put $work/file" "announce $some_key --port 80" "resolve $some_key" "providers $some_key"; do
    read -ra words <<<"$command"
    expect 0 "$skad" "${words[@]}" --socket "$socket"
    grep -q "^skad: take care: .*$warned" "$work/err" || fail "no warning: $command: $(cat "$work/err")"
    ! grep -q "$warned" "$work/out" || fail "a warning on stdout: $command"
    expect 0 "$skad" "${words[@]}" --json --socket "$socket"
    grep -qE '"dense":(true|1)[,}]' "$work/out" || fail "JSON: $command: $(cat "$work/out")"
    [ ! -s "$work/err" ] || fail "more than JSON: $command: $(cat "$work/err")"
done

expect 0 "$skad" announce "$some_key" --port 80 --socket "$socket"
grep -qx "spread     in 3 of 16 parts of the key's region, 5 address groups" "$work/out" ||
  fail "does not tell the spread: $(cat "$work/out")"

say "does not warn where nothing is dense"
kill "${pids[0]}"
wait "${pids[0]}" 2>/dev/null || true
pids=()
play c2
for command in "put $work/file" "announce $some_key --port 80" "resolve $some_key" "providers $some_key"; do
    read -ra words <<<"$command"
    expect 0 "$skad" "${words[@]}" --socket "$socket"
    [ ! -s "$work/err" ] || fail "a warning: $command: $(cat "$work/err")"
done
say passed
