/* skad run: a node in the foreground. */
#include <stdio.h>
#include <string.h>

#include "src/cli/base/progress.h"
#include "src/cli/base/settings.h"
#include "src/cli/commands/commands.h"
#include "src/cli/commands/reload.h"
#include "src/daemon/app/foreground.h"
#include "src/daemon/control/control_listen.h"
#include "src/daemon/state/folder_check.h"
#include "src/daemon/system/notify.h"
#include "src/host/state/data_directory.h"

typedef struct run_context {
    const skad_options *options;
    skad_data_directory directory;
    skad_reloader reloader;
    const char *stage; /* of the puzzle, and when the service manager was told of it */
    double told_s;
} run_context;

#define EXTEND_EVERY_S 5.
#define EXTEND_BY_S    30

/* A puzzle takes as long as luck has it, so the service manager is asked for more time again and
 * again. */
static void on_progress(const skad_progress *progress, void *user)
{
    run_context *self = user;
    char why[128];
    skad_progress_puzzle(progress, NULL);
    if (self->stage == progress->stage && progress->elapsed_s - self->told_s < EXTEND_EVERY_S) {
        return;
    }
    self->stage = progress->stage;
    self->told_s = progress->elapsed_s;
    (void)snprintf(why, sizeof why, "solving the %s puzzle of the identity for %.0f s",
                   progress->stage, progress->elapsed_s);
    skad_notify_extend(EXTEND_BY_S, why);
}

static bool identify(void *user, const atomic_bool *stop, skad_identity *out, skad_failure *failure)
{
    run_context *self = user;
    const skad_solve_options solve = {.stop = stop, .progress = on_progress, .user = self};
    bool made = false;

    bool ok = skad_data_directory_identity(&self->directory, self->options->profile, &solve, out,
                                           &made, failure);
    skad_progress_clear();
    if (ok && made) {
        skad_log(skad_log_stderr(SKAD_LOG_INFO), SKAD_LOG_INFO, "made a new identity, %s",
                 self->directory.identity);
    }
    return ok;
}

static const char *control_of(const run_context *self)
{
    const bool given = (self->options->given & SKAD_OPTION_SOCKET) != 0;
    return given ? self->options->socket : self->directory.control;
}

static bool check_sockets(const run_context *self, skad_failure *failure)
{
    const skad_options *options = self->options;
    const skad_control_place places[] = {
        {.path = control_of(self), .option = "--socket"},
        {.path = options->monitor.path, .option = "--monitor-socket"},
        {.path = options->metrics.path[0] != 0 ? options->metrics.path : NULL,
         .option = "--metrics"},
    };
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (places[i].path == NULL) {
            continue;
        }
        if (!skad_control_listen_check(&places[i], failure)) {
            return false;
        }
        for (size_t j = 0; j < i; j++) {
            if (places[j].path != NULL && strcmp(places[i].path, places[j].path) == 0) {
                return skad_fail(failure, "%s and %s are both %s: name two sockets",
                                 places[j].option, places[i].option, places[i].path);
            }
        }
    }
    return true;
}

/* All that can be told before anything is changed. */
static bool check(const run_context *self, skad_failure *failure)
{
    return skad_folder_check(&self->directory, self->options->profile, failure) &&
           check_sockets(self, failure);
}

static bool run_node(run_context *self, skad_failure *failure)
{
    const skad_options *options = self->options;
    const skad_data_directory *directory = &self->directory;
    const char *control = control_of(self);
    const char *settings = skad_settings_path(options->config);
    const skad_sandbox_config sandbox = {
        .wanted = options->sandbox,
        .dir = directory->dir,
        .control_path = control,
        .monitor_path = options->monitor.path,
        .metrics_path = options->metrics.path[0] != 0 ? options->metrics.path : NULL,
        .settings_path = strcmp(settings, SKAD_CONFIG_NONE) == 0 ? NULL : settings,
        .descriptors = (unsigned)options->limits.descriptors,
        .log = skad_log_stderr(SKAD_LOG_INFO),
    };
    skad_daemon_config config = {
        .profile = options->profile,
        .identify = identify,
        .identity_path = directory->identity,
        .peers_path = directory->peers,
        .records_path = directory->records,
        .caps = skad_reload_caps(options),
        .limits = options->limits,
        .control_path = control,
        .control_rights = &options->control_rights,
        .monitor = options->monitor.path != NULL ? &options->monitor : NULL,
        .metrics = skad_metrics_place_is(&options->metrics) ? &options->metrics : NULL,
        .sandbox = &sandbox,
        .listen = options->listen,
        .listen_count = options->listen_count,
        .interface = options->listen_interface,
        .role = options->role,
        .port_mapping = options->port_mapping,
        .local_discovery = options->local_discovery,
        .audit_period_s = options->audits,
        .join = options->join,
        .join_count = options->join_count,
        .peer_sockets = true,
        .workers = (options->given & SKAD_OPTION_WORKERS) != 0 ? (int)options->workers : -1,
        .log = skad_log_stderr(SKAD_LOG_INFO),
        .user = self,
    };
    skad_reload reload;
    skad_reloader_init(&self->reloader, options, &reload);
    const bool ok = skad_run_foreground(&config, &reload, failure);
    skad_reloader_free(&self->reloader);
    return ok;
}

static skad_exit run(const skad_options *options)
{
    run_context self = {.options = options};
    skad_failure failure;

    skad_log_set_level(options->log_level);
    skad_log_set_format(options->log_format);
    if (options->sandbox != SKAD_SANDBOX_OFF) {
        skad_sandbox_guard_secrets();
    }
    bool ok = skad_data_directory_init(options->dir, &self.directory, &failure) &&
              skad_data_directory_make(&self.directory, &failure) && check(&self, &failure) &&
              skad_limits_enter(&options->limits, &failure) && run_node(&self, &failure);
    return ok ? SKAD_EXIT_DONE : skad_complain(SKAD_EXIT_FAILED, &failure);
}

const skad_command skad_command_run = {
    .name = "run",
    .usage =
        "run [--dir DIR] [--profile NAME|FILE] [--listen ADDR:PORT]...\n"
        "                [--join ADDR:PORT]... [--socket PATH] [--sandbox on|log|off]\n"
        "                [--role auto|server|client] [--port-mapping yes|no]\n"
        "                [--local-discovery yes|no] [--audits SECONDS]\n"
        "                [--workers N] [--store MIB] [--log-level LEVEL]\n"
        "                [--log-format FORMAT] [--metrics PLACE] [--socket-mode MODE]\n"
        "                [--socket-group GROUP] [--monitor-socket PATH]\n"
        "                [--monitor-mode MODE] [--monitor-group GROUP] [--memory MIB] [--disk "
        "MIB]\n"
        "                [--bandwidth KIB] [--descriptors N] [--puzzle-share PERCENT]\n"
        "                [--rate-all N] [--rate-unproven N] [--rate-address N] [--config FILE]",
    .summary = "Run a node until SIGTERM or SIGINT",
    .details =
        "Makes the identity DIR/identity when there is none, and keeps its peers in DIR/peers\n"
        "for the next start. Programs talk to the node through the socket, by default\n"
        "DIR/control.sock. Logs to stderr. Once everything is open the process gives up all\n"
        "files but DIR and what looking up names takes, and most system calls.\n"
        "Every option but --config is also a key of the configuration, KEY = VALUE: skad.conf(5).",
    .options = SKAD_OPTIONS_KEYS | SKAD_OPTION_CONFIG,
    .configured = true,
    .run = run,
};
