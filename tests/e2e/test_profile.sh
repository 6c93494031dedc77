#!/usr/bin/env bash
# Private networks: nodes with the pre-shared key form one and exchange a value; those without it, or
# with another, are not even understood. Files that cannot be used are refused in one line.
. "$(dirname "$0")/lib.sh"

# write_profile NAME: a network that a test can afford, in $work/NAME.profile; more lines on stdin.
write_profile() {
    {
        echo "base = test"
        cat
    } >"$work/$1.profile"
}

# start_member NAME PROFILE OPTION...: a node of that profile in $work/NAME.
start_member() {
    local name=$1
    local profile=$2
    shift 2
    mkdir -p "$work/$name"
    "$skad" run --profile "$work/$profile.profile" --dir "$work/$name" --listen 127.0.0.1:0 "$@" \
        2>>"$work/$name/log" &
    started=$!
    pids+=("$started")
}

tag_drops() { # NAME
    "$skad" status --field drops.tag --socket "$(socket_of "$1")"
}

dropped_more_than() { # NAME COUNT
    [ "$(tag_drops "$1")" -gt "$2" ]
}

say "draws two keys, 64 hex digits each"
umask 077
"$skad" profile psk >"$work/office.key"
"$skad" profile psk >"$work/other.key"
for key in office other; do
    grep -qE '^[0-9a-f]{64}$' "$work/$key.key" || fail "no key: $(cat "$work/$key.key")"
done
! cmp -s "$work/office.key" "$work/other.key" || fail "twice the same key"
umask 022

write_profile office <<<$'name = office\npsk_file = office.key'
write_profile other <<<$'name = office\npsk_file = other.key'
write_profile open <<<'name = office'

say "the three differ by their keys only: their hash is the same, and none is shown"
for profile in office other open; do
    expect 0 "$skad" profile show --profile "$work/$profile.profile"
    cp "$work/out" "$work/$profile.shown"
    ! grep -qFf "$work/office.key" -e "$(cat "$work/other.key")" "$work/out" || fail "shows a key"
done
cmp "$work/office.shown" "$work/other.shown" || fail "a key makes another hash"
[ "$(tail -n 1 "$work/office.shown")" = "$(tail -n 1 "$work/open.shown")" ] || fail "another hash"
grep -q '^# pre-shared key: yes$' "$work/office.shown" || fail "no key seen"
grep -q '^# pre-shared key: no$' "$work/open.shown" || fail "a key seen"

say "what is shown is a profile file again"
expect 0 "$skad" profile show --profile "$work/open.shown"
cmp "$work/out" "$work/open.shown" || fail "another profile: $(diff "$work/out" "$work/open.shown")"
expect 0 "$skad" profile show --profile "$work/office.profile" --json
for part in '"name":"office"' '"dynamic_bits":6' '"allow_private":true' '"psk":true' \
    "\"hash\":\"$(sed -n 's/^# hash: //p' "$work/office.shown")\""; do
    grep -qF "$part" "$work/out" || fail "no $part in $(cat "$work/out")"
done

say "two nodes with the key find each other and exchange a value"
start_member one office
wait_for 20 answers one
first=$(address_of one)
start_member two office --join "$first"
wait_for 20 status_is two joined true
echo "for members only" >"$work/value"
key=$("$skad" put "$work/value" --socket "$(socket_of one)")
"$skad" get "$key" -o "$work/copy" --socket "$(socket_of two)"
cmp "$work/value" "$work/copy" || fail "another value"
[ "$(tag_drops one)" -eq 0 ] || fail "members drop each other's datagrams"

for stranger in open other; do
    say "a node with the profile '$stranger' knocks in vain: its datagrams die at the tag"
    before=$(tag_drops one)
    start_member "$stranger" "$stranger" --join "$first"
    wait_for 20 dropped_more_than one $((before + 1))
    status_is "$stranger" joined false || fail "$stranger has joined"
    status_is "$stranger" accepted 0 || fail "$stranger was answered"
    [ "$("$skad" status --field peers --socket "$(socket_of one)")" -eq 1 ] ||
        fail "one knows a stranger"
    stop_node "$started"
done

say "a testnet of that profile is a network of its own kind"
mkdir "$work/net"
"$skad" testnet 3 --profile "$work/office.profile" --dir "$work/net" >"$work/net/out" \
    2>"$work/net/log" &
started=$!
pids+=("$started")
wait_for 60 grep -q '^ready$' "$work/net/out"
[ "$("$skad" status --field profile --socket "$work/net/node-1.sock")" = office ] || fail "another"
stop_node "$started"

say "files that cannot be used are refused in one line"
expect 2 "$skad" run --profile office --dir "$work/none"
expect_message "--profile: there is no profile 'office': give public, test, or a file"
expect 2 "$skad" run --profile "$work/none.profile" --dir "$work/none"
expect_message "cannot read $work/none.profile: No such file or directory"
write_profile bad <<<$'name = office\n\nk = 21'
expect 2 "$skad" keygen --profile "$work/bad.profile" --dir "$work/none"
expect_message "$work/bad.profile: line 4: k is a number from 1 to 20"
write_profile bad <<<$'name = office\ncolour = red'
expect 2 "$skad" profile show --profile "$work/bad.profile"
expect_message "line 3: there is no key 'colour'"
write_profile bad <<<'k = 8'
expect 2 "$skad" profile show --profile "$work/bad.profile"
expect_message "siblings is 16 and k is 8"
write_profile bad <<<$'k = 8\nsiblings = 8'
expect 2 "$skad" profile show --profile "$work/bad.profile"
expect_message "skad-test-1 is the name of the built-in profile 'test'"
write_profile bad <<<"psk = $(cat "$work/office.key")"
chmod 640 "$work/bad.profile"
expect 2 "$skad" profile show --profile "$work/bad.profile"
expect_message "holds a pre-shared key and can be read by others"
chmod 640 "$work/office.key"
expect 2 "$skad" run --profile "$work/office.profile" --dir "$work/none"
expect_message "office.key holds a pre-shared key and can be read by others"
truncate -s 0 "$work/bad.profile"
truncate -s 65537 "$work/bad.profile"
expect 2 "$skad" profile show --profile "$work/bad.profile"
expect_message "is larger than 65536 bytes"
[ ! -e "$work/none" ] || fail "made a folder in vain"
say "passed"
