#!/usr/bin/env bash
# Who owns a key, and for how much: the tables of docs/price.md. Each row is a number of worlds of
# their own, of which it gives means and 95 % intervals of the mean (Student's t).
#
#   bench/capture.sh [WORLDS] [NODES] [SKAD] [OPTION OF skad sim capture]...
#
# 20 worlds of 1,000 honest nodes with build/skad by default, which takes an hour or two of one core.
# The options go last, so they win: `bench/capture.sh 20 10000 build/skad --ground 64,256 --wait 300`.
# GROUND, PLACEMENTS, BEHAVIOURS and TYPES of the environment are what the rows are made of.
set -euo pipefail
cd "$(dirname "$0")/.."

worlds=${1:-20}
nodes=${2:-1000}
skad=${3:-build/skad}
shift $(($# < 3 ? $# : 3))
ground=${GROUND:-32,48,64,96,128,256,512,1024}
read -ra placements <<<"${PLACEMENTS:-nearest spread under-threshold}"
read -ra behaviours <<<"${BEHAVIOURS:-collude withhold}"
read -ra types <<<"${TYPES:-value record}"

# Prints the rows of one placement, behaviour and type.
rows() {
  timeout 36000 "$skad" sim capture --honest "$nodes" --worlds "$worlds" --ground "$ground" --placement "$1" \
    --behaviour "$2" --type "$3" --json "${@:4}" | tail -n 1 | python3 -c '
import json, sys
def whole(value):
    return f"{value:,.0f}" if value >= 10 else f"{value:.2g}"
for result in json.load(sys.stdin)["results"]:
    c = result["capture"]
    def percent(name):
        return f"{100 * c[name]:.0f}"
    gets = percent("get_success")
    low, high = percent("get_success_low"), percent("get_success_high")
    cells = [c["placement"], c["behaviour"], c["type"], str(c["ground"]), percent("put_reached"),
             percent("put_false"), f"{gets} ({low} to {high})", percent("get_success_early"),
             percent("get_success_late"), percent("dense"), "{rpcs_per_get:.0f}".format(**c), "{rpcs_per_put:.0f}".format(**c),
             "{holders:.1f}".format(**c), "{holders_late:.1f}".format(**c),
             whole(c["price"]["core_hours"])]
    print("| " + " | ".join(cells) + " |")'
}

echo "| $nodes honest nodes, $worlds worlds: placement | does | type | n | put reaches an honest node, % | says so, and does not, % | gets, % (95 %) | at once | later | dense, % | requests a get | a put | honest holders | later | core-hours |"
echo "|---|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|"
for placement in "${placements[@]}"; do
  for behaviour in "${behaviours[@]}"; do
    for type in "${types[@]}"; do
      rows "$placement" "$behaviour" "$type" "$@"
    done
  done
done
