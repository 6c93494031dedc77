/* `skad gateway`. The gateway is a program of its own, skad-gateway, so that no server of HTTP, and
 * none of the libraries that it takes, is ever part of a daemon. */
#ifndef SKAD_CLI_COMMANDS_CMD_GATEWAY_H
#define SKAD_CLI_COMMANDS_CMD_GATEWAY_H

#include "src/cli/base/exit.h"
#include "src/cli/base/options.h"

/* In skad: starts skad-gateway, which lies beside it (gateway_start.c). There: serves
 * (gateway_program.c). */
skad_exit skad_gateway_command(const skad_options *options);

#endif
