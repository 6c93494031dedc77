/* skad top: a live page about the node. */
#include <time.h>

#include "src/cli/client/client.h"
#include "src/cli/commands/commands.h"
#include "src/cli/top/screen.h"

#define PAUSE_MS 2000

static uint64_t now_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* Asks for one part of a picture. */
static bool ask(skad_client *client, skad_control_method method,
                void (*add)(skad_frame *frame, skad_answer answer), skad_frame *frame,
                skad_exit *exit, skad_failure *failure)
{
    skad_control_request request = {.method = method};
    skad_answer result;
    *exit = skad_client_call(client, &request, &result, failure);
    if (*exit == SKAD_EXIT_DONE) {
        add(frame, result);
    }
    return *exit == SKAD_EXIT_DONE;
}

/* Draws pictures until the user has seen enough. */
static skad_exit draw(const skad_options *options, skad_client *client, skad_failure *failure)
{
    static skad_frame frame;
    skad_frame_rates before = {.at_us = 0};
    skad_exit exit = SKAD_EXIT_DONE;
    for (uint64_t drawn = 0;;) {
        skad_frame_begin(&frame, &before, now_us());
        if (!ask(client, SKAD_CONTROL_STATUS, skad_frame_add_status, &frame, &exit, failure) ||
            !ask(client, SKAD_CONTROL_HEALTH, skad_frame_add_health, &frame, &exit, failure) ||
            !ask(client, SKAD_CONTROL_TABLE, skad_frame_add_table, &frame, &exit, failure)) {
            return exit;
        }
        if (!skad_screen_draw(&frame)) {
            (void)skad_fail(failure, "the output cannot be written");
            return SKAD_EXIT_FAILED;
        }
        before = frame.rates;
        drawn++;
        if (drawn == options->count || !skad_screen_wait(PAUSE_MS)) {
            return SKAD_EXIT_DONE;
        }
    }
}

static skad_exit run(const skad_options *options)
{
    skad_client client;
    skad_failure failure;
    skad_exit exit = skad_client_open(options, &client, &failure);
    if (exit == SKAD_EXIT_DONE) {
        skad_screen_begin();
        exit = draw(options, &client, &failure);
        skad_screen_end();
        skad_client_close(&client);
    }
    return exit == SKAD_EXIT_DONE ? exit : skad_complain(exit, &failure);
}

const skad_command skad_command_top = {
    .name = "top",
    .usage = "top [--count N] [--socket PATH] [--timeout SECONDS]",
    .summary = "Show a live page about the node",
    .details =
        "Peers, buckets, traffic, drops, records and health, every two seconds; 'q' ends it.\n"
        "With --count it ends after so many pictures. If the output is no terminal, the\n"
        "pictures follow each other as text.",
    .options = SKAD_OPTIONS_CLIENT | SKAD_OPTION_COUNT,
    .run = run,
};
