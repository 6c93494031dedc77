#!/usr/bin/env bash
# Holds fuzz/oss-fuzz against the rest of the tree: its image has every library that
# script/bootstrap installs for a build, build.sh knows no target by name that is gone, and
# project.yaml has nothing to fill in but the addresses, which are all given or none.
set -euo pipefail
cd "${1:?usage: oss_fuzz.sh SOURCE_DIR}"

wrong=0
complain() {
  echo "oss-fuzz: $1"
  wrong=1
}

for package in $(sed -n '/^packages=(/,/)/p' script/bootstrap | grep -oE 'lib[a-z]+-dev'); do
  grep -qw -- "$package" fuzz/oss-fuzz/Dockerfile || complain "the Dockerfile lacks $package"
done

for target in $(sed -n 's/^ *\([a-z |]*\)) ;;.*/\1/p' fuzz/oss-fuzz/build.sh | tr -d '|'); do
  [ -f "fuzz/$target.c" ] || complain "build.sh knows $target, which is no target"
done

addresses=(homepage main_repo primary_contact)
open=0
for key in "${addresses[@]}"; do
  grep -qE "^$key: \"[^\"]+\"$" fuzz/oss-fuzz/project.yaml || complain "project.yaml lacks $key"
  ! grep -E "^$key:" fuzz/oss-fuzz/project.yaml | grep -q 'example\.org' || open=$((open + 1))
done
placeholders=$(grep -rc 'example\.org' fuzz/oss-fuzz | awk -F : '{ sum += $2 } END { print sum }')
[ "$placeholders" -eq "$open" ] || complain "something else than an address is a placeholder"
[ "$open" -eq 0 ] || [ "$open" -eq "${#addresses[@]}" ] || complain "some addresses are placeholders"
exit "$wrong"
