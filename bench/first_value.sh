#!/usr/bin/env bash
# The time from a fresh checkout to the first value, in each language of docs/embedding.md: clones this repository, builds
# the command, starts a network of twenty nodes, installs the client and runs the program of contrib/task. What
# script/bootstrap installs is there already; of clients/js it installs the packages again, from the npm registry.
#
#   bench/first_value.sh [python|javascript|socket]...
set -euo pipefail
source=$(cd "$(dirname "$0")/.." && pwd)
[ $# -gt 0 ] || set -- python javascript socket
work=$(mktemp -d "${TMPDIR:-/tmp}/skad-first-XXXXXX")
pid=
trap '[ -z "$pid" ] || kill -KILL "$pid" 2>/dev/null; wait 2>/dev/null; rm -rf "$work"' EXIT
python=python3
"$python" -c 'import msgpack' 2>/dev/null || python=/usr/bin/python3
now() { date +%s.%N; }
begin=$(now)
step() { # NAME: prints what the time since the last step went to
    local end
    end=$(now)
    awk -v name="$1" -v from="$begin" -v to="$end" 'BEGIN { printf "  %-34s %6.1f s\n", name, to - from }'
    begin=$(now)
}

echo "for all:"
git clone -q "$source" "$work/skad"
cd "$work/skad"
step "clone"
./script/build release skad_cli
step "build (on $(nproc) processors)"
build/skad testnet 20 --dir "$work/net" >"$work/ready" &
pid=$!
until grep -qx ready "$work/ready"; do sleep 0.05; done
step "a network of 20 nodes"
export SKAD_SOCKET=$work/net/node-1.sock SKAD_CONFIG=none

for language in "$@"; do
    echo "$language:"
    begin=$(now)
    case $language in
    python)
        "$python" -m venv --system-site-packages "$work/venv"
        "$work/venv/bin/pip" install -q --no-index --no-build-isolation --disable-pip-version-check ./clients/python
        step "install"
        command=("$work/venv/bin/python" -u contrib/task/task.py)
        ;;
    javascript)
        mkdir "$work/app"
        (cd "$work/app" && npm install --silent "$(cd "$work/skad/clients/js" && npm pack --silent --pack-destination "$work" |
            sed "s|^|$work/|")")
        cp contrib/task/task.mjs "$work/app"
        step "install"
        command=(node "$work/app/task.mjs")
        ;;
    c | c++)
        ./script/build release skad_shared >"$work/library.log" 2>&1
        step "build of the library"
        if [ "$language" = c ]; then
            cc -O2 -Iinclude contrib/task/task.c -Lbuild -Wl,-rpath,"$PWD/build" -lskad -o "$work/task"
        else
            c++ -std=c++17 -O2 -Iinclude contrib/task/task.cc -Lbuild -Wl,-rpath,"$PWD/build" -lskad -o "$work/task"
        fi
        step "build of the program"
        command=("$work/task" "$(grep -oE '127\.0\.0\.1:[0-9]+' "$work/ready" | head -n 1)")
        ;;
    curl) command=(env PATH="$PWD/build:$PATH" contrib/task/task.sh) ;;
    socket) command=("$python" -u contrib/task/task_socket.py) ;;
    *) echo "no such language: $language" >&2 && exit 2 ;;
    esac
    timeout 60 "${command[@]}" | while read -r line; do
        [ "$line" != hello ] || step "the first value"
        [ "$line" != two ] || step "publish, watch, the second value"
    done
done
