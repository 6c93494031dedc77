#!/usr/bin/env bash
# Result files of sweeps: every line is what the schema says; a sweep that is killed goes on where it
# was; shards together are the whole; traces have a row for each step; and what is wrong with a file is
# told in one line.
. "$(dirname "$0")/lib.sh"
here=$(cd "$(dirname "$0")" && pwd)

options=(--nodes 60 --fraction 0,0.2,0.4 --paths 1,4 --lookups 20 --worlds 3)
sweep() { # what differs from run to run is taken out
    "$skad" sim adversary "${options[@]}" "$@" >"$work/out" 2>"$work/err"
}
figures() { # FILE: all results, in order, without what the machine adds
    grep '"line":"result"' "$1" | sed -E 's/"(real_s|build_s|bytes_per_node)":[0-9.e-]+//g' | sort
}

says() { # TEXT: the last complaint is one line that contains it
    grep -qF -- "$1" "$work/err" || fail "no '$1' in: $(cat "$work/err")"
}

say "every line is what the schema says"
"$skad" sim schema >"$work/schema"
sweep --out "$work/whole.jsonl" --json --traces "$work/traces.csv"
tail -n 1 "$work/out" >"$work/json"
"$skad" sim run /dev/null --set nodes=50 --set values=3 --set get_every_ms=500 --set churn=exponential \
    --set uptime_min=5 --set duration_s=60 --set lookups=30 --set report_every_s=20 --set loss=0,0.1 --worlds 2 \
    --json --out "$work/run.jsonl" | tail -n 1 >"$work/run.json"
"$skad" sim capture --honest 60 --ground 4 --worlds 2 --gets 4 --wait 20 --json | tail -n 1 >"$work/capture.json"
"$skad" sim build --nodes 50,60 --json | tail -n 1 >"$work/build.json"
if python3 -c 'import jsonschema' 2>/dev/null; then
    python3 "$here/results_check.py" "$work/schema" "$work"/*.jsonl "$work"/*json >"$work/checked" 2>&1 ||
        fail "$(cat "$work/checked")"
    [ "$(sed 's/ .*//' "$work/checked")" -ge 30 ] || fail "few lines: $(cat "$work/checked")"
else
    echo "skipped: the schema, without python3-jsonschema (script/bootstrap tools)"
fi

say "reports tell what is cumulative and what is of the interval"
python3 - "$work/run.jsonl" <<'EOF' || fail "intervals do not add up"
import json, sys
so_far, since, classes = {}, {}, set()
for line in map(json.loads, open(sys.argv[1])):
    if line["line"] == "report":
        number = line["experiment"]
        since[number] = since.get(number, 0) + line["interval"]["gets"]["ended"]
        assert since[number] == line["so_far"]["gets"]["ended"] > so_far.get(number, 0)
        so_far[number] = line["so_far"]["gets"]["ended"]
        for name in ("residents", "newcomers", "adversaries"):
            classes.add((name, line["so_far"][name]["up"] > 0, line["so_far"][name]["places"] > 0))
assert len(so_far) == 4
assert ("residents", True, True) in classes and ("newcomers", True, True) in classes
assert not any(up or places for name, up, places in classes if name == "adversaries")
EOF

say "swept keys are in every table and setting"
python3 - "$work/json" <<'EOF' || fail "other settings than these"
import json, sys
results = json.load(open(sys.argv[1]))["results"]
assert [(r["swept"]["paths"], r["swept"]["adversary_share"]) for r in results] == [
    (d, m) for m in (0, 0.2, 0.4) for d in (1, 4)]
assert all(r["worlds"] == 3 and r["lookups"]["ended"] == 60 for r in results)
assert all(r["lookups"]["success_by"] == "wilson" and r["lookups"]["success_of"] == 60 for r in results)
for name in ("latency_ms", "rpcs", "hops"):
    assert all(r["lookups"][name + "_p50"] <= r["lookups"][name + "_p90"] <= r["lookups"][name + "_p99"] for r in results)
EOF
grep -qE "^ +paths adversary_share +ended " "$work/out" || fail "no swept keys: $(grep -v '^{' "$work/out")"

say "lookups that share a target have an interval over worlds, which one world does not narrow"
near=(--nodes 200 --fraction 0.05 --lookups 20 --set placement=near-key --json)
"$skad" sim adversary "${near[@]}" | tail -n 1 | grep -q '"success_low":0.0,"success_high":1.0,"success_by":"none","success_of":1' ||
    fail "one world: $("$skad" sim adversary "${near[@]}" | tail -n 1)"
"$skad" sim adversary "${near[@]}" --worlds 8 | tail -n 1 | grep -qE '"success_by":"(bootstrap|worlds)","success_of":8' ||
    fail "eight worlds: $("$skad" sim adversary "${near[@]}" --worlds 8 | tail -n 1)"

