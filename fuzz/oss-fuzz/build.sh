#!/bin/bash -eu
# Builds every target against the engine and the sanitizer that OSS-Fuzz names in its environment
# (CC, CFLAGS, LIB_FUZZING_ENGINE, OUT), with its seeds, its dictionary, and the libraries it needs.

build=$(mktemp -d)
cmake -S "$SRC/skad" -B "$build" -G Ninja -DSKAD_FUZZ=ON -DCMAKE_BUILD_TYPE=RelWithDebInfo \
  -DSKAD_FUZZ_ENGINE="$LIB_FUZZING_ENGINE"
cmake --build "$build"

mkdir -p "$OUT/lib"
for program in "$build"/fuzz/fuzz_*; do
  name=$(basename "$program")
  target=${name#fuzz_}
  cp "$program" "$OUT/$name"
  # What is linked dynamically goes with the program: OSS-Fuzz runs it on another image.
  ldd "$program" | awk '$3 ~ /^\// { print $3 }' |
    grep -E '/lib(sodium|msgpack|ev|lmdb|seccomp|cmocka)' | xargs -I{} cp -n {} "$OUT/lib/" || true
  patchelf --set-rpath '$ORIGIN/lib' "$OUT/$name"
  inputs=("$SRC/skad/fuzz/corpus/$target"/*)
  [ ! -d "$SRC/skad/fuzz/regressions/$target" ] || inputs+=("$SRC/skad/fuzz/regressions/$target"/*)
  zip -q -j "$OUT/${name}_seed_corpus.zip" "${inputs[@]}"
  [ "$target" = state ] || [ "$target" = table ] || cp "$SRC/skad/fuzz/skad.dict" "$OUT/$name.dict"
done
