#!/usr/bin/env bash
# Holds what the documents say about the shape of the code:
#   - no .c file has more than 500 lines, no function more than 70
#   - each room has a README.md of at most fifteen lines that names all of its modules
#   - each module of the core has a test of the same name, or its header names the test
#   - prose puts the subject first: a few words that turn sentences round are rare
# Prints what is wrong; fails if anything is.
set -euo pipefail
cd "${1:?usage: house.sh SOURCE_DIR}"

LINES_MAX=500
FUNCTION_MAX=70
README_MAX=15
DECODED_MAX=30 # lines with such words, over sources and documents without tests, fuzzers, changelog

wrong=0
report() { # MESSAGE
  echo "$1"
  wrong=$((wrong + 1))
}

mapfile -t sources < <(find crypto proto src tests fuzz bench -name '*.c' | sort)
while read -r lines file; do
  [ "$file" = total ] || [ "$lines" -le "$LINES_MAX" ] || report "$file has $lines lines"
done < <(wc -l "${sources[@]}")

# The formatter puts a function's braces into the first column.
while read -r line; do
  report "$line"
done < <(awk -v max="$FUNCTION_MAX" '
  FNR == 1 { start = 0 }
  /^\{/ { start = FNR }
  /^\}/ {
    if (start && FNR - start + 1 > max) print FILENAME ":" start " is a function of " FNR - start + 1 " lines"
    start = 0
  }' "${sources[@]}")

# modules ROOM: the names of its files, without endings.
modules() {
  find "$1" -maxdepth 1 -name '*.[ch]' -printf '%f\n' | sed 's/\.[ch]$//' | sort -u
}

for room in src/core/*/ src/host/*/ src/daemon/*/ src/sim/*/ src/gateway/*/ src/client/ src/cli/*/; do
  readme=${room}README.md
  if [ ! -f "$readme" ]; then
    report "$room has no README.md"
    continue
  fi
  lines=$(wc -l <"$readme")
  [ "$lines" -le "$README_MAX" ] || report "$readme has $lines lines"
  # A README names a module, or a family of them with a star: `cmd_*`.
  mapfile -t names < <(grep -oE '`[a-z0-9_.*]+`' "$readme" | tr -d '`' | sed 's/\.[ch]$//')
  while read -r module; do
    named=0
    for name in "${names[@]}"; do
      # shellcheck disable=SC2053 # the name is a pattern
      [[ $module != $name ]] || named=1
    done
    [ "$named" -eq 1 ] || report "$readme does not name $module"
  done < <(set -f; modules "$room")
done

for room in src/core/*/; do
  while read -r module; do
    case $module in state | driver | parts) continue ;; esac # types and lists of calls
    if [ -n "$(find tests -name "test_$module.c" -print -quit)" ]; then
      continue
    fi
    test=$(grep -hoE 'tests/[a-z0-9_/]+/test_[a-z0-9_]+\.c' "$room$module".[ch] | head -n 1 || true)
    if [ -z "$test" ]; then
      report "$room$module has no test of its name, and names none"
    elif [ ! -f "$test" ]; then
      report "$room$module names $test, which does not exist"
    fi
  done < <(modules "$room")
done

decoded=$(find . -name node_modules -prune -o -path ./build -prune -o -path './build-*' -prune -o -path ./.git -prune \
  -o -path ./tests -prune -o -path ./fuzz -prune -o -name CHANGELOG.md -prune \
  -o -type f \( -name '*.[ch]' -o -name '*.md' -o -name '*.sh' -o -name '*.1' -o -name '*.txt' -o -path './script/*' \) -print0 |
  xargs -0 grep -hiE '\b(whoever|whom|nobody|somebody|he|him|his)\b' | wc -l || true)
[ "$decoded" -le "$DECODED_MAX" ] ||
  report "$decoded lines with words that a reader has to decode (whoever, nobody, his ...), $DECODED_MAX are allowed"

if [ "$wrong" -ne 0 ]; then
  echo "house: $wrong things are out of shape"
  exit 1
fi
echo "house: ${#sources[@]} sources keep to their shape"
