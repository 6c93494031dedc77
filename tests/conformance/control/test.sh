#!/usr/bin/env bash
# Plays the scenes with an adapter: test.sh ADAPTER [ARGUMENT...]. Plays them with the model of a client
# as well, which passes all of them, and with its flaws, each of which some scene notices.
set -euo pipefail
here=$(dirname "$0")

# Another Python may stand before the system's, which has the package.
python=python3
"$python" -c 'import msgpack' 2>/dev/null || python=/usr/bin/python3
"$python" -c 'import msgpack' || { echo "msgpack is missing: script/bootstrap installs it"; exit 1; }
conformance=("$python" -B "$here/conformance.py")
model=("$python" -B "$here/model.py")

timeout 300 "${conformance[@]}" "$@"
timeout 300 "${conformance[@]}" "${model[@]}" | grep -v '^ok'

# flaw SCENES FLAW...: the scenes notice each flaw. A flawed client may hang, which takes no long patience.
flaw() {
    local scenes=$1 flaw
    shift
    for flaw in "$@"; do
        if SKAD_CONFORMANCE_PATIENCE_S=1 timeout 60 "${conformance[@]}" --only "$scenes" "${model[@]}" "$flaw" >/dev/null; then
            echo "a client with the flaw '$flaw' passed"
            exit 1
        fi
    done
}
flaw 'stream: ' any-answer unknown
flaw 'files: ' window long-chunks no-end no-ack late-ack
flaw 'watches: ' deaf
flaw 'hello: ' api
flaw 'while several requests wait' lost
echo "every flaw is noticed"
