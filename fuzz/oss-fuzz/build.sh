#!/bin/bash -eu
# Builds every target against the engine and the sanitizer that OSS-Fuzz names in its environment
# (CC, CFLAGS, LIB_FUZZING_ENGINE, OUT), with its seeds, its dictionary, and the libraries it needs.

shopt -s nullglob
build=$(mktemp -d)
cmake -S "$SRC/skad" -B "$build" -G Ninja -DSKAD_FUZZ=ON -DCMAKE_BUILD_TYPE=RelWithDebInfo \
  -DSKAD_FUZZ_ENGINE="$LIB_FUZZING_ENGINE"
cmake --build "$build" --target fuzz_programs

mkdir -p "$OUT/lib"
for program in "$build"/fuzz/fuzz_*; do
  name=$(basename "$program")
  target=${name#fuzz_}
  cp "$program" "$OUT/$name"
  # What is linked dynamically goes with the program: OSS-Fuzz runs it on another image.
  ldd "$program" | awk '$3 ~ /^\// { print $3 }' |
    grep -vE '/(ld-linux|lib(c|m|dl|rt|pthread|gcc_s|stdc\+\+|resolv))[-.]' |
    xargs -I{} cp -n {} "$OUT/lib/"
  patchelf --set-rpath '$ORIGIN/lib' "$OUT/$name"
  inputs=("$SRC/skad/fuzz"/{corpus,regressions}/"$target"/*)
  zip -q -j "$OUT/${name}_seed_corpus.zip" "${inputs[@]}"
  case $target in
    state | table | row | database | damage) ;; # choices, or bytes that know no words
    *) cp "$SRC/skad/fuzz/skad.dict" "$OUT/$name.dict" ;;
  esac
done
