/* The code that several commands share. */
#include "src/cli/commands/commands.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "proto/address.h"
#include "src/cli/client/client.h"
#include "src/client/json.h"

skad_exit skad_complain(skad_exit exit, const skad_failure *failure)
{
    (void)fflush(stdout);
    (void)fprintf(stderr, "skad: %s\n", failure->text);
    return exit;
}

void skad_warn_dense(skad_answer result, const char *advice)
{
    if (skad_answer_bool(result, "dense")) {
        (void)fflush(stdout);
        (void)fprintf(stderr,
                      "skad: take care: the nodes closest to this key are denser than chance "
                      "allows, as if one party had made them to own it; %s\n",
                      advice);
    }
}

skad_exit skad_printed(void)
{
    skad_failure failure;
    if (fflush(stdout) == 0 && ferror(stdout) == 0) {
        return SKAD_EXIT_DONE;
    }
    (void)skad_fail(&failure, "cannot write to stdout: %s", strerror(errno));
    return skad_complain(SKAD_EXIT_FAILED, &failure);
}

skad_exit skad_daemon_request(const skad_options *options, skad_control_request *request,
                              skad_notice_handler on_notice, skad_client *client,
                              skad_answer *result)
{
    skad_failure failure;
    skad_exit exit = skad_client_open(options, client, &failure);
    if (exit == SKAD_EXIT_DONE) {
        client->on_notice = on_notice;
        exit = skad_client_call(client, request, result, &failure);
        if (exit != SKAD_EXIT_DONE) {
            skad_client_close(client);
        }
    }
    return exit == SKAD_EXIT_DONE ? exit : skad_complain(exit, &failure);
}

void skad_show_answer(const skad_options *options, skad_answer result, skad_answer_printer print)
{
    if (options->json) {
        skad_json_write(stdout, result);
        puts("");
    } else {
        print(options, result);
    }
}

skad_exit skad_ask_and_show(const skad_options *options, skad_control_request *request,
                            skad_notice_handler on_notice, skad_answer_printer print)
{
    skad_client client;
    skad_answer result;
    skad_exit exit = skad_daemon_request(options, request, on_notice, &client, &result);
    if (exit != SKAD_EXIT_DONE) {
        return exit;
    }
    skad_show_answer(options, result, print);
    skad_client_close(&client);
    return skad_printed();
}

bool skad_read_id(const skad_command *command, const char *text, const char *what, skad_id *out,
                  skad_failure *failure)
{
    return skad_id_parse(text, out) ||
           skad_fail(failure, "%s: a %s has 64 hex digits", command->name, what);
}

skad_span skad_text_span(const char *text)
{
    return text == NULL ? (skad_span){NULL, 0} : (skad_span){(const uint8_t *)text, strlen(text)};
}
