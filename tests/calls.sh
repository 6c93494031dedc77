#!/usr/bin/env bash
# Holds the order of the core's rooms where includes cannot show it: by what object files call and
# what they define. A file calls no room above its own, and no two files call each other in a circle
# but lookup with its regions, and the table with its buckets and siblings.
# Prints every stray call; fails if there is one.
set -euo pipefail
sources=${1:?usage: calls.sh SOURCE_DIR BUILD_DIR}/src/core
objects=${2:?usage: calls.sh SOURCE_DIR BUILD_DIR}/src/core/CMakeFiles/skad_core.dir
rooms=(node inbound audit upkeep relay operations forward lookup storage rpc routing base) # as in layering.sh

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

(cd "$sources" && find . -name '*.c' | sed 's|^\./||') >"$work/files"
while read -r file; do
  object=$objects/$file.o
  nm --defined-only -g "$object" | awk -v f="$file" '$3 ~ /^skad_/ { print $3, f }' >>"$work/defined"
  nm -u "$object" | awk -v f="$file" '$2 ~ /^skad_/ { print $2, f }' >>"$work/used"
done <"$work/files"
sort -o "$work/defined" "$work/defined"
sort -o "$work/used" "$work/used"
# symbol, calling file, defining file
join "$work/used" "$work/defined" >"$work/calls"

if [ "$(wc -l <"$work/calls")" -lt 100 ]; then
  echo "calls: hardly a call was found: is $objects what it was?" >&2
  exit 1
fi

strays=$(awk -v rooms="${rooms[*]}" '
  BEGIN { n = split(rooms, list, " "); for (i = 1; i <= n; i++) rank[list[i]] = i }
  {
    split($2, from, "/"); split($3, to, "/")
    if (!(from[1] in rank) || !(to[1] in rank)) print $2 " or " $3 " lies in no room"
    else if (rank[to[1]] < rank[from[1]]) print $2 " calls up: " $1 " of " $3
  }' "$work/calls")

# Files that may call each other count as one.
awk '{ print $2, $3 }' "$work/calls" |
  sed -e 's|lookup/region\.c|lookup/lookup.c|g' \
      -e 's|routing/buckets\.c|routing/table.c|g; s|routing/siblings\.c|routing/table.c|g' |
  sort -u >"$work/edges"
circles=$(tsort "$work/edges" 2>&1 >/dev/null || true)

if [ -n "$strays$circles" ]; then
  [ -z "$strays" ] || echo "$strays"
  [ -z "$circles" ] || echo "$circles"
  echo "calls: the order of the rooms is broken"
  exit 1
fi
echo "calls: $(wc -l <"$work/calls") calls between files point down, and none runs in a circle"
