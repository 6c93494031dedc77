/* skad run: a node in the foreground. */
#include <stdio.h>

#include "src/cli/commands.h"
#include "src/cli/progress.h"
#include "src/daemon/home.h"
#include "src/daemon/run.h"

static bool run_node(const skad_options *options, const skad_home *home, skad_identity *identity,
                     skad_failure *failure)
{
    skad_daemon_config config = {
        .profile = options->profile,
        .identity = identity,
        .identity_path = home->identity,
        .control_path = options->socket_given ? options->socket : home->control,
        .listen = options->listen,
        .listen_count = options->listen_count,
        .join = options->join,
        .join_count = options->join_count,
        .log = SKAD_LOG_INFO,
    };
    return skad_run(&config, failure);
}

static skad_exit run(const skad_options *options)
{
    const skad_solve_options solve = {.progress = skad_progress_puzzle};
    skad_home home;
    skad_identity identity;
    skad_failure failure;
    bool made = false;

    bool ok = skad_home_init(options->dir, &home, &failure) && skad_home_make(&home, &failure) &&
              skad_home_identity(&home, options->profile, &solve, &identity, &made, &failure);
    skad_progress_clear();
    if (!ok) {
        return skad_complain(SKAD_EXIT_FAILED, &failure);
    }
    if (made) {
        skad_log(SKAD_LOG_INFO, SKAD_LOG_INFO, "made a new identity, %s", home.identity);
    }
    ok = run_node(options, &home, &identity, &failure);
    skad_identity_wipe(&identity);
    return ok ? SKAD_EXIT_DONE : skad_complain(SKAD_EXIT_FAILED, &failure);
}

const skad_command skad_command_run = {
    .name = "run",
    .usage = "run [--dir DIR] [--profile NAME] [--listen ADDR:PORT]... [--join ADDR:PORT]...\n"
             "                [--socket PATH]",
    .summary = "Run a node until SIGTERM or SIGINT",
    .details = "Makes the identity DIR/identity when there is none. Programs talk to the node\n"
               "through the socket, by default DIR/control.sock. Logs to stderr.",
    .options = SKAD_OPTION_DIR | SKAD_OPTION_PROFILE | SKAD_OPTION_LISTEN | SKAD_OPTION_JOIN |
               SKAD_OPTION_SOCKET,
    .run = run,
};
