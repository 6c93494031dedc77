#!/usr/bin/env bash
# A backup is made while the node runs, and brings the node back elsewhere; the database of a node that
# does not run is checked, salvaged and replaced. A kill in the middle of it loses nothing.
. "$(dirname "$0")/lib.sh"
kills=${SKAD_BACKUP_KILLS:-50}
published=12
node=(--dir "$work/node" --profile test)

sum() { # FOLDER
    (cd "$1" && md5sum identity && "$skad" store check --dir . --profile test | cut -d: -f2-)
}

say "a node that publishes"
start_node node --listen 127.0.0.1:0
wait_for 20 answers node
export SKAD_SOCKET
SKAD_SOCKET=$(socket_of node)
for i in $(seq "$published"); do
    echo "value $i" >"$work/value"
    "$skad" publish "$work/value" --salt "$i" --json >"$work/out" 2>/dev/null || [ $? -eq 6 ]
done

say "is backed up while it runs"
expect 0 "$skad" backup "$work/backup" "${node[@]}"
grep -q ", $published publications" "$work/out" || fail "$(cat "$work/out")"
[ "$(stat -c %a "$work/backup")" = 700 ] || fail "folder mode"
[ "$(stat -c %a "$work/backup/identity")" = 600 ] || fail "identity mode"
cmp -s "$work/backup/identity" "$work/node/identity" || fail "another identity"
expect 1 "$skad" backup "$work/backup" "${node[@]}"
expect_message "is there already: name a new folder"
expect 1 "$skad" backup "$work/no/such" "${node[@]}"
expect_message "make that first"
expect 1 "$skad" backup "$work/other" --dir "$work/backup" # the public network's
expect_message "--profile"
[ ! -e "$work/other" ] && [ ! -e "$work/other.part" ] || fail "something was left"
mkdir "$work/other.part"
chmod 777 "$work/other.part" # made by another user, who waits for a key
echo text >"$work/other.part/file"
expect 1 "$skad" backup "$work/other" "${node[@]}"
expect_message "other.part is in the hand of others: name another folder"
[ "$(ls "$work/other.part")" = file ] && [ ! -e "$work/other" ] || fail "it was used: $(ls -la "$work/other.part")"
before=$(sum "$work/backup")

say "a kill in the middle of a backup leaves the node, and no half of a backup, $kills times"
whole=0
for i in $(seq "$kills"); do
    "$skad" backup "$work/killed" "${node[@]}" >/dev/null 2>&1 &
    sleep "0.0$(printf %03d $((i * 7 % 250)))" # up to 25 ms
    kill -KILL $! 2>/dev/null || true
    { wait $!; } 2>/dev/null || true
    answers node || fail "kill $i: the node does not answer"
    if [ -e "$work/killed" ]; then
        [ "$(sum "$work/killed")" = "$before" ] || fail "kill $i: $(sum "$work/killed")"
        rm -r "$work/killed"
        whole=$((whole + 1))
    fi
done
echo "       $whole of $kills were complete"
[ "$whole" -lt "$kills" ] || fail "no kill came in time"
expect 0 "$skad" backup "$work/after" "${node[@]}"
[ ! -e "$work/killed.part" ] || rm -r "$work/killed.part"
[ "$(sum "$work/after")" = "$before" ] || fail "after the kills: $(sum "$work/after")"

say "what a node uses is left alone"
expect 1 "$skad" store check "${node[@]}"
expect_message "a node is using $work/node/records.db: stop it first"
expect 1 "$skad" store salvage "$work/backup/records.db" "${node[@]}"
expect_message "a node is using"
expect 1 "$skad" store restore "$work/backup/records.db" "${node[@]}"
expect_message "a node is using"
expect 1 "$skad" restore "$work/backup" "${node[@]}"
expect_message "is there already: move the node in that folder away"
stop_node "$started"

