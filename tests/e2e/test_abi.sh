#!/usr/bin/env bash
# The binary interface of libskad is what cmake/libskad.abi says, so that programs that were built before
# go on working. Adding to it is a matter of 'script/package abi'; what breaks programs takes a new SONAME, too.
. "$(dirname "$0")/lib.sh"
build=$(dirname "$skad")
root=$(cd "$(dirname "$0")/../.." && pwd)
command -v abidiff >/dev/null && [ "$(uname -m)" = x86_64 ] && [ -e "$build/libskad.so.0" ] || exit 77
grep -q '^SKAD_SANITIZE:STRING=$' "$build/CMakeCache.txt" && grep -q '^SKAD_COVERAGE:BOOL=OFF' "$build/CMakeCache.txt" ||
    exit 77 # instruments add symbols
grep -q '^CMAKE_BUILD_TYPE:STRING=RelWithDebInfo' "$build/CMakeCache.txt" || exit 77

say "the library's interface is the one on record"
code=0
abidiff --headers-dir2 "$root/include" --drop-private-types "$root/cmake/libskad.abi" "$build/libskad.so.0" \
    >"$work/report" 2>&1 || code=$?
if [ $((code & 3)) -ne 0 ]; then
    fail "abidiff: $(tail -3 "$work/report")"
elif [ $((code & 8)) -ne 0 ]; then
    fail "programs that were built before would break: raise SKAD_ABI (docs/abi.md): $(cat "$work/report")"
elif [ "$code" -ne 0 ]; then
    fail "it grew: see that nothing breaks (docs/abi.md), then run 'script/package abi': $(cat "$work/report")"
fi

say "a change would be found"
sed "s/\(enumerator name='SKAD_ERR_TIMEOUT' value=\)'[0-9]*'/\1'77'/" "$root/cmake/libskad.abi" >"$work/other.abi"
code=0
abidiff --headers-dir2 "$root/include" --drop-private-types "$work/other.abi" "$build/libskad.so.0" >"$work/report" 2>&1 || code=$?
[ "$code" -eq 4 ] || [ "$code" -eq 12 ] || fail "another number of an error was not found ($code): $(tail -3 "$work/report")"
say "passed"
