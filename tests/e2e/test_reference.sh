#!/usr/bin/env bash
# Every public function says what it does, and the reference builds as HTML without a warning.
. "$(dirname "$0")/lib.sh"
build=$(dirname "$skad")
root=$(cd "$(dirname "$0")/../.." && pwd)

say "each public function has a comment, or follows one that it shares"
awk '
  FNR == 1 { before = "" }
  /^(SKAD_MUST_CHECK )?[a-z].*\(/ && !/^typedef|^static|^struct|^enum/ {
    found++
    if (before !~ /\*\/$/ && before !~ /\);$/ && before !~ /^}/) print FILENAME ":" FNR ": " $0
  }
  { if ($0 !~ /^ +[a-z(]/ || $0 ~ /\);$/) before = $0 }
  END { if (found < 90) print "only " found " functions were found" }' "$root"/include/skad/*.h >"$work/bare"
[ ! -s "$work/bare" ] || fail "$(cat "$work/bare")"

command -v doxygen >/dev/null && [ -e "$build/Doxyfile" ] || exit 77
say "Doxygen has nothing to say"
sed "s,^OUTPUT_DIRECTORY.*,OUTPUT_DIRECTORY = $work/reference," "$build/Doxyfile" >"$work/Doxyfile"
doxygen "$work/Doxyfile" >"$work/log" 2>&1 || fail "$(head -5 "$work/log")"
[ ! -s "$work/log" ] || fail "$(head -5 "$work/log")"
grep -q 'Does what has come in and what is due' "$work/reference/html/host_8h.html" || fail "skad_host_step is not in it"
say "passed"
