# What the end-to-end tests share: nodes as processes, waiting for a condition, and leaving nothing
# behind. Sourced with $1 = the skad binary; bash.
set -eu

skad=$(readlink -f "$1")
work=$(mktemp -d "${TMPDIR:-/tmp}/skad-e2e-XXXXXX")
pids=()
export SKAD_CONFIG=none # whatever this machine has in /etc/skad
wrap=() # words before the command of a node; world/world.sh uses it

unmount_all() { # world/world.sh has mounts
    :
}

clean_up() {
    local code=$?
    local pid
    trap - EXIT
    exec 2>/dev/null # the shell remarks on each process that is killed
    for pid in "${pids[@]:+${pids[@]}}"; do
        kill -KILL "$pid" 2>/dev/null || true
    done
    wait 2>/dev/null || true
    if [ "$code" -ne 0 ] && [ "$code" -ne 77 ]; then # 77: skipped
        tail -n 5 "$work"/*/log 2>/dev/null || true
        echo "FAILED ($code)"
    fi
    unmount_all
    rm -rf "$work"
    exit "$code"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

say() {
    printf '%4ds  %s\n' "$SECONDS" "$*"
}

fail() {
    echo "failed: $*"
    exit 1
}

# wait_for SECONDS COMMAND...: until the command succeeds; fails after so many seconds.
wait_for() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$deadline" ] || fail "waited in vain for: $*"
        sleep 0.1
    done
}

# expect CODE COMMAND...: the command must exit with that code. Its output is in $work/out, err.
expect() {
    local want=$1
    local code=0
    shift
    timeout 60 "$@" >"$work/out" 2>"$work/err" || code=$?
    [ "$code" -eq "$want" ] || fail "exit code $code instead of $want: $* ($(cat "$work/err"))"
}

# expect_message TEXT: the last command's complaint is one or two lines and contains the text.
expect_message() {
    grep -qF -- "$1" "$work/err" || fail "no '$1' in: $(cat "$work/err")"
    grep -q '^skad: ' "$work/err" || fail "no 'skad: ' before: $(cat "$work/err")"
    [ "$(wc -l <"$work/err")" -le 2 ] || fail "more than two lines: $(cat "$work/err")"
}

# start_node NAME OPTION...: a node in $work/NAME, of the network $profile (default: test); its process
# ID is in $started.
start_node() {
    local name=$1
    shift
    mkdir -p "$work/$name"
    "${wrap[@]}" "$skad" run --profile "${profile:-test}" --dir "$work/$name" "$@" \
        2>>"$work/$name/log" </dev/null &
    started=$!
    pids+=("$started")
}

# put_alone NAME ARGUMENT...: puts where no other node is, which the exit code tells (6).
put_alone() {
    local name=$1
    local code=0
    shift
    ask "$name" put "$@" 2>/dev/null || code=$?
    [ "$code" -eq 6 ]
}

socket_of() {
    echo "$work/$1/control.sock"
}

status_is() { # NAME FIELD VALUE
    [ "$("$skad" status --field "$2" --socket "$(socket_of "$1")")" = "$3" ]
}

answers() { # NAME
    "$skad" status --socket "$(socket_of "$1")" >/dev/null
}

address_of() {
    "$skad" status --field listen --socket "$(socket_of "$1")"
}

# kill_node PID: gone without a chance to say so; the shell's remark about it is swallowed.
kill_node() {
    kill -KILL "$1"
    { wait "$1"; } 2>/dev/null || true
}

# stop_node PID: asks it to end, which it must do well.
stop_node() {
    kill -TERM "$1"
    wait "$1" || fail "process $1 ended with $?"
}
