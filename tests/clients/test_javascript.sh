#!/usr/bin/env bash
# The JavaScript client as it ships: the package that `npm pack` makes is installed in a fresh folder, without a network, and
# the tests run against it, with a real network of nodes. Its types are checked by the compiler.
. "$(dirname "$0")/../e2e/lib.sh"
source=$(readlink -f "$(dirname "$0")/../..")
modules=$source/build/js/node_modules

command -v node >/dev/null && command -v npm >/dev/null || fail "Node.js or npm is missing: script/bootstrap installs them"
node -e 'process.exit(parseInt(process.versions.node) >= 18 ? 0 : 1)' || fail "Node.js $(node --version) is older than 18"
if [ ! -e "$source/build/js/installed.json" ]; then
    echo "skipped: script/bootstrap could not install the npm packages of clients/js"
    exit 77
fi
cmp -s "$source/clients/js/package-lock.json" "$source/build/js/installed.json" ||
    fail "build/js has other packages than clients/js/package-lock.json: script/bootstrap installs them"
export npm_config_cache=$work/npm npm_config_update_notifier=false npm_config_audit=false npm_config_fund=false

say "packs: $(node --version), npm $(npm --version)"
! grep -q '"resolved"' "$source/clients/js/package-lock.json" || fail "the lock file holds addresses"
mkdir "$work/source" "$work/app"
(cd "$source/clients/js" && cp -r ./*.json ./*.d.ts README.md src test "$work/source")
pack() { # FOLDER: the file that npm makes of it, in $packed
    packed=$work/$(cd "$1" && npm pack --ignore-scripts --pack-destination "$work" 2>"$work/log" | tail -n 1)
    [ -f "$packed" ] || fail "$1: $(cat "$work/log")"
}
pack "$modules/@msgpack/msgpack"
library=$packed
pack "$work/source"
tar -tzf "$packed" | sed 's|^package/||' | sort >"$work/contents"
for name in README.md index.d.ts package.json protocol.d.ts src/index.js; do
    grep -qx "$name" "$work/contents" || fail "the package has no $name"
done
! grep -qE '^test|lock|^\.' "$work/contents" || fail "the package has what it should not: $(cat "$work/contents")"
version=$(sed -nE 's/^#define SKAD_VERSION "([0-9.]+)".*/\1/p' "$source/include/skad/version.h")
[ "$(basename "$packed")" = "skad-$version.tgz" ] || fail "$(basename "$packed") is not of version $version"

say "installs it in a fresh folder"
cd "$work/app"
echo '{ "private": true, "type": "module" }' >package.json
npm install --offline --ignore-scripts "$packed" "$library" >"$work/log" 2>&1 || fail "$(cat "$work/log")"
[ "$(find node_modules -name package.json -path '*/msgpack/package.json' | wc -l)" -eq 1 ] || fail "it has another msgpack"
cp -r "$source/clients/js/test" "$source/clients/js/README.md" .

say "tests, with a real network"
SKAD=$skad SKAD_CLIENT=$work/app/node_modules/skad SKAD_CONTROL_SCHEMA=$source/proto/control.schema.json \
    timeout 120 node --test test/*.test.js >"$work/log" 2>&1 ||
    fail "$(grep -vE '^(ok|# Subtest)|^ +(---|\.\.\.|duration_ms)' "$work/log" | head -n 60)"
sed -nE 's/^ok [0-9]+ - (.*) # SKIP (.*)/    skipped: \1: \2/p; s/^# (pass [0-9]+)/    \1/p' "$work/log"

say "types"
cat >right.ts <<'EOF2'
import { createWriteStream } from "node:fs";
import { Client, NotFoundError, type Resolve } from "skad";

const node = new Client({ path: "/run/socket", timeoutMs: 3000 });
const stored: number = (await node.put("text", { keep: true })).stored;
const value: Uint8Array = (await node.get(new Uint8Array(32), { signal: AbortSignal.timeout(9) })).value;
for await (const change of node.watchRecord("00", { salt: "s" })) {
  const seen: Resolve = change;
  console.log(stored, value, seen.sequence);
}
await node.publish("v", { salt: "s", sequence: 2n ** 60n });
await node.getFile("00", createWriteStream("/tmp/x"), { onProgress: (now) => console.log(now.size) });
const [first] = await node.batch([["put", { value: "v" }], ["health"]]);
const verdict: string = (await node.call("health")).verdict;
try {
  await node.status();
} catch (error) {
  if (error instanceof NotFoundError) console.log(error.code, error.expected, first, verdict);
}
EOF2
cat >wrong.ts <<'EOF2'
import { Client } from "skad";

const node = new Client({ pfad: "/run/socket" });
await node.put(17);
(await node.get("00")).vaule;
await node.publish("v", { sequenz: 1 });
await node.records({ section: "neither" });
await node.call("dance");
EOF2
compile() { # FILE...
    node "$modules/typescript/bin/tsc" --noEmit --strict --target es2022 --module nodenext --moduleResolution nodenext \
        --typeRoots "$modules/@types" --types node "$@" >"$work/log" 2>&1
}
! compile right.ts wrong.ts || fail "types let mistakes pass"
! grep 'error TS' "$work/log" | grep -qv '^wrong.ts' || fail "$(cat "$work/log")"
[ "$(grep -c 'error TS' "$work/log")" -eq 6 ] || fail "not each mistake is found: $(cat "$work/log")"
say "passed"
