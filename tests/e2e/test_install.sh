#!/usr/bin/env bash
# What `cmake --install` puts in place can be used: the library shared and static, by pkg-config and by CMake,
# with nothing visible but what include/skad declares; the command; pages, scripts and documents.
. "$(dirname "$0")/lib.sh"
build=$(dirname "$skad")
root=$(cd "$(dirname "$0")/../.." && pwd)
grep -q '^SKAD_SANITIZE:STRING=$' "$build/CMakeCache.txt" && grep -q '^SKAD_COVERAGE:BOOL=OFF' "$build/CMakeCache.txt" ||
    exit 77 # a program that links it needs the same instruments
at=$work/usr
cmake --install "$build" --prefix "$at" >"$work/log" 2>&1 || fail "$(tail -3 "$work/log")"
lib=$(dirname "$(find "$at" -name libskad.a)")
export PKG_CONFIG_PATH=$lib/pkgconfig LD_LIBRARY_PATH=$lib

say "a program is built with the shared library, and with the static one"
cc -Wall -Werror "$root/examples/pure_node.c" $(pkg-config --cflags --libs skad) -o "$work/shared"
[ "$("$work/shared" | tr -d '\0')" = "got: hello" ] || fail "the shared one"
readelf -d "$work/shared" | grep -E 'NEEDED.*(sodium|lmdb)' && fail "private dependencies are linked"
readelf -d "$work/shared" | grep -q 'NEEDED.*libskad.so.0' || fail "SONAME: $(readelf -d "$work/shared" | grep NEEDED)"
cc -Wall -Werror "$root/examples/pure_node.c" -I "$at/include" "$lib/libskad.a" \
    $(pkg-config --static --libs skad | sed 's/-lskad//') -o "$work/static"
[ "$("$work/static" | tr -d '\0')" = "got: hello" ] || fail "the static one"

say "CMake finds it"
cmake -S "$root/examples" -B "$work/cmake" -DCMAKE_PREFIX_PATH="$at" >"$work/log" 2>&1 &&
    cmake --build "$work/cmake" >>"$work/log" 2>&1 || fail "$(tail -5 "$work/log")"
[ "$("$work/cmake/pure_node" | tr -d '\0')" = "got: hello" ] || fail "that of CMake"

say "only what include/skad declares can be seen"
nm -D --defined-only "$lib/libskad.so" | awk '$2 == "T" { sub("@@.*", "", $3); print $3 }' | sort >"$work/visible"
nm -g --defined-only "$lib/libskad.a" | awk 'NF == 3 { print $3 }' | sort | diff - "$work/visible" >"$work/diff" ||
    fail "the static library shows other symbols: $(cat "$work/diff")"
[ "$(wc -l <"$work/visible")" -ge 60 ] || fail "few: $(wc -l <"$work/visible")"
while read -r name; do
    grep -qwh "$name" "$root"/include/skad/*.h || fail "$name is visible, and not declared there"
done <"$work/visible"
awk '{ print $1 }' "$root/debian/libskad0.symbols" | grep -v "^SKAD_0@" | sed -n 's/@.*//p' | sort | diff - "$work/visible" >"$work/diff" ||
    fail "debian/libskad0.symbols has other symbols: run 'script/package symbols': $(cat "$work/diff")"

say "the command starts, and finds the simulator beside it"
[ "$("$at/bin/skad" version)" = "$("$skad" version)" ] || fail "version"
"$at/bin/skad" sim --help >/dev/null

say "each link of the installed documents leads somewhere"
[ -n "$(find "$at" -name SECURITY.md)" ] || fail "no documents"
doc=$(dirname "$(find "$at" -name SECURITY.md)")
python3 - "$doc" <<'EOF2' || fail "links"
import os, re, sys
bad = 0
for folder, _, names in os.walk(sys.argv[1]):
    for name in names:
        if not name.endswith(".md"):
            continue
        page = os.path.join(folder, name)
        for link in re.findall(r"\[[^\]]*\]\(([^) ]*)\)", open(page).read()):
            path = link.split("#")[0]
            if path and ":" not in path and not os.path.exists(os.path.join(folder, path)):
                print(page, link)
                bad += 1
sys.exit(bad > 0)
EOF2
for file in proto/PROTOCOL.md LICENSE docs/scenarios/churn.conf docs/licences.md tests/vectors contrib/skad.conf; do
    [ -e "$doc/$file" ] || fail "$file is missing"
done
for page in man1/skad.1 man1/skad-sim.1 man5/skad.conf.5 man7/skad-protocol.7 man8/skad-run.8; do
    [ -s "$at/share/man/$page" ] || fail "$page is missing"
done
say "passed"
