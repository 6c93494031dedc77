/* skad sim: starts the simulator. It is a program of its own, so that no part of it, and above all
 * no modelled cryptography, is ever part of a daemon. It is installed beside this program:
 * skad-sim, and skad-sim-real with real cryptography. */
#include "src/cli/commands/cmd_sim.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/cli/commands/commands.h"

#define REAL "-real"

/* Whether the last --crypto asks for real cryptography; the simulator checks all other values. Live
 * nodes have it in any case. */
static bool wants_real(int argc, char **argv)
{
    bool real = argc > 2 && strcmp(argv[2], "reality") == 0;
    for (int i = 2; i < argc; i++) {
        if (strncmp(argv[i], "--crypto=", 9) == 0) {
            real = strcmp(argv[i] + 9, "real") == 0;
        } else if (strcmp(argv[i], "--crypto") == 0 && i + 1 < argc) {
            real = strcmp(argv[i + 1], "real") == 0;
        }
    }
    return real;
}

/* Lets glibc ask the kernel for large pages. A large world touches another node at nearly each
 * step, in gigabytes of memory; with large pages most addresses are found without a walk through
 * page tables. A setting of the environment is left unchanged. */
static void large_pages(void)
{
    (void)setenv("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1", 0);
}

skad_exit skad_sim_start(int argc, char **argv)
{
    char path[PATH_MAX];
    skad_failure failure;
    ssize_t len = readlink("/proc/self/exe", path, sizeof path - sizeof "/skad-sim" REAL);
    if (len <= 0) {
        (void)skad_fail(&failure, "cannot tell where this program lies: %s", strerror(errno));
        return skad_complain(SKAD_EXIT_FAILED, &failure);
    }
    path[len] = 0;
    char *name = strrchr(path, '/');
    (void)snprintf(name, sizeof path - (size_t)(name - path), "/skad-sim%s",
                   wants_real(argc, argv) ? REAL : "");
    large_pages();
    (void)execv(path, argv + 1); /* argv[1], "sim", stands for its name */
    (void)skad_fail(&failure, "cannot start the simulator, %s: %s", path, strerror(errno));
    return skad_complain(SKAD_EXIT_FAILED, &failure);
}
