#!/usr/bin/env bash
# The published experiments and the pictures of the documents, in small worlds: all of them run, each has
# its results, a table and its place in the report; a run that is interrupted goes on.
. "$(dirname "$0")/lib.sh"
root=$(cd "$(dirname "$0")/../.." && pwd)
if ! command -v gnuplot >/dev/null; then
    echo "skipped: no gnuplot (script/bootstrap tools)"
    exit 77
fi

say "interrupted, it reports what there is, and goes on"
"$skad" sim paper "$work/paper" --tiny >"$work/out" 2>"$work/err" &
running=$!
pids+=("$running")
wait_for 60 test -s "$work/paper/skademlia-buckets-2.jsonl"
kill -INT "$(cat "/proc/$running/task/$running/children" | tr -d " ")" 2>/dev/null || true # the step, as Ctrl-C would
code=0
wait "$running" || code=$?
if [ "$code" -ne 0 ]; then
    grep -q "interrupted: run the same command again, and it goes on" "$work/err" || fail "said: $(cat "$work/err")"
    [ -s "$work/paper/report.html" ] || fail "no report of what there is"
fi

say "every experiment, one report, six pictures"
SKAD=$skad "$root/script/figures" --tiny --to "$work/pictures" "$work/paper" >"$work/out" 2>"$work/err" || fail "$(cat "$work/err")"
grep -q "^15 of 15 .*expected end [0-9:]*$" "$work/err" || fail "no expected end: $(cat "$work/err")"
for result in "$work"/paper/*.jsonl; do
    head -n 1 "$result" | grep -q '^{"complete":true ,' || fail "$result is not complete"
    grep -q "%" "${result%.jsonl}.txt" || fail "no table beside $result"
done
[ "$(ls "$work"/paper/*.jsonl | wc -l)" -eq 15 ] || fail "$(ls "$work/paper")"
[ "$(grep -c '^<h2>' "$work/paper/report.html")" -eq 15 ] || fail "sections are missing"
! grep -q 'class="missing"' "$work/paper/report.html" || fail "something is missing"
for picture in colluders churn prefixes under-threshold ablation ablation-ms; do
    grep -q '^<svg .*aria-label=' "$work/pictures/$picture.svg" || fail "no $picture"
    [ -s "$root/docs/pictures/$picture.svg" ] || fail "docs/pictures has no $picture"
    grep -rqF "pictures/$picture.svg" "$root/README.md" "$root/docs" || fail "no document shows $picture"
done

say "bad input"
expect 1 "$skad" sim paper "$work/out/no-folder" --tiny
grep -q "cannot make $work/out/no-folder" "$work/err" || fail "said: $(cat "$work/err")"
expect 2 "$skad" sim paper
say "passed"
