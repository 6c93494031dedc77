/* Starts the gateway, which is installed beside this program, with the words of this one. */
#include "src/cli/commands/cmd_gateway.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "src/cli/commands/commands.h"

#define NAME "/skad-gateway"

skad_exit skad_gateway_command(const skad_options *options)
{
    char path[PATH_MAX];
    skad_failure failure;
    const ssize_t len = readlink("/proc/self/exe", path, sizeof path - sizeof NAME);
    if (len <= 0) {
        (void)skad_fail(&failure, "cannot tell where this program lies: %s", strerror(errno));
        return skad_complain(SKAD_EXIT_FAILED, &failure);
    }
    path[len] = 0;
    char *name = strrchr(path, '/');
    (void)snprintf(name, sizeof path - (size_t)(name - path), NAME);
    (void)execv(path, options->argv);
    (void)skad_fail(&failure, "cannot start the gateway, %s: %s", path, strerror(errno));
    return skad_complain(SKAD_EXIT_FAILED, &failure);
}
