/* skad ping: asks which node is at an address. */
#include <stdio.h>

#include "proto/address.h"
#include "src/cli/client/text.h"
#include "src/cli/commands/commands.h"
#include "src/host/net/scoped.h"

static void print(const skad_options *options, skad_answer result)
{
    (void)options;
    char text[SKAD_ANSWER_TEXT_BYTES];
    char rtt[SKAD_TEXT_BYTES];

    skad_text_of(result, "id", text);
    printf("node      %s\n", text);
    skad_text_of(result, "address", text);
    printf("address   %s\n", text);
    skad_text_duration(skad_answer_uint(result, "rtt_us"), rtt);
    printf("time      %s\n", rtt);
    skad_text_of(result, "observed", text);
    printf("sees us   %s\n", text);
}

static skad_exit run(const skad_options *options)
{
    skad_control_request request = {.method = SKAD_CONTROL_PING};
    skad_scoped scoped;
    skad_failure failure;

    /* The interface is the daemon's business; a wrong one is told here. */
    const skad_scoped_outcome outcome = skad_scoped_parse(options->argument, &scoped, &failure);
    request.address = scoped.address;
    if (outcome == SKAD_SCOPED_REFUSED) {
        return skad_complain(SKAD_EXIT_USAGE, &failure);
    }
    if (outcome == SKAD_SCOPED_NO_ADDRESS || request.address.port == 0) {
        (void)skad_fail(&failure, "ping: %s: give ADDR:PORT or [ADDR]:PORT", options->argument);
        return skad_complain(SKAD_EXIT_USAGE, &failure);
    }
    return skad_ask_and_show(options, &request, NULL, print);
}

const skad_command skad_command_ping = {
    .name = "ping",
    .usage = "ping ADDR:PORT [--json] [--socket PATH] [--timeout SECONDS]",
    .summary = "Ask the node at an address for a sign of life",
    .options = SKAD_OPTIONS_CLIENT | SKAD_OPTION_JSON,
    .argument = true,
    .argument_needed = true,
    .run = run,
};
