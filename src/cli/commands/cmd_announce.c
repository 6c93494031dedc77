/* skad announce: has the node announce itself under a key. */
#include <stdio.h>

#include "src/cli/client/client.h"
#include "src/cli/client/text.h"
#include "src/cli/commands/commands.h"
#include "src/cli/commands/stored.h"

static bool read_endpoint(const skad_options *options, skad_address *out, skad_failure *failure)
{
    bool port = (options->given & SKAD_OPTION_PORT) != 0;
    bool address = (options->given & SKAD_OPTION_ADDRESS) != 0;
    if (port == address) {
        return skad_fail(failure, "announce: give --port or --address, one of them");
    }
    *out = address ? options->address : (skad_address){.port = (uint16_t)options->port};
    return true;
}

static void print(const skad_options *options, skad_answer result)
{
    (void)options;
    char key[SKAD_ANSWER_TEXT_BYTES];
    skad_text_of(result, "key", key);
    printf("key        %s\n", key);
    skad_stored_print(result);
}

static skad_exit run(const skad_options *options)
{
    skad_control_request request = {
        .method = SKAD_CONTROL_ANNOUNCE,
        .value = skad_text_span(options->metadata),
        .life_s = (uint32_t)options->life_s,
        .keep = !options->once,
    };
    skad_failure failure;
    skad_client client;
    skad_answer result;

    if (!skad_read_id(&skad_command_announce, options->argument, "key", &request.id, &failure) ||
        !read_endpoint(options, &request.address, &failure)) {
        return skad_complain(SKAD_EXIT_USAGE, &failure);
    }
    skad_exit exit = skad_daemon_request(options, &request, NULL, &client, &result);
    if (exit != SKAD_EXIT_DONE) {
        return exit;
    }
    skad_show_answer(options, result, print);
    exit = skad_stored_exit(result, request.keep);
    skad_client_close(&client);
    return exit == SKAD_EXIT_DONE ? skad_printed() : exit;
}

const skad_command skad_command_announce = {
    .name = "announce",
    .usage = "announce KEY --port PORT | --address ADDR:PORT [--metadata TEXT] [--life SECONDS]\n"
             "                     [--once] [--json] [--socket PATH] [--timeout SECONDS]",
    .summary = "Announce this node under a key, for others to find with 'skad providers'",
    .details =
        "The node signs the announcement and renews it each hour until 'skad withdraw KEY';\n"
        "with --once it is left to expire. One node has one announcement under a key.",
    .options = SKAD_OPTIONS_CLIENT | SKAD_OPTION_JSON | SKAD_OPTION_PORT | SKAD_OPTION_ADDRESS |
               SKAD_OPTION_METADATA | SKAD_OPTION_LIFE | SKAD_OPTION_ONCE,
    .argument = true,
    .argument_needed = true,
    .run = run,
};
