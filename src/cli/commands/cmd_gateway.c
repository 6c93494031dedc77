/* skad gateway: HTTP and JSON over a running daemon. */
#include "src/cli/commands/cmd_gateway.h"

#include "src/cli/commands/commands.h"

const skad_command skad_command_gateway = {
    .name = "gateway",
    .usage = "gateway [--listen ADDR:PORT] [--anywhere] [--socket PATH] [--token-file FILE]\n"
             "                    [--host-name NAME]... [--allow-origin ORIGIN]... [--rate N]\n"
             "                    [--connections N] [--streams N] [--max-bytes N] [--sandbox "
             "on|log|off]",
    .summary = "Serve a node over HTTP and JSON, with a page that shows it",
    .details =
        "Runs beside a daemon until SIGTERM or SIGINT; prints its address once it listens. Over\n"
        "the node's monitor socket it only shows the node. Without --token-file it only reads.\n"
        "docs/gateway.md lists all addresses; GET /v1/openapi.json does for programs.",
    .options = SKAD_OPTION_LISTEN | SKAD_OPTION_SOCKET | SKAD_OPTION_SANDBOX |
               SKAD_OPTION_MAX_BYTES | SKAD_OPTIONS_GATEWAY,
    .run = skad_gateway_command,
};
