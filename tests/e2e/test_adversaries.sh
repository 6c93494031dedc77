#!/usr/bin/env bash
# Adversaries from the command line: the guide's example builds as a shared object, runs, and does what
# it says; what cannot be loaded or mixed is refused in one line; all behaviours are documented.
. "$(dirname "$0")/lib.sh"

source_dir=$(cd "$(dirname "$0")/../.." && pwd)
made=$(dirname "$skad")/src/sim/made

refused() { # TEXT ARGUMENT...
    local text=$1
    shift
    expect 2 "$skad" sim "$@"
    grep -qF -- "$text" "$work/err" || fail "no '$text' in: $(cat "$work/err")"
    [ "$(wc -l <"$work/err")" -eq 1 ] || fail "more than a line: $(cat "$work/err")"
}

say "the guide has an example of at most 60 lines"
awk '/^```c$/ { on = 1; next } /^```$/ { on = 0 } on' "$source_dir/docs/adversaries.md" >"$work/mirror.c"
lines=$(wc -l <"$work/mirror.c")
[ "$lines" -ge 20 ] && [ "$lines" -le 60 ] || fail "$lines lines"
build() { # OUTPUT FLAG...
    local out=$1
    shift
    "${CC:-cc}" -Wall -Wextra -Werror -shared -fPIC "$@" -I"$source_dir" -I"$source_dir/include" -I"$made" \
        "$work/mirror.c" -o "$work/$out"
}
build mirror.so -DSKAD_ADVERSARY_OBJECT

say "it runs, twice alike, and makes lookups longer"
cd "$work"
run() { # ARGUMENT...
    "$skad" sim adversary --nodes 300 --lookups 100 --json "$@" | tail -n 1
}
figure() { # NAME FILE
    grep -o "\"$1\":[0-9.]*" "$2" | head -n 1 | cut -d : -f 2
}
run --fraction 0.5 --behaviour ./mirror.so >once
run --fraction 0.5 --behaviour ./mirror.so >twice
[ "$(grep -o '"event_log":"[^"]*"' once)" = "$(grep -o '"event_log":"[^"]*"' twice)" ] || fail "two runs"
grep -q '"adversary":"./mirror.so"' once || fail "the report does not name it: $(cat once)"
run --fraction 0.5 --behaviour withhold >usual
awk -v a="$(figure rpcs once)" -v b="$(figure rpcs usual)" 'BEGIN { exit !(a > b * 1.02) }' ||
    fail "requests $(figure rpcs once), usually $(figure rpcs usual)"
printf 'nodes = 100\nadversary = ./mirror.so\nadversary_share = 0.2\nlookups = 10\n' >mine.conf
"$skad" sim run mine.conf >out || fail "as a key of a file: $(cat out)"
run --fraction 0.5 --behaviour ./mirror.so:0.25,drop:0.75 >mixed
grep -q '"adversary":"./mirror.so:0.25,drop:0.75"' mixed || fail "not mixed: $(cat mixed)"

say "what cannot be loaded, or mixed"
refused "cannot load ./none.so" adversary --behaviour ./none.so
build plain.so
refused "cannot use ./plain.so: it has no adversary" adversary --behaviour ./plain.so
sed 's/SKAD_ADVERSARY_IS(\(.*\)),/{SKAD_ADVERSARY_ABI + 1, sizeof(skad_world), \1},/' mirror.c >newer.c
mv newer.c mirror.c
build newer.so -DSKAD_ADVERSARY_OBJECT
refused "built for another version" adversary --behaviour ./newer.so
refused "there is no behaviour 'bribe'" adversary --behaviour bribe
refused "is no mixture" adversary --behaviour drop:0.5,collude:0.4
refused "is no mixture" adversary --behaviour drop:0.5,collude
refused "there is no behaviour 'bribe'" adversary --behaviour drop:0.5,bribe:0.5

say "every behaviour is documented"
"$skad" sim adversaries >names
[ "$(wc -l <names)" -gt 15 ] || fail "few: $(cat names)"
while read -r name _; do
    [ "$name" = none ] || grep -qF "| \`$name\` |" "$source_dir/docs/adversaries.md" || fail "$name"
done <names
say "passed"
