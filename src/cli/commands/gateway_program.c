/* The gateway itself: what `skad gateway` starts (gateway_start.c). */
#include <stdio.h>

#include "skad/text.h"
#include "src/cli/commands/cmd_gateway.h"
#include "src/cli/commands/commands.h"
#include "src/daemon/system/log.h"
#include "src/gateway/serve/gateway.h"
#include "src/host/system/failure.h"

#define PORT_DEFAULT 4780

/* Where it listens is told once it does: scripts wait for this line. */
static void on_ready(void *user, const skad_address *bound)
{
    char text[SKAD_ADDRESS_TEXT_BYTES];
    (void)user;
    skad_address_format(bound, text);
    printf("http://%s/\n", text);
    (void)fflush(stdout);
}

static bool choose_address(const skad_options *options, skad_address *out, skad_failure *failure)
{
    static const skad_address loopback = {
        .family = SKAD_FAMILY_IPV4, .port = PORT_DEFAULT, .ip = {127, 0, 0, 1}};
    *out = options->listen_count > 0 ? options->listen[0] : loopback;
    if (options->listen_count > 1) {
        return skad_fail(failure, "gateway: give one address to listen on");
    }
    return skad_gateway_is_loopback(out) || options->anywhere ||
           skad_fail(failure,
                     "gateway: other machines reach this address: keep to 127.0.0.1 behind a "
                     "server that speaks TLS, or add --anywhere");
}

skad_exit skad_gateway_command(const skad_options *options)
{
    skad_failure failure;
    const skad_log_to log = skad_log_stderr(SKAD_LOG_INFO);
    skad_gateway_config config = {
        .socket = options->socket,
        .access = options->access,
        .sandbox = options->sandbox,
        .connections = (unsigned)options->connections,
        .streams = (unsigned)options->streams,
        .rate = (unsigned)options->rate,
        .file_bytes = options->max_bytes,
        .log = log,
        .ready = on_ready,
    };
    if (!choose_address(options, &config.listen, &failure) ||
        (options->token_file != NULL &&
         !skad_access_read_token(options->token_file, &config.access, &failure))) {
        return skad_complain(SKAD_EXIT_USAGE, &failure);
    }
    if (!skad_gateway_is_loopback(&config.listen)) {
        skad_log(log, SKAD_LOG_WARNING,
                 "other machines reach this gateway, and what they send and get, the token "
                 "included, can be read on the way: put a server that speaks TLS before it");
    }
    skad_sandbox_guard_secrets();
    return skad_gateway_run(&config, &failure) ? SKAD_EXIT_DONE
                                               : skad_complain(SKAD_EXIT_FAILED, &failure);
}
