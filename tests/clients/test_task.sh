#!/usr/bin/env bash
# The task of docs/embedding.md: each program does it, and has as many lines as the page says.
. "$(dirname "$0")/../e2e/lib.sh"
source=$(readlink -f "$(dirname "$0")/../..")
page=$source/docs/embedding.md

python=python3
"$python" -c 'import msgpack' 2>/dev/null || python=/usr/bin/python3
"$python" -c 'import msgpack' || fail "msgpack is missing: script/bootstrap installs it"

say "starts two nodes"
start_node 0 --listen 127.0.0.1:0
wait_for 20 answers 0
# Nothing waits for this one: the programs do.
start_node 1 --listen 127.0.0.1:0 --join "$(address_of 0)"

# does PROGRAM COMMAND...: it prints what the task is about; the page has its lines.
does() {
    local program=$1 lines
    shift
    say "$program"
    timeout 90 env SKAD_SOCKET="$(socket_of 1)" PYTHONDONTWRITEBYTECODE=1 "$@" >"$work/out" 2>"$work/err" ||
        fail "$program: $(cat "$work/err")"
    # Another program's value stands there before, if one came first.
    tail -n 1 "$work/out" | grep -qx two || fail "$program does not see the second value: $(cat "$work/out")"
    head -n 1 "$work/out" | grep -qx hello || fail "$program does not get its value: $(cat "$work/out")"
    grep -qx one "$work/out" || fail "$program does not see the first value: $(cat "$work/out")"
    lines=$(grep -cvE '^ *(#.*|//.*)?$' "$source/contrib/task/$program")
    grep -qE "\[$program\]\([^)]*\) \| $lines \|" "$page" || fail "$page does not say that $program has $lines lines"
}

does task.py env PYTHONPATH="$source/clients/python/src" "$python" "$source/contrib/task/task.py"
does task_socket.py "$python" "$source/contrib/task/task_socket.py"
if command -v curl >/dev/null; then
    does task.sh env PATH="$(dirname "$skad"):$PATH" "$source/contrib/task/task.sh"
else
    say "task.sh is left out: without curl (script/bootstrap)"
fi
if [ -e "$source/build/js/installed.json" ]; then
    # As in a folder where the client and its library are installed.
    mkdir -p "$work/app/node_modules/skad"
    cp -r "$source"/clients/js/{package.json,src} "$work/app/node_modules/skad"
    cp -r "$source/build/js/node_modules/@msgpack" "$work/app/node_modules"
    cp "$source/contrib/task/task.mjs" "$work/app"
    does task.mjs node "$work/app/task.mjs"
else
    say "task.mjs is left out: script/bootstrap could not install the npm packages of clients/js"
fi
say "passed"
