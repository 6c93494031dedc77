#!/usr/bin/env bash
# What an idle node weighs and sends: eight daemons for an hour, some of which leave and come back, then ten
# quiet minutes. They have the settings of the public network but for its puzzles, and may use private
# addresses. Prints RSS, traffic and peers of each, at the start, each ten minutes and at the end.
#
#   bench/idle.sh [CROWD] [MINUTES] [SKAD]    # 200 nodes besides, in one process, fill the tables; 60; build/skad
set -euo pipefail
cd "$(dirname "$0")/.."

crowd=${1:-200}
minutes=${2:-60}
skad=${3:-build/skad}
work=$(mktemp -d "${TMPDIR:-/tmp}/skad-idle-XXXXXX")
trap 'rm -rf "$work"' EXIT
cat >"$work/idle.profile" <<END
name = idle
static_bits = 4
dynamic_bits = 6
memory_kib = 8
allow_private = yes
END
script/soak --nodes 8 --clients 0 --crowd "$crowd" --minutes "$minutes" --every 60 --down 30 \
  --idle "$((minutes * 10))" --figures "$(awk "BEGIN { print $minutes / 6 }")" \
  --profile "$work/idle.profile" --dir "$work" --skad "$skad"
