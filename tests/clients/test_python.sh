#!/usr/bin/env bash
# The Python client as it ships: wheel and sdist are built and installed without a network, each into a virtual
# environment of its own, and the tests run against what is installed there, with a real network of nodes.
. "$(dirname "$0")/../e2e/lib.sh"
source=$(readlink -f "$(dirname "$0")/../..")

# Another Python may stand before the system's, which has the packages.
python=python3
modules="import build, msgpack, setuptools, venv, wheel"
"$python" -c "$modules" 2>/dev/null || python=/usr/bin/python3
"$python" -c "$modules" || fail "Python packages are missing: script/bootstrap installs them"
export PYTHONDONTWRITEBYTECODE=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INDEX=1

say "builds a wheel and an sdist"
cp -r "$source/clients/python" "$work/source"
"$python" -m build --no-isolation --outdir "$work/dist" "$work/source" >"$work/log" 2>&1 ||
    fail "the build: $(tail -n 20 "$work/log")"
wheel=$(echo "$work"/dist/skad-*-py3-none-any.whl)
sdist=$(echo "$work"/dist/skad-*.tar.gz)
"$python" -m zipfile -l "$wheel" >"$work/contents"
grep -q 'skad/py.typed' "$work/contents" || fail "the wheel says not that it has types"
! grep -qE '(^|/)tests?/' "$work/contents" || fail "the wheel has the tests"
"$python" -m zipfile -e "$wheel" "$work/wheel"
grep -q '^Requires-Dist: msgpack' "$work"/wheel/skad-*.dist-info/METADATA || fail "the wheel does not name msgpack"
grep -q '^Requires-Python: >=3.11' "$work"/wheel/skad-*.dist-info/METADATA || fail "the wheel does not name its Python"

version=$(sed -nE 's/^#define SKAD_VERSION "([0-9.]+)".*/\1/p' "$source/include/skad/version.h")
grep -qx "Version: $version" "$work"/wheel/skad-*.dist-info/METADATA || fail "the wheel is not of version $version"
grep -qF "__version__ = \"$version\"" "$work/wheel/skad/__init__.py" || fail "__version__ is not $version"

# msgpack comes from the system, the client does not.
install() { # NAME PACKAGE
    "$python" -m venv --system-site-packages "$work/$1"
    "$work/$1/bin/pip" install -q --no-build-isolation "$2" >"$work/log" 2>&1 || fail "$2: $(cat "$work/log")"
}

mkdir "$work/run"
cp -r "$source/clients/python/tests" "$source/clients/python/README.md" "$work/run"
cd "$work/run"

say "the sdist: tests against a node that is played"
install from-sdist "$sdist"
env -u SKAD "$work/from-sdist/bin/python" -m unittest discover -t . -s tests >"$work/log" 2>&1 ||
    fail "$(tail -n 40 "$work/log")"

say "the wheel: the same, and a real network"
install from-wheel "$wheel"
where=$("$work/from-wheel/bin/python" -c 'import skad; print(skad.__file__)')
[[ $where == "$work/from-wheel/"* ]] || fail "the tests would run against $where"
SKAD=$skad SKAD_CONTROL_SCHEMA=$source/proto/control.schema.json timeout 120 \
    "$work/from-wheel/bin/python" -W error::ResourceWarning -m unittest discover -v -t . -s tests >"$work/log" 2>&1 ||
    fail "$(tail -n 60 "$work/log")"
sed -n 's/^\(test_[a-z0-9_.]*\) .*skipped/    skipped: \1/p; s/^Ran .*/    &/p' "$work/log"

if command -v mypy >/dev/null && [ "$(command -v mypy)" = /usr/bin/mypy ]; then
    say "types hold, in the package and for a program that uses it"
    (cd "$work/source" && mypy --cache-dir "$work/mypy" src) >"$work/log" || fail "$(cat "$work/log")"
    cat >"$work/run/right.py" <<'EOF2'
import asyncio
import skad

def blocking() -> bytes:
    with skad.Client("/run/socket", timeout=3) as node:
        print(node.put("text")["stored"] + 1)
        for change in node.watch_record(bytes(32), salt="s"):
            return change["value"]
        return node.get("00" * 32)["value"]

async def main() -> int:
    async with skad.aio.Client() as node:
        async for status in node.watch_status(every_s=1):
            return status["peers"]
        return (await node.put_file("/etc/hostname", keep=True))["pieces"]

asyncio.run(main())
EOF2
    cat >"$work/run/wrong.py" <<'EOF2'
import skad

with skad.Client() as node:
    node.put(17)
    node.get("00")["vaule"]
    node.publish(b"v", salt="s", sequenz=1)
    node.records("neither")
EOF2
    check=(mypy --strict --cache-dir "$work/mypy" --python-executable "$work/from-wheel/bin/python")
    "${check[@]}" right.py >"$work/log" || fail "$(cat "$work/log")"
    ! "${check[@]}" wrong.py >"$work/log" || fail "types let mistakes pass"
    [ "$(grep -c ': error: ' "$work/log")" -eq 4 ] || fail "not each mistake is found: $(cat "$work/log")"
else
    say "no mypy: script/bootstrap tools installs it"
fi
say "passed"
