#!/usr/bin/env bash
# The task of docs/embedding.md, with curl and a gateway beside the daemon.
set -eu
folder=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null; rm -r "$folder"' EXIT
(umask 077 && od -An -N16 -tx1 /dev/urandom | tr -d ' ' >"$folder/token")
skad gateway --listen 127.0.0.1:0 --token-file "$folder/token" >"$folder/url" 2>/dev/null &
until [ -s "$folder/url" ]; do sleep 0.05; done
url=$(sed 's|/$||' "$folder/url")

write() { curl -sSf -H "Authorization: Bearer $(cat "$folder/token")" "$@"; }
member() { grep -oE "\"$1\":\"[^\"]*" | head -n 1 | cut -d'"' -f4; }

curl -sSN "$url/v1/status/watch?every_s=1" 2>/dev/null | grep -qm1 '"joined":true'

key=$(write --data-binary hello "$url/v1/value" | member key)
curl -sSf "$url/v1/value/$key" && echo

me=$(curl -sSf "$url/v1/status" | member public_key)
write --json '{"text":"one","salt":"task"}' "$url/v1/record" >/dev/null
exec {watch}< <(exec curl -sSN "$url/v1/record/$me/watch?salt=task&every_s=5")
watcher=$!
while read -r event change <&"$watch"; do
    [ "$event" = data: ] || continue # a name, or a comment
    value=$(member value <<<"$change" | sed 's/../\\x&/g')
    printf '%b\n' "$value"
    [ "$value" != '\x74\x77\x6f' ] || break
    write --json '{"text":"two","salt":"task"}' "$url/v1/record" >/dev/null
done
kill "$watcher"
