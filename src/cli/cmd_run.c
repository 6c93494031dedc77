/* skad run: a node in the foreground. */
#include <stdio.h>

#include "src/cli/commands.h"
#include "src/cli/progress.h"
#include "src/daemon/home.h"
#include "src/daemon/run.h"

typedef struct run_context {
    const skad_options *options;
    skad_home home;
} run_context;

static bool identify(void *user, skad_identity *out, skad_failure *failure)
{
    const skad_solve_options solve = {.progress = skad_progress_puzzle};
    const run_context *self = user;
    bool made = false;

    bool ok = skad_home_identity(&self->home, self->options->profile, &solve, out, &made, failure);
    skad_progress_clear();
    if (ok && made) {
        skad_log(SKAD_LOG_INFO, SKAD_LOG_INFO, "made a new identity, %s", self->home.identity);
    }
    return ok;
}

static bool run_node(run_context *self, skad_failure *failure)
{
    const skad_options *options = self->options;
    const skad_home *home = &self->home;
    skad_daemon_config config = {
        .profile = options->profile,
        .identify = identify,
        .identity_path = home->identity,
        .peers_path = home->peers,
        .records_path = home->records,
        .control_path =
            (options->given & SKAD_OPTION_SOCKET) != 0 ? options->socket : home->control,
        .listen = options->listen,
        .listen_count = options->listen_count,
        .join = options->join,
        .join_count = options->join_count,
        .log = SKAD_LOG_INFO,
        .user = self,
    };
    return skad_run(&config, failure);
}

static skad_exit run(const skad_options *options)
{
    run_context self = {.options = options};
    skad_failure failure;

    bool ok = skad_home_init(options->dir, &self.home, &failure) &&
              skad_home_make(&self.home, &failure) && run_node(&self, &failure);
    return ok ? SKAD_EXIT_DONE : skad_complain(SKAD_EXIT_FAILED, &failure);
}

const skad_command skad_command_run = {
    .name = "run",
    .usage = "run [--dir DIR] [--profile NAME] [--listen ADDR:PORT]... [--join ADDR:PORT]...\n"
             "                [--socket PATH]",
    .summary = "Run a node until SIGTERM or SIGINT",
    .details =
        "Makes the identity DIR/identity when there is none, and keeps its peers in DIR/peers\n"
        "for the next start. Programs talk to the node through the socket, by default\n"
        "DIR/control.sock. Logs to stderr.",
    .options = SKAD_OPTION_DIR | SKAD_OPTION_PROFILE | SKAD_OPTION_LISTEN | SKAD_OPTION_JOIN |
               SKAD_OPTION_SOCKET,
    .run = run,
};
