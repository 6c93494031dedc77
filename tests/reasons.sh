#!/usr/bin/env bash
# Each reason to drop a datagram (include/skad/verdict.h) is produced by a test of a whole node, has
# its price measured, and is told of in SECURITY.md and in the protocol.
# Prints what is missing; fails if anything is.
set -euo pipefail
cd "${1:?usage: reasons.sh SOURCE_DIR}"

missing=0

# want WHAT PATTERN FILE...: one of the files has what matches the pattern.
want() {
  local what=$1 pattern=$2
  shift 2
  if ! grep -qE "$pattern" "$@"; then
    echo "$what"
    missing=$((missing + 1))
  fi
}

count=0
while read -r symbol name; do
  count=$((count + 1))
  [ "$name" != accept ] || continue
  want "$name: no test of a node produces it" "SKAD_VERDICT_$symbol\b" tests/node/test_*.c tests/core/*/test_*.c
  want "$name: its cost is not measured" "SKAD_VERDICT_$symbol\b" bench/cost.c
  want "$name: not in SECURITY.md" "^\| $name \|" SECURITY.md
  want "$name: not in proto/PROTOCOL.md" "^\| $name \|" proto/PROTOCOL.md
done < <(sed -nE 's/^ *X\(([A-Z]+), "([a-z]+)"\).*/\1 \2/p' include/skad/verdict.h)

if [ "$count" -lt 2 ] || [ "$missing" -ne 0 ]; then
  echo "reasons: $missing of $count reasons lack something"
  exit 1
fi
echo "reasons: all $count verdicts are tested, measured and told"
