/* skad withdraw: stops re-announcing what is published under a key. */
#include <inttypes.h>
#include <stdio.h>

#include "src/cli/client/client.h"
#include "src/cli/commands/commands.h"
#include "src/cli/file/file_withdraw.h"

static skad_exit withdraw(const skad_options *options, skad_client *client, const skad_id *key,
                          uint64_t *withdrawn, skad_failure *failure)
{
    skad_control_request request = {.method = SKAD_CONTROL_WITHDRAW, .id = *key};
    skad_answer result;

    if (options->file) {
        return skad_file_withdraw(client, key, withdrawn, failure);
    }
    skad_exit exit = skad_client_call(client, &request, &result, failure);
    *withdrawn = exit == SKAD_EXIT_DONE ? skad_answer_uint(result, "withdrawn") : 0;
    return exit;
}

static skad_exit report(const skad_options *options, uint64_t withdrawn)
{
    skad_failure failure;
    if (options->json) {
        printf("{\"withdrawn\":%" PRIu64 "}\n", withdrawn);
    } else if (withdrawn > 0) {
        printf("withdrawn  %" PRIu64 "\n", withdrawn);
    }
    if (withdrawn == 0) {
        (void)skad_fail(&failure, "this node publishes nothing under this key: see 'skad records "
                                  "--published'");
        return skad_complain(SKAD_EXIT_NOT_FOUND, &failure);
    }
    return skad_printed();
}

static skad_exit run(const skad_options *options)
{
    uint64_t withdrawn = 0;
    skad_failure failure;
    skad_client client;
    skad_id key;

    if (!skad_read_id(&skad_command_withdraw, options->argument, "key", &key, &failure)) {
        return skad_complain(SKAD_EXIT_USAGE, &failure);
    }
    skad_exit exit = skad_client_open(options, &client, &failure);
    if (exit == SKAD_EXIT_DONE) {
        exit = withdraw(options, &client, &key, &withdrawn, &failure);
        skad_client_close(&client);
    }
    return exit == SKAD_EXIT_DONE ? report(options, withdrawn) : skad_complain(exit, &failure);
}

const skad_command skad_command_withdraw = {
    .name = "withdraw",
    .usage = "withdraw KEY [--file] [--json] [--socket PATH] [--timeout SECONDS]",
    .summary = "No longer re-announce what this node publishes under a key",
    .details =
        "With --file all records of the file are withdrawn, also those that another file has in\n"
        "common with it. What the holders have stays there until it expires, a day or two\n"
        "later.",
    .options = SKAD_OPTIONS_CLIENT | SKAD_OPTION_JSON | SKAD_OPTION_FILE,
    .argument = true,
    .argument_needed = true,
    .run = run,
};
