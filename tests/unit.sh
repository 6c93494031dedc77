#!/usr/bin/env bash
# The unit of systemd is hardened: `systemd-analyze security` calls its exposure at most 1.5, and has
# nothing to complain about. Skipped (77) where there is no systemd-analyze.
set -euo pipefail
cd "${1:?usage: unit.sh SOURCE_DIR}"
command -v systemd-analyze >/dev/null || exit 77

EXPOSURE_MAX=15 # tenths
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sed 's#@CMAKE_INSTALL_FULL_BINDIR@/skad#/bin/true#' packaging/systemd/skad.service.in >"$work/skad.service"

systemd-analyze security --offline=true --threshold=$EXPOSURE_MAX "$work/skad.service" >"$work/out" || {
  grep '✗' "$work/out" || cat "$work/out"
  echo "unit: the exposure is above $EXPOSURE_MAX tenths"
  exit 1
}
tail -n 1 "$work/out"
# Manual pages are not installed here, and man would be asked for them.
systemd-analyze verify --man=no "$work/skad.service" 2>"$work/err" || true
if grep -v 'skad.service: .*not-found\|^$' "$work/err" | grep 'skad.service'; then
  echo "unit: systemd complains"
  exit 1
fi
echo "unit: fine"
