/* skad resolve: fetches what a publisher has published. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "src/cli/client/client.h"
#include "src/cli/commands/commands.h"
#include "src/cli/file/spool.h"
#include "src/client/json.h"

/* Writes the whole value to a pipe or a file, or nothing. */
static skad_exit write_value(skad_span value, const char *path, skad_failure *failure)
{
    skad_spool spool;
    if (!skad_spool_open(path, &spool, failure)) {
        return SKAD_EXIT_FAILED;
    }
    ssize_t written = value.len == 0 ? 0 : pwrite(spool.fd, value.data, value.len, 0);
    if (written < 0 || (size_t)written != value.len || ftruncate(spool.fd, (off_t)value.len) != 0) {
        (void)skad_fail(failure, "cannot write: %s", strerror(written >= 0 ? ENOSPC : errno));
        skad_spool_discard(&spool);
        return SKAD_EXIT_FAILED;
    }
    return skad_spool_commit(&spool, failure) ? SKAD_EXIT_DONE : SKAD_EXIT_FAILED;
}

static skad_exit show(const skad_options *options, skad_answer result)
{
    skad_failure failure;
    if (options->json) {
        skad_json_write(stdout, result);
        puts("");
        return skad_printed();
    }
    if (skad_answer_bool(result, "conflict")) {
        (void)fprintf(stderr, "skad: take care: its publisher signed another value under the same "
                              "sequence, too\n");
    }
    skad_warn_dense(result, "they may hide a later value: ask through another node, too");
    skad_exit exit = write_value(skad_answer_bytes(result, "value"), options->output, &failure);
    return exit == SKAD_EXIT_DONE ? exit : skad_complain(exit, &failure);
}

static skad_exit run(const skad_options *options)
{
    skad_control_request request = {.method = SKAD_CONTROL_RESOLVE,
                                    .salt = skad_text_span(options->salt),
                                    .forward = options->forward,
                                    .chains = (uint8_t)options->chains};
    skad_failure failure;
    skad_client client;
    skad_answer result;

    if (!skad_read_id(&skad_command_resolve, options->argument, "public key", &request.id,
                      &failure)) {
        return skad_complain(SKAD_EXIT_USAGE, &failure);
    }
    skad_exit exit = skad_daemon_request(options, &request, NULL, &client, &result);
    if (exit == SKAD_EXIT_DONE) {
        exit = show(options, result);
        skad_client_close(&client);
    }
    return exit;
}

const skad_command skad_command_resolve = {
    .name = "resolve",
    .usage = "resolve PUBKEY [--salt TEXT] [-o FILE | --json] [--forward] [--chains N] "
             "[--socket PATH] [--timeout SECONDS]",
    .summary = "Fetch what a publisher has published",
    .details = "All nodes that should hold it are asked; of what they give, what has the right\n"
               "signature and the highest sequence is written, as it is, to stdout or FILE; a\n"
               "terminal is shown bytes that are not text as \\xNN.\n"
               "--json tells the rest: sequence, expiry and what the nodes said.",
    .options = SKAD_OPTIONS_CLIENT | SKAD_OPTION_JSON | SKAD_OPTION_SALT | SKAD_OPTION_OUTPUT |
               SKAD_OPTIONS_FORWARD,
    .argument = true,
    .argument_needed = true,
    .run = run,
};