say "traces have a row for each step"
python3 - "$work/traces.csv" <<'EOF' || fail "$(head -3 "$work/traces.csv")"
import csv, sys
rows = list(csv.DictReader(open(sys.argv[1], newline="")))
lookups = {(row["experiment"], row["lookup"]) for row in rows}
assert len(lookups) == 18 * 20, len(lookups)
assert {row["kind"] for row in rows} >= {"honest", "adversary"}
assert {row["state"] for row in rows} >= {"answered"}
for one in list(lookups)[:20]:
    steps = [int(row["step"]) for row in rows if (row["experiment"], row["lookup"]) == one]
    assert steps == list(range(len(steps)))
assert all(float(row["rtt_ms"]) > 0 for row in rows if row["state"] == "answered")
EOF

say "shards together are the whole"
for shard in 1 2 3; do
    sweep --shard "$shard/3" --out "$work/shard-$shard.jsonl"
    grep -q "^shard $shard/3: 6 of its 6 experiments are in " "$work/out" || fail "$(cat "$work/out")"
done
"$skad" sim merge "$work"/shard-[123].jsonl -o "$work/merged.jsonl" >"$work/out"
grep -q "^18 of 18 experiments are in " "$work/out" || fail "$(cat "$work/out")"
figures "$work/merged.jsonl" | cmp -s - <(figures "$work/whole.jsonl") || fail "the shards are not the whole"
head -n 1 "$work/merged.jsonl" | grep -q '^{"complete":true ,' || fail "not marked complete"

say "a missing shard is told"
expect 1 "$skad" sim merge "$work"/shard-[13].jsonl -o "$work/part.jsonl"
says "6 of 18 experiments are missing: 1, 4, 7, 10, 13, 16; run their shards again with --resume"
head -n 1 "$work/part.jsonl" | grep -q '^{"complete":false,' || fail "marked complete"

say "a killed sweep goes on where it was"
options=(--nodes 300 --fraction 0:0.4:0.1 --paths 1,4 --lookups 300 --worlds 2)
sweep --out "$work/whole.jsonl"
killed=0
for round in $(seq 20); do
    "$skad" sim adversary "${options[@]}" --jobs 1 --out "$work/killed.jsonl" --resume >/dev/null 2>"$work/err" &
    running=$!
    pids+=("$running")
    before=$(grep -c '"line":"result"' "$work/killed.jsonl" 2>/dev/null || true)
    wait_for 30 bash -c "[ ! -d /proc/$running ] || [ \$(grep -c '\"line\":\"result\"' '$work/killed.jsonl') -gt $((${before:-0} + 1)) ]"
    if kill -KILL "$running" 2>/dev/null; then
        killed=$((killed + 1))
    fi
    wait "$running" 2>/dev/null || true
    if head -n 1 "$work/killed.jsonl" | grep -q '^{"complete":true ,'; then break; fi
    printf '{"line":"result","experi' >>"$work/killed.jsonl" # as if it had been killed while it wrote
done
[ "$killed" -ge 3 ] || fail "killed $killed times only"
head -n 1 "$work/killed.jsonl" | grep -q '^{"complete":true ,' || fail "never complete"
figures "$work/killed.jsonl" | cmp -s - <(figures "$work/whole.jsonl") || fail "not what one run gives"

say "bad input"
refused() { # TEXT ARGUMENT...
    local text=$1
    shift
    expect 2 "$skad" sim "$@"
    says "$text"
    [ "$(wc -l <"$work/err")" -eq 1 ] || fail "more than a line: $(cat "$work/err")"
}
refused "--shard: give I/N" adversary --shard 5/4
refused "--shard: give --out FILE as well" adversary --shard 1/4
refused "--resume: give --out FILE" adversary --resume
refused "is of another sweep (its scenario differs)" adversary --nodes 50 --out "$work/whole.jsonl" --resume
refused "give -o FILE" merge "$work/whole.jsonl"
refused "cannot read $work/none" merge "$work/none" -o "$work/x"
sed 's/"format":1/"format":7/' "$work/whole.jsonl" >"$work/new.jsonl"
refused "has format 7, this program reads 1: use the skad that wrote it" merge "$work/new.jsonl" -o "$work/x"
sed '3s/"line"/"lin/' "$work/whole.jsonl" >"$work/damaged.jsonl"
refused "line 3 is damaged: delete the line, and run the same command again with --resume" \
    merge "$work/damaged.jsonl" -o "$work/x"
sed 's/"version":"/"version":"9/' "$work/shard-2.jsonl" >"$work/other.jsonl"
refused "are of different versions (version): run all shards with one" \
    merge "$work/shard-1.jsonl" "$work/other.jsonl" -o "$work/x"
[ ! -e "$work/x" ] || fail "something was written"
say "passed"
