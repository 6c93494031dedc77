#!/usr/bin/env bash
# What identities and keys cost by the public profile: the rows "after" of docs/price.md, "The price",
# in core-hours of the attacker of reference and in dollars. What it measures of this machine goes last.
#
#   bench/price.sh [SKAD] [OPTION OF skad price]...
set -euo pipefail
cd "$(dirname "$0")/.."

skad=${1:-build/skad}
shift $(($# < 1 ? $# : 1))

echo "| N | one identity | one percent of the network | 64 before the first honest node | 256 before it | 64 all over the region | 256 all over it |"
echo "|---:|---:|---:|---:|---:|---:|---:|"
for nodes in 1000 10000 1000000; do
  for ids in 64 256; do
    "$skad" price --nodes "$nodes" --ids "$ids" --seconds 2 --json "$@"
  done | python3 -c '
import json, sys
few, many = (json.loads(line) for line in sys.stdin)
def cell(of):
    hours, money = of["core_hours"], of["money"]
    return ("{:,.0f}" if hours >= 10 else "{:.2g}").format(hours) + " (${:,.2f})".format(money)
goods = [few["identity"], few["percent"], few["capture_nearest"], many["capture_nearest"],
         few["capture_region"], many["capture_region"]]
print("| " + " | ".join(["{:,}".format(few["nodes"])] + [cell(good) for good in goods]) + " |")'
done
echo
"$skad" price "$@" | sed -n 1,3p
