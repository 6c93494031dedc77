/* skad get: fetches a file by its key. */
#include "src/cli/client/client.h"
#include "src/cli/commands/commands.h"
#include "src/cli/file/file_get.h"
#include "src/cli/file/spool.h"

static skad_exit fetch(const skad_options *options, const skad_id *key, skad_spool *spool,
                       skad_failure *failure)
{
    skad_client client;
    skad_exit exit = skad_client_open(options, &client, failure);
    if (exit == SKAD_EXIT_DONE) {
        const skad_file_get_request request = {
            .root = *key,
            .fd = spool->fd,
            .bytes_max = options->max_bytes,
            .forward = options->forward,
            .chains = (uint8_t)options->chains,
        };
        exit = skad_file_get(&client, &request, failure);
        skad_client_close(&client);
    }
    return exit;
}

static skad_exit run(const skad_options *options)
{
    skad_failure failure;
    skad_spool spool;
    skad_id key;

    if (!skad_read_id(&skad_command_get, options->argument, "key", &key, &failure)) {
        return skad_complain(SKAD_EXIT_USAGE, &failure);
    }
    if (!skad_spool_open(options->output, &spool, &failure)) {
        return skad_complain(SKAD_EXIT_FAILED, &failure);
    }
    skad_exit exit = fetch(options, &key, &spool, &failure);
    if (exit != SKAD_EXIT_DONE) {
        skad_spool_discard(&spool);
    } else if (!skad_spool_commit(&spool, &failure)) {
        exit = SKAD_EXIT_FAILED;
    }
    return exit == SKAD_EXIT_DONE ? exit : skad_complain(exit, &failure);
}

const skad_command skad_command_get = {
    .name = "get",
    .usage = "get KEY [-o FILE] [--max-bytes N] [--forward] [--chains N] [--socket PATH] "
             "[--timeout SECONDS]",
    .summary = "Fetch a file by its key",
    .details =
        "Each record is checked against its key. With -o what comes is gathered in FILE.part,\n"
        "which becomes FILE when it is whole; if that fails or is interrupted, the next get of\n"
        "the same key goes on where it stopped. To stdout nothing is written unless the whole\n"
        "file is there; a terminal is shown bytes that are not text as \\xNN. A file of more than\n"
        "--max-bytes is refused before anything is written. With --forward the node asks a few of\n"
        "its contacts, which ask on: none of those that hold the file learns which node wants it.",
    .options =
        SKAD_OPTIONS_CLIENT | SKAD_OPTION_OUTPUT | SKAD_OPTION_MAX_BYTES | SKAD_OPTIONS_FORWARD,
    .argument = true,
    .argument_needed = true,
    .run = run,
};
