#!/usr/bin/env bash
# The manual pages name each command, option and key that the program has; what completes command lines
# is valid in its shell and knows the same; `skad help` explains what --help does.
. "$(dirname "$0")/lib.sh"
root=$(cd "$(dirname "$0")/../.." && pwd)
sim=$(dirname "$skad")/skad-sim

options_of() { # of a help text on stdin
    sed -nE 's/^  (-o, )?--([a-z-]+) .*/\2/p'
}
escaped() { # as a manual page writes it
    sed 's/-/\\-/g' <<<"$1"
}

"$skad" help | sed -nE 's/^  ([a-z]+) .*/\1/p' >"$work/commands"
[ "$(wc -l <"$work/commands")" -ge 28 ] || fail "commands: $(cat "$work/commands")"

say "skad(1) has each command and option"
while read -r command; do
    grep -qE "^\.B \"?$command\"?( |\$)|^\.BR? .*\b$command\b" "$root/docs/skad.1" || fail "skad(1) lacks $command"
    case $command in sim | help | version) continue ;; esac
    "$skad" help "$command" >"$work/help"
    "$skad" "$command" --help | cmp -s - "$work/help" || fail "two helps for $command"
    for option in $(options_of <"$work/help"); do
        case $option in help) continue ;; esac
        grep -qF -- "$(escaped "--$option")" "$root/docs/skad.1" || fail "skad(1) lacks --$option"
    done
done <"$work/commands"

say "skad-run(8) and skad-sim(1) have theirs"
for option in $("$skad" help run | options_of); do
    [ "$option" = help ] || grep -qE "^\.BI? $(escaped "--$option" | sed 's/\\/\\\\/g')( |\$)" "$root/docs/skad-run.8" ||
        fail "skad-run(8) lacks --$option"
done
for command in $("$sim" --help | sed -nE 's/^  ([a-z]+) .*/\1/p'); do
    grep -qx "\.B $command" "$root/docs/skad-sim.1" || fail "skad-sim(1) lacks $command"
    "$skad" completion bash | grep -q "sim) words='.*\b$command\b" || fail "completion lacks sim $command"
    for option in $("$sim" "$command" --help | options_of); do
        grep -qF -- "$(escaped "--$option")" "$root/docs/skad-sim.1" || fail "skad-sim(1) lacks --$option"
    done
done

say "skad-protocol(7) is made of PROTOCOL.md"
awk -v name=skad-protocol -v section=7 -v title="the wire protocol of skad" -v version=0 \
    -f "$root/cmake/md2man.awk" "$root/proto/PROTOCOL.md" >"$work/skad-protocol.7"
[ "$(grep -c '^\.S[HS] ' "$work/skad-protocol.7")" -ge "$(grep -c '^##' "$root/proto/PROTOCOL.md")" ] ||
    fail "headings are missing"
pages=("$root"/docs/*.[1578] "$work/skad-protocol.7")
if command -v mandoc >/dev/null; then
    for page in "${pages[@]}"; do
        mandoc -T lint -W warning "$page" | grep -v 'missing date' >"$work/lint" || true
        [ ! -s "$work/lint" ] || fail "$page: $(head -3 "$work/lint")"
    done
fi

say "completion is valid in each shell"
for shell in bash zsh fish; do
    "$skad" completion "$shell" >"$work/$shell"
    ! command -v "$shell" >/dev/null || "$shell" -n "$work/$shell" || fail "$shell does not read it"
    for option in $("$skad" help run | options_of); do
        grep -q -- "$option" "$work/$shell" || fail "completion for $shell lacks --$option"
    done
done

say "and completes"
# complete WORD...: what bash offers for the last word.
complete_bash() {
    bash -c '
        . "$1"
        shift
        COMP_WORDS=("$@")
        COMP_CWORD=$(($# - 1))
        _skad
        printf "%s\n" "${COMPREPLY[@]}" | sort | tr "\n" " "' - "$work/bash" "$@"
}
cd "$work"
touch afile
[ "$(complete_bash skad pub)" = "publish " ] || fail "command: $(complete_bash skad pub)"
[ "$(complete_bash skad run --log-l)" = "--log-level " ] || fail "option: $(complete_bash skad run --log-l)"
[ "$(complete_bash skad run --log-level '')" = "error info warning " ] || fail "value"
[ "$(complete_bash skad get x --ti)" = "--timeout " ] || fail "option of get"
[ "$(complete_bash skad get x --log-l)" = " " ] || fail "an option of another command"
[ "$(complete_bash skad put af)" = "afile " ] || fail "file: $(complete_bash skad put af)"
[ "$(complete_bash skad config ch)" = "check " ] || fail "word"
[ "$(complete_bash skad help sto)" = "store " ] || fail "help"
if command -v fish >/dev/null; then
    [ "$(fish -c "source $work/fish; complete -C 'skad run --log-format lo'" | cut -f1)" = logfmt ] || fail "fish"
fi

say "help for what does not exist"
expect 2 "$skad" help stor
expect_message "there is no command 'stor': did you mean 'store'?"
expect 2 "$skad" help run again
expect 2 "$skad" completion tcsh
expect_message "'tcsh' is neither bash, zsh nor fish"
[ "$("$skad" version)" = "$("$skad" --version)" ] || fail "two versions"
say "passed"