say "a restored node is the same, and a kill in the middle of restoring loses nothing, $kills times"
whole=0
for i in $(seq "$kills"); do
    rm -rf "$work/elsewhere"
    "$skad" restore "$work/backup" --dir "$work/elsewhere" --profile test >/dev/null 2>&1 &
    sleep "0.0$(printf %03d $((i * 7 % 200)))" # up to 20 ms
    kill -KILL $! 2>/dev/null || true
    { wait $!; } 2>/dev/null || true
    if [ -e "$work/elsewhere/identity" ] && [ ! -e "$work/elsewhere/restoring" ]; then
        whole=$((whole + 1))
    else
        if [ -e "$work/elsewhere/restoring" ]; then
            expect 1 "$skad" run --dir "$work/elsewhere" --profile test --listen 127.0.0.1:0
            expect_message "run 'skad restore' once more"
        fi
        expect 0 "$skad" restore "$work/backup" --dir "$work/elsewhere" --profile test
    fi
    [ "$(sum "$work/elsewhere")" = "$before" ] || fail "kill $i: $(sum "$work/elsewhere")"
    [ "$(sum "$work/backup")" = "$before" ] || fail "kill $i: the backup is another"
done
echo "       $whole of $kills were complete"
start_node elsewhere --listen 127.0.0.1:0
wait_for 20 answers elsewhere
[ "$("$skad" status --field store.published --socket "$(socket_of elsewhere)")" = "$published" ] ||
    fail "publications are missing"
stop_node "$started"

say "refuses what is no backup, and does not overwrite an identity"
mkdir "$work/empty"
expect 1 "$skad" restore "$work/empty" --dir "$work/new" --profile test
expect_message "is no backup"
expect 1 "$skad" restore "$work/backup" --dir "$work/new"
expect_message "--profile"
[ ! -e "$work/new" ] || fail "something was made"
"$skad" keygen --dir "$work/own" --profile test >"$work/out"
touch "$work/own/restoring" # as if a restore had begun before
expect 1 "$skad" restore "$work/backup" --dir "$work/own" --profile test
expect_message "is there already and is another one"

say "the database: checked, replaced, salvaged"
expect 0 "$skad" store check "${node[@]}"
grep -q "intact: .* $published published" "$work/out" || fail "$(cat "$work/out")"
cp "$work/backup/records.db" "$work/torn.db"
truncate -s -4096 "$work/torn.db"
dd if=/dev/zero of="$work/torn.db" bs=4096 seek=4 count=2 conv=notrunc 2>/dev/null
expect 1 "$skad" store check "$work/torn.db" "${node[@]}"
expect_message "is damaged: 'skad store salvage' takes over what can still be read"
expect 1 "$skad" store restore "$work/torn.db" "${node[@]}"
expect_message "is damaged"
expect 0 "$skad" store restore "$work/backup/records.db" "${node[@]}"
aside=$(sed -n 's/: what was there before//p' "$work/out")
expect 0 "$skad" store check "${node[@]}"
grep -q "intact: 0 records held, $published published" "$work/out" || fail "$(cat "$work/out")"
expect 0 "$skad" store salvage "$aside" "${node[@]}"
grep -q "records taken over" "$work/out" || fail "$(cat "$work/out")"
cp "$work/torn.db" "$work/node/records.db"
expect 0 "$skad" store salvage "${node[@]}"
grep -q "set aside as" "$work/out" || fail "$(cat "$work/out")"
expect 0 "$skad" store check "${node[@]}"
expect 0 "$skad" store salvage "$work/backup/records.db" "${node[@]}"
expect 0 "$skad" store check "${node[@]}"
grep -q " $published published" "$work/out" || fail "$(cat "$work/out")"
if [ "$(id -u)" -eq 0 ]; then
    chown 1:1 "$work/node"
    expect 1 "$skad" store salvage "${node[@]}"
    expect_message "run this as that user"
fi
say "passed"
