#!/usr/bin/env bash
# A gateway under load, and whether its node feels it: twenty nodes in one process, a node of its own with a gateway
# beside it; lookups of another client of that node, alone, while the gateway is asked 10,000 times a second, and
# while 10,000 connections come that never finish a request.
#
#   bench/gateway.sh [SECONDS] [RATE] [BUILD]      # 10; 10000; build
set -euo pipefail
cd "$(dirname "$0")/.."
build=${3:-build}
export SKAD_CONFIG=none
work=$(mktemp -d "${TMPDIR:-/tmp}/skad-gateway-XXXXXX")
pids=()
trap 'kill "${pids[@]}" 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT

wait_for() { # COMMAND...
  for _ in $(seq 600); do
    if "$@" >/dev/null 2>&1; then return; fi
    sleep 0.1
  done
  echo "gateway.sh: waited in vain for: $*" >&2
  exit 1
}

"$build/skad" testnet 20 --dir "$work/net" >"$work/net.out" 2>/dev/null &
pids+=("$!")
wait_for grep -q ready "$work/net.out"
"$build/skad" run --profile test --dir "$work/node" --listen 127.0.0.1:0 \
  --join "$(head -n 1 "$work/net.out" | cut -d' ' -f1)" 2>/dev/null &
pids+=("$!")
joined() { [ "$("$build/skad" status --field joined --socket "$work/node/control.sock")" = true ]; }
wait_for joined
"$build/skad" gateway --listen 127.0.0.1:0 --socket "$work/node/control.sock" >"$work/out" 2>"$work/log" &
gateway=$!
pids+=("$gateway")
wait_for grep -q '^http' "$work/out"
port=$(sed -E 's|.*:([0-9]+)/|\1|' "$work/out")
"$build/bench_gateway" "$port" "$work/node/control.sock" "$gateway" "${1:-10}" "${2:-10000}"
