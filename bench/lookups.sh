#!/usr/bin/env bash
# Lookups, puts and gets under the attacks of docs/benchmarks.md, "Lookups that liars delay": each
# setting in worlds of their own, of which the table gives means and 95 % intervals of the mean.
#
#   bench/lookups.sh [WORLDS] [NODES] [SKAD]    # 10 worlds of 1,000 nodes with build/skad
set -euo pipefail
cd "$(dirname "$0")/.."

worlds=${1:-10}
nodes=${2:-1000}
skad=${3:-build/skad}
groups=(group_bucket_max=2 group_table_max=10 group_path_max=2)
usual=(lookups=100 lookup_every_ms=200 duration_s=120)
values=(values=8 get_every_ms=500)
key=(adversary=graveyard placement=near-key placement_width=4 key_of_value=yes
  lookups=30 lookup_every_ms=1000 get_every_ms=1000 duration_s=200)

with_sybils() { # COUNT: that many beside the honest nodes
  awk -v n="$nodes" -v s="$1" 'BEGIN { printf "nodes=%d\nadversary_share=%.9f\n", n + s, s / (n + s) }'
}

# Prints one row: NAME KEY=VALUE...
row() {
  local name=$1 options=() pair
  shift
  for pair in "$@"; do
    options+=(--set "$pair")
  done
  timeout 3600 "$skad" sim run /dev/null --seed "1:$worlds:1" --json "${options[@]}" | tail -n 1 |
    python3 -c '
import json, math, sys
name, results = sys.argv[1], json.load(sys.stdin)["results"]
t = {2: 12.7, 3: 4.3, 4: 3.18, 5: 2.78, 10: 2.26, 20: 2.09}.get(len(results), 2.3)
def of(values, scale=1, digits=0):
    values = [scale * v for v in values]
    mean = sum(values) / len(values)
    spread = math.sqrt(sum((v - mean) ** 2 for v in values) / max(1, len(values) - 1))
    return f"{mean:.{digits}f} ± {t * spread / math.sqrt(len(values)):.{digits}f}"
look = [r["lookups"] for r in results]
puts, stored = sum(r["puts"]["ended"] for r in results), sum(r["puts"]["stored"] for r in results)
gets = [r["gets"] for r in results if r["gets"]["ended"]]
cells = [name, of([l["success"] for l in look], 100, 1), of([l["exact"] for l in look], 100, 1),
         of([l["rpcs"] for l in look], 1, 1)]
cells += [of([l[f"latency_ms_p{p}"] for l in look]) for p in (50, 90, 99)]
cells += [f"{stored} of {puts}" if puts else "", of([g["success"] for g in gets], 100, 1) if gets else "",
          str(sum(g["stale"] for g in gets)) if gets else ""]
print("| " + " | ".join(cells) + " |")' "$name"
}

echo "| $nodes honest nodes, $worlds worlds | nearest found, % | exact, % | requests | p50, ms | p90 | p99 | puts stored | gets, % | stale |"
echo "|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
for d in 4 8; do
  set -- "${groups[@]}" "paths=$d"
  row "no attack, d = $d" "$@" "nodes=$nodes" "${usual[@]}" "${values[@]}"
  row "no attack, 20 ms each way, d = $d" "$@" "nodes=$nodes" "${usual[@]}" latency=constant latency_ms=20
  row "no attack, internet, 1 % loss, d = $d" "$@" "nodes=$nodes" lookups=200 lookup_every_ms=50 \
    duration_s=120 latency=log-normal latency_ms=40 latency_sigma=0.6 latency_max_ms=600 loss=0.01
  mapfile -t sybils < <(with_sybils 4)
  row "graveyard at a key, 4 Sybils, d = $d" "$@" "${sybils[@]}" "${key[@]}" values=1
  row "the same between two editions, d = $d" "$@" "${sybils[@]}" "${key[@]}" mutables=1 \
    second_edition=yes adversary_waits=yes
  for share in 20 10; do
    mapfile -t sybils < <(with_sybils $((nodes / share)))
    percent=$((100 / share))
    for kind in graveyard half-true; do
      row "$kind anywhere, $percent %, d = $d" "$@" "${sybils[@]}" adversary=$kind "${usual[@]}" "${values[@]}"
    done
    row "two dead addresses, fast, $percent %, d = $d" "$@" "${sybils[@]}" adversary=displace-twice \
      adversary_latency_ms=1 "${usual[@]}"
  done
done
for share in 0.2 0.3 0.5; do
  for way in 0 1; do
    row "colluders, $share of all, $([ $way = 0 ] && echo usual || echo fast), d = 8" "${groups[@]}" paths=8 \
      "nodes=$nodes" adversary=collude "adversary_share=$share" "adversary_latency_ms=$way" "${usual[@]}"
  done
done
