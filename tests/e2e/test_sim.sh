#!/usr/bin/env bash
# The simulator from the command line: what is wrong is told in one line before anything starts; an
# interrupted or full-disk run leaves a file that can be read and says that it is incomplete; one seed
# is one run, whatever is printed about it; the examples are good.
. "$(dirname "$0")/lib.sh"

scenarios=$(cd "$(dirname "$0")/../../docs/scenarios" && pwd)

# refused TEXT ARGUMENT...: the simulator must refuse this with exit code 2 and one line with the text.
refused() {
    local text=$1
    shift
    expect 2 "$skad" sim "$@"
    grep -qF -- "$text" "$work/err" || fail "no '$text' in: $(cat "$work/err")"
    [ "$(wc -l <"$work/err")" -eq 1 ] || fail "more than a line: $(cat "$work/err")"
    [ ! -s "$work/out" ] || fail "something was printed: $(cat "$work/out")"
}

say "bad input"
printf 'nodes = 50\nnodez = 5\n' >"$work/bad.conf"
refused "bad.conf: line 2: there is no key 'nodez'" run "$work/bad.conf"
printf 'loss = 2\n' >"$work/bad.conf"
refused "line 1: loss: '2' is not a number from 0 to 1" run "$work/bad.conf"
refused "cannot read" run "$work/missing.conf"
refused "SCENARIO.conf: is missing" run
refused "there is no such command" nonsense
refused "there is no such option" build --nonsense 3
refused "a value is missing" build --nodes
refused "nodes: '1' is not a whole number" build --nodes 1
refused "more than this machine's memory" build --nodes 4000000 --set k=20
refused "siblings is 16 and k is 4" adversary --set k=4
refused "a range is FROM:TO:STEP" adversary --fraction 0:1:0
refused "give A..B" fuzz --seeds 5
refused "ground is 0: give the adversary one identity or more" capture --ground 0
refused "placement: 'far' is none of" capture --placement far
refused "nodes is 20: a region of sixteen honest nodes needs 32 or more" capture --honest 20
refused "buys no identity: one costs" adversary --fraction 0 --set budget_core_s=0.01
refused "victim = 500 does not exist: there are 100 honest nodes, so give 1 to 99" adversary --nodes 100 \
    --fraction 0 --set ground=9 --set aim=victim --set victim=500
refused "curious: 'near' is none of" anonymity --where near
refused "--worlds: give a number from 1 to 256" capture --worlds 0
refused "seed: give one; --worlds counts up from it" capture --seed 1,2

say "one seed is one run, one after the other or side by side, with JSON or without"
log_of() {
    "$skad" sim run "$scenarios/lookups.conf" --set nodes=200 --set lookups=100 "$@" | grep "^event log"
}
first=$(log_of)
[ "$first" = "$(log_of --json)" ] || fail "the event log differs with --json"
[ "$first" = "$(log_of --jobs 2 --seed 1)" ] || fail "the event log differs with --jobs"
[ "$first" != "$(log_of --seed 2)" ] || fail "another seed, and the same event log"

say "captures of the same worlds are the same, one row for each setting"
capture() {
    "$skad" sim capture --honest 100 --ground 4,8 --placement spread --worlds 2 --gets 4 --wait 20 --json "$@" |
        tail -n 1 | sed -E 's/"(real_s|build_s|bytes_per_node)":[0-9.e-]+//g'
}
capture >"$work/once"
capture --jobs 1 | cmp -s - "$work/once" || fail "another capture with --jobs"
[ "$(grep -o '"capture":{"honest":100,' "$work/once" | wc -l)" -eq 2 ] || fail "no two rows: $(cat "$work/once")"
grep -q '"worlds":2,"gets":8,' "$work/once" || fail "not all gets ended: $(cat "$work/once")"

say "who asks is told of both kinds of lookups"
"$skad" sim anonymity --nodes 100 --lookups 20 --worlds 2 --set warmup_s=0 --json >"$work/out"
grep -q '^ 0.20 anywhere no  *40 ' "$work/out" || fail "no row of usual lookups: $(cat "$work/out")"
grep -q '^ 0.20 anywhere yes  *40 ' "$work/out" || fail "no row of forwarded ones: $(cat "$work/out")"
[ "$(tail -n 1 "$work/out" | grep -o '"anonymity":{"seen":' | wc -l)" -eq 2 ] || fail "no JSON of two settings"

say "real signatures do what modelled ones do"
"$skad" sim adversary --nodes 60 --fraction 0 --lookups 20 --crypto real --json >"$work/real"
grep -q '"crypto":"real"' "$work/real" || fail "not real: $(cat "$work/real")"
tail -n 1 "$work/real" | grep -q '"success":1.0,' || fail "lookups failed: $(cat "$work/real")"

