#!/usr/bin/env bash
# The examples are built the way a user would, against an installed library, with pkg-config and with
# CMake, and run in a real network. The headers compile as C11, C23 and C++17.
. "$(dirname "$0")/lib.sh"
build=$(dirname "$skad")
root=$(cd "$(dirname "$0")/../.." && pwd)
grep -q '^SKAD_SANITIZE:STRING=$' "$build/CMakeCache.txt" && grep -q '^SKAD_COVERAGE:BOOL=OFF' "$build/CMakeCache.txt" ||
    exit 77 # a program that links it needs the same instruments
for tool in c++ pkg-config; do
    command -v "$tool" >/dev/null || exit 77
done
at=$work/usr
cmake --install "$build" --prefix "$at" >"$work/log" 2>&1 || fail "$(tail -3 "$work/log")"
lib=$(dirname "$(find "$at" -name libskad.a)")
export PKG_CONFIG_PATH=$lib/pkgconfig LD_LIBRARY_PATH=$lib

say "each header compiles by itself, as C11, C23 and C++17"
for header in "$at"/include/skad/*.h; do
    name=skad/$(basename "$header")
    for way in "cc -std=c11 -x c" "cc -std=c2x -x c" "c++ -std=c++17 -x c++"; do
        printf '#include <%s>\n#include <%s>\nint main(void) { return 0; }\n' "$name" "$name" |
            $way -Wall -Wextra -Wpedantic -Werror -I "$at/include" -fsyntax-only - 2>"$work/log" ||
            fail "$way: $name: $(head -5 "$work/log")"
    done
done

say "the examples are built with pkg-config and with CMake"
flags=$(pkg-config --cflags --libs skad)
for name in minimal release; do
    cc -std=c11 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Wpedantic -Werror "$root/examples/$name.c" $flags -o "$work/$name"
done
cc -Wall -Wextra -Werror "$root/examples/with_libev.c" $flags -lev -o "$work/with_libev" 2>"$work/log" ||
    fail "$(cat "$work/log")"
c++ -std=c++17 -Wall -Wextra -Werror "$root/examples/node.cc" $flags -o "$work/node"
cmake -S "$root/examples" -B "$work/cmake" -DCMAKE_PREFIX_PATH="$at" >"$work/log" 2>&1 &&
    cmake --build "$work/cmake" >>"$work/log" 2>&1 || fail "$(tail -5 "$work/log")"

say "they find a network, and each other"
mkdir "$work/net"
"$skad" testnet 6 --dir "$work/net" >"$work/net/log" 2>&1 &
pids+=($!)
wait_for 30 grep -q '^ready' "$work/net/log"
first=$(grep -oE '127\.0\.0\.1:[0-9]+' "$work/net/log" | head -n 1)
for program in "$work/minimal" "$work/cmake/minimal"; do
    [ "$(timeout 30 "$program" "$first" once)" = "got: hello" ] || fail "$program"
done
for program in "$work/node" "$work/cmake/node"; do
    [ "$(timeout 30 "$program" "$first")" = "got: hello" ] || fail "$program"
done
timeout 30 "$work/with_libev" "$first" "some text" >"$work/out" || fail "with_libev"
key=$(grep -oE '[0-9a-f]{64}' "$work/out")
timeout 30 "$skad" get "$key" --socket "$work/net/node-0.sock" >"$work/out" 2>&1 || true
grep -q 'there is a record of this key' "$work/out" || fail "with_libev: $(cat "$work/out")" # a value, not a file

say "the task of docs/embedding.md is done in C and C++, in as many lines as it says"
cc -Wall -Wextra -Werror "$root/contrib/task/task.c" $flags -o "$work/task.c"
c++ -std=c++17 -Wall -Wextra -Werror "$root/contrib/task/task.cc" $flags -o "$work/task.cc"
for program in task.c task.cc; do
    [ "$(timeout 60 "$work/$program" "$first" | tr '\n' ' ')" = "hello one two " ] || fail "$program"
    lines=$(grep -cvE '^ *(#.*|//.*)?$' "$root/contrib/task/$program")
    grep -qE "\[$program\]\([^)]*\) \| $lines \|" "$root/docs/embedding.md" || fail "docs/embedding.md: $program has $lines lines"
done

say "a release is published, watched, and published again"
author=$(timeout 30 "$work/release" publish "$first" "$work/author" 1.0)
[ "${author#* }" = 1 ] || fail "release: $author"
"$work/release" watch "$first" "${author% *}" >"$work/watched" 2>&1 &
pids+=($!)
wait_for 30 grep -q '^release 1.0' "$work/watched"
author=$(timeout 30 "$work/release" publish "$first" "$work/author" 1.1)
[ "${author#* }" = 2 ] || fail "release: $author"
wait_for 30 grep -q '^release 1.1' "$work/watched"

if pkg-config --exists glib-2.0; then
    say "two are in a room, and see each other"
    cc -Wall -Wextra -Werror "$root/examples/chat.c" $flags $(pkg-config --cflags --libs glib-2.0) -o "$work/chat"
    "$work/chat" "$first" garden alice 5000 >"$work/alice" 2>&1 &
    alice=$!
    pids+=($alice)
    wait_for 30 grep -q 'alice at 127.0.0.1:5000' "$work/alice"
    "$work/chat" "$first" garden bob 5001 >"$work/bob" 2>&1 &
    pids+=($!)
    wait_for 30 grep -q 'alice at .*bob at 127.0.0.1:5001\|bob at .*alice at' "$work/alice"
    wait_for 30 grep -q 'alice at 127.0.0.1:5000' "$work/bob"
    kill -TERM "$alice"
    wait "$alice" || fail "chat ended badly"
fi

say "what cannot work says why"
timeout 30 "$work/minimal" nonsense >"$work/out" 2>&1 && fail "nonsense"
grep -q '^join: nonsense' "$work/out" || fail "$(cat "$work/out")"
say "passed"
