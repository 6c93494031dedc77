/* skad testnet: a network in one process, for trying things out. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "src/cli/commands/commands.h"
#include "src/daemon/app/testnet.h"

static void on_node(void *user, const char *address, const char *control_path)
{
    (void)user;
    printf("%s %s\n", address, control_path);
    (void)fflush(stdout);
}

static void on_ready(void *user)
{
    (void)user;
    puts("ready");
    (void)fflush(stdout);
}

static bool make_temporary(char dir[static PATH_MAX], skad_failure *failure)
{
    const char *where = getenv("TMPDIR");
    if (where == NULL || where[0] == 0 || strlen(where) > PATH_MAX - 32) {
        where = "/tmp";
    }
    (void)snprintf(dir, PATH_MAX, "%s/skad-testnet-XXXXXX", where);
    return mkdtemp(dir) != NULL ||
           skad_fail(failure, "cannot make a folder in %s: %s", where, strerror(errno));
}

static bool read_count(const char *text, size_t *out, skad_failure *failure)
{
    char *end = NULL;
    *out = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end != 0 || *out < SKAD_TESTNET_NODES_MIN ||
        *out > SKAD_TESTNET_NODES_MAX) {
        return skad_fail(failure, "testnet: give a number of nodes from %d to %d",
                         SKAD_TESTNET_NODES_MIN, SKAD_TESTNET_NODES_MAX);
    }
    return true;
}

static bool make_folder(const skad_options *options, char dir[static PATH_MAX],
                        skad_failure *failure)
{
    if ((options->given & SKAD_OPTION_DIR) == 0) {
        return make_temporary(dir, failure);
    }
    memcpy(dir, options->dir, sizeof options->dir);
    return mkdir(dir, S_IRWXU) == 0 || errno == EEXIST ||
           skad_fail(failure, "cannot make %s: %s", dir, strerror(errno));
}

static skad_exit run(const skad_options *options)
{
    skad_failure failure;
    skad_testnet_config config = {
        .base_port = (uint16_t)options->base_port, .node = on_node, .ready = on_ready};
    char dir[PATH_MAX];

    config.profile = (options->given & SKAD_OPTION_PROFILE) != 0 ? options->profile
                                                                 : skad_profile_builtin("test");
    if (!config.profile->allow_private) {
        (void)skad_fail(&failure,
                        "testnet: its nodes are on 127.0.0.1, which the network '%s' leaves out: "
                        "give a profile with 'allow_private = yes'",
                        config.profile->name);
        return skad_complain(SKAD_EXIT_USAGE, &failure);
    }
    if (!read_count(options->argument, &config.nodes, &failure)) {
        return skad_complain(SKAD_EXIT_USAGE, &failure);
    }
    if (options->base_port != 0 && options->base_port + config.nodes - 1 > UINT16_MAX) {
        (void)skad_fail(&failure, "--base-port: the last port would be above 65535");
        return skad_complain(SKAD_EXIT_USAGE, &failure);
    }
    if (!make_folder(options, dir, &failure)) {
        return skad_complain(SKAD_EXIT_FAILED, &failure);
    }
    config.dir = dir;
    config.keep = (options->given & SKAD_OPTION_DIR) != 0;
    bool ok = skad_testnet_run(&config, &failure);
    if ((options->given & SKAD_OPTION_DIR) == 0) {
        rmdir(dir); /* the sockets in it are gone with their nodes */
    }
    return ok ? SKAD_EXIT_DONE : skad_complain(SKAD_EXIT_FAILED, &failure);
}

const skad_command skad_command_testnet = {
    .name = "testnet",
    .usage = "testnet N [--base-port PORT] [--dir DIR] [--profile NAME|FILE]",
    .summary = "Run N nodes in one process, of the test network by default",
    .details =
        "They listen on 127.0.0.1 and join each other. Prints a line 'ADDR:PORT SOCKET' for\n"
        "each, then 'ready' once all have joined; runs until SIGTERM or SIGINT. The sockets\n"
        "are in DIR, by default a temporary folder that goes with the network. A DIR keeps the\n"
        "identities and peers as well: with the same ports the same network comes back.",
    .options = SKAD_OPTION_BASE_PORT | SKAD_OPTION_DIR | SKAD_OPTION_PROFILE,
    .argument = true,
    .argument_needed = true,
    .run = run,
};
