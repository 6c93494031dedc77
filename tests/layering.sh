#!/usr/bin/env bash
# Holds the house together (docs/architecture.md, "The house"): each library is included by its own folder
# only, and folders include only what lies below them: cli -> gateway -> daemon -> host -> core -> proto -> crypto, and
# host -> db -> crypto. Within a folder that has rooms, a room includes only what lies below it.
# Prints every stray include and file; fails if there is one.
set -euo pipefail
cd "${1:?usage: layering.sh SOURCE_DIR}"

strays=0

# complain WHAT PATTERN FOLDER...: no file of the folders includes what matches the pattern.
complain() {
  local what=$1 pattern=$2
  shift 2
  local found
  found=$(grep -rnE "^[[:space:]]*#[[:space:]]*include[[:space:]]*$pattern" \
    --include='*.c' --include='*.h' "$@" 2>/dev/null || true)
  if [ -n "$found" ]; then
    printf '%s:\n%s\n' "$what" "$found"
    strays=$((strays + 1))
  fi
}

# order FOLDER ROOM...: the rooms of a folder, top first. No file of a room includes a header of a
# room above it, but for state.h of the core, and each source file of the folder lies in one of the
# rooms.
order() {
  local folder=$1 above='' room
  local listed=()
  shift
  for room in "$@"; do
    listed+=(! -regex "$folder/$room/[^/]*")
    if [ ! -d "$folder/$room" ]; then
      printf '%s\n' "$folder has no room '$room'"
      strays=$((strays + 1))
    elif [ -n "$above" ]; then
      complain "$folder/$room includes a room above it" \
        "\"$folder/($above)/([^s\"]|s[^t\"]|st[^a\"]|sta[^t\"]|stat[^e\"]|state[^.\"])" "$folder/$room"
    fi
    above=${above:+$above|}$room
  done
  local stray
  stray=$(find "$folder" -type f -name '*.[ch]' "${listed[@]}")
  if [ -n "$stray" ]; then
    printf '%s:\n%s\n' "$folder has files outside of its rooms" "$stray"
    strays=$((strays + 1))
  fi
}

all=(crypto proto src include)
without() { # the folders of `all` and src/* without the named one
  local folder
  for folder in crypto proto include src/core src/host src/daemon src/client src/gateway src/cli src/db src/price src/sim; do
    [ "$folder" = "$1" ] || [ ! -d "$folder" ] || echo "$folder"
  done
}

complain "libsodium outside crypto" '[<"]sodium' $(without crypto)
complain "msgpack-c outside proto" '[<"]msgpack' $(without proto)
complain "libev outside src/daemon" '[<"]ev(\+\+)?\.h' $(without src/daemon)
complain "LMDB outside src/db" '[<"]lmdb' $(without src/db)
complain "libseccomp outside src/daemon/sandbox/sandbox_calls.c" '[<"]seccomp\.h' $(without src/daemon) \
  $(find src/daemon -type f ! -path src/daemon/sandbox/sandbox_calls.c)

complain "libmicrohttpd outside src/gateway/serve" '[<"]microhttpd' $(without src/gateway) src/gateway/http src/gateway/link
complain "xxHash outside src/sim" '[<"]xxh' $(without src/sim)
complain "Jansson outside src/sim and src/gateway/http" '[<"]jansson' $(without src/sim | grep -vx src/gateway) \
  src/gateway/link src/gateway/serve

complain "crypto includes what lies above it" '"(proto|src)/' crypto
complain "proto includes what lies above it" '"src/' proto
complain "core includes what lies above it" '"src/(host|daemon|client|gateway|cli|db|sim)/' src/core
complain "db includes more than the public headers and crypto" \
  '"(proto|src/(core|host|daemon|client|gateway|cli|sim))/' src/db
complain "the price includes more than itself" '"(crypto|proto|src/(core|host|daemon|client|gateway|cli|db|sim))/' src/price
complain "the command line includes the simulator" '"src/sim/' src/cli
complain "host includes the daemon, the command line or the simulator" '"src/(daemon|client|gateway|cli|sim)/' src/host
complain "daemon includes the command line or the simulator" '"src/(client|gateway|cli|sim)/' src/daemon
complain "the readers of answers include more than proto" '"src/(core|host|daemon|gateway|cli|db|sim)/' src/client
complain "the gateway includes the command line, the simulator, the database or more of the core than its base" \
  '"src/(cli|sim|db|core/(node|inbound|audit|upkeep|operations|lookup|storage|rpc|routing))/' src/gateway
complain "the gateway includes the daemon's node" '"src/daemon/(app|control|metrics|health|state)/' src/gateway
complain "the simulator includes the daemon or the command line" '"src/(client|gateway|cli|host|daemon|db)/' src/sim
complain "public headers include private ones" '"(crypto|proto|src)/' include
complain "core reaches for sockets, clocks, threads or stdio" \
  '<(sys/(socket|time|epoll|un)|netinet/|arpa/|time|stdio|pthread|threads|poll|unistd)' src/core
complain "the machine of port mapping reaches for sockets, clocks, threads or stdio, or includes more than itself" \
  '(<(sys/(socket|time|epoll|un)|netinet/|arpa/|time|stdio|pthread|threads|poll|unistd)|"(crypto|proto|src/([^h]|host/[^p])))' src/host/portmap
complain "a path that does not begin at the root" '"(\.|[^"/]*")' "${all[@]}"
complain "a source file is included" '"[^"]*\.c"' "${all[@]}" tests bench

complain "a header of the core includes the whole state of a node" '"src/core/node/state\.h"' \
  $(find src/core -name '*.h')
complain "state.h outside src/core" '"src/core/node/state\.h"' $(without src/core) tests bench fuzz
complain "what ships looks inside a node" '"src/core/node/parts\.h"' \
  $(find "${all[@]}" -name '*.[ch]' ! -path src/core/node/parts.c)

# Files of the core include the state of a node, which lies on top; tests/calls.sh sees to it that
# they call nothing up there.
order src/core node inbound audit upkeep relay operations forward lookup storage rpc routing base
order src/host api drive files portmap state net system loop
order src/daemon app metrics control health state sandbox system
order src/sim program report experiment adversaries world scenario base
order src/gateway serve link http
order src/cli commands top file client base

if [ "$strays" -ne 0 ]; then
  echo "layering: $strays rule(s) broken"
  exit 1
fi
echo "layering: every include points down"
