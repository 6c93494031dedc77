/* skad providers: lists the providers that are announced under a key. */
#include <inttypes.h>
#include <stdio.h>

#include "skad/record.h"
#include "src/cli/client/text.h"
#include "src/cli/commands/commands.h"

static void print(const skad_options *options, skad_answer result)
{
    (void)options;
    skad_answer providers = skad_answer_get(result, "providers");
    for (size_t i = 0; i < skad_answer_count(providers); i++) {
        skad_answer provider = skad_answer_at(providers, i);
        char endpoint[SKAD_ANSWER_TEXT_BYTES];
        char publisher[SKAD_ANSWER_TEXT_BYTES];
        char metadata[4 * SKAD_METADATA_BYTES_MAX + 8];
        skad_text_of(provider, "endpoint", endpoint);
        skad_text_of(provider, "publisher", publisher);
        skad_text_escape(skad_answer_bytes(provider, "metadata"), metadata, sizeof metadata);
        printf("%-21s %s%s%s\n", endpoint, publisher, metadata[0] != 0 ? " " : "", metadata);
    }
    uint64_t total = skad_answer_uint(result, "total");
    if (total > skad_answer_count(providers)) {
        (void)fprintf(stderr, "skad: %zu of %" PRIu64 " providers\n", skad_answer_count(providers),
                      total);
    }
    skad_warn_dense(result, "they may hide other providers: ask through another node, too");
}

static skad_exit run(const skad_options *options)
{
    skad_control_request request = {.method = SKAD_CONTROL_PROVIDERS};
    skad_failure failure;

    if (!skad_read_id(&skad_command_providers, options->argument, "key", &request.id, &failure)) {
        return skad_complain(SKAD_EXIT_USAGE, &failure);
    }
    return skad_ask_and_show(options, &request, NULL, print);
}

const skad_command skad_command_providers = {
    .name = "providers",
    .usage = "providers KEY [--json] [--socket PATH] [--timeout SECONDS]",
    .summary = "Show who is announced under a key",
    .details =
        "A line for each: the endpoint ('-': none given), the public key of who signed the\n"
        "announcement, and the metadata, in which bytes that are not printable ASCII are\n"
        "written as \\xNN. Of more than 64 a random choice is shown, and stderr tells how many\n"
        "there are.",
    .options = SKAD_OPTIONS_CLIENT | SKAD_OPTION_JSON,
    .argument = true,
    .argument_needed = true,
    .run = run,
};