say "all examples run"
for file in "$scenarios"/*.conf; do
    few=()
    ! grep -q '^ground' "$file" || few=(--set ground=40)
    # A hundred nodes, few lookups and half a minute are enough to see that nothing in it is refused.
    timeout 60 "$skad" sim run "$file" --set nodes=100 --set lookups=200 --set duration_s=30 --set warmup_s=5 \
        --set settle_s=0 --set adversary_subnets=0 "${few[@]}" >"$work/out" 2>"$work/err" ||
        fail "$file: $(cat "$work/err")"
done

say "every key is documented, with its default"
"$skad" sim keys | grep '^[a-z]' | while read -r key default _; do
    [ "$default" != - ] || default=""
    grep -qF "| \`$key\` | $default |" "$scenarios/README.md" || fail "$key, default $default"
done

say "the output file is whole"
"$skad" sim run "$scenarios/churn.conf" --set nodes=30 --set warmup_s=10 --set duration_s=100 \
    --set report_every_s=10 --out "$work/out.jsonl" >/dev/null
head -n 1 "$work/out.jsonl" | grep -q '^{"complete":true ,' || fail "not marked complete"
lines=$(wc -l <"$work/out.jsonl")
[ "$lines" -ge 10 ] || fail "only $lines lines"
[ "$(grep -c '^{.*}$' "$work/out.jsonl")" -eq "$lines" ] || fail "a line is no object"
tail -n 1 "$work/out.jsonl" | grep -q '"line":"result"' || fail "no result"

say "Ctrl-C ends it with what there is"
"$skad" sim run "$scenarios/churn.conf" --set duration_s=1e7 --set report_every_s=60 --json \
    --out "$work/cut.jsonl" >"$work/cut" 2>"$work/err" &
running=$!
pids+=("$running")
wait_for 30 test -s "$work/cut.jsonl"
kill -INT "$running"
code=0
wait "$running" || code=$?
[ "$code" -eq 1 ] || fail "exit code $code"
grep -q "interrupted: 1 of 1" "$work/err" || fail "said: $(cat "$work/err")"
tail -n 1 "$work/cut" | grep -q '"incomplete":true}$' || fail "no JSON: $(tail -n 1 "$work/cut")"
head -n 1 "$work/cut.jsonl" | grep -q '^{"complete":false,' || fail "marked complete"
[ "$(grep -c '^{.*}$' "$work/cut.jsonl")" -eq "$(wc -l <"$work/cut.jsonl")" ] || fail "a line is cut"

say "a full disk leaves whole lines, and is told"
code=0
(
    ulimit -f 40 # kibibytes
    trap '' XFSZ
    exec "$skad" sim run "$scenarios/churn.conf" --set nodes=30 --set warmup_s=10 \
        --set duration_s=1000 --set report_every_s=10 --out "$work/full.jsonl"
) >/dev/null 2>"$work/err" || code=$?
[ "$code" -eq 1 ] || fail "exit code $code"
grep -q "cannot write .*full.jsonl: File too large" "$work/err" || fail "said: $(cat "$work/err")"
head -n 1 "$work/full.jsonl" | grep -q '^{"complete":false,' || fail "marked complete"
[ "$(grep -c '^{.*}$' "$work/full.jsonl")" -eq "$(wc -l <"$work/full.jsonl")" ] || fail "a line is cut"

seeds=${SKAD_FUZZ_SEEDS:-20}
say "the first $seeds seeds of the fuzzer"
"$skad" sim fuzz --seeds "1..$seeds" >"$work/out" || fail "$(cat "$work/out")"

say "seeds with plans of adversaries"
"$skad" sim fuzz --seeds 10000..10007 >"$work/out" || fail "$(cat "$work/out")"

say "seeds that once failed"
# 2371 and 6512: a record that only far nodes took. 4105: a table full of the dead. 5003: gaps that
# many losses at once had left. 7335: those of a partition, in a network smaller than a sibling list.
# 5399: what had filled small buckets at the joining, and nobody ever looked beyond.
# 1532: two that took each other for dead, and had grown slow to ask. 5722: one whom the living asked
# so often that it asked the dead alone. 2833: one whom nobody knew, and who knew one.
for seed in 1532 2371 2833 4105 5003 5399 5722 6512 7335; do
    "$skad" sim fuzz --seeds "$seed..$seed" >"$work/out" || fail "$(cat "$work/out")"
done
say "passed"
