/* The exit codes of `skad`. They are stable; docs/cli.md lists them. */
#ifndef SKAD_CLI_BASE_EXIT_H
#define SKAD_CLI_BASE_EXIT_H

#include "src/host/system/failure.h"

typedef enum skad_exit {
    SKAD_EXIT_DONE = 0,
    SKAD_EXIT_FAILED = 1,
    SKAD_EXIT_USAGE = 2,
    SKAD_EXIT_NOT_FOUND = 3,
    SKAD_EXIT_TIMED_OUT = 4,
    SKAD_EXIT_REFUSED = 5, /* no holder took it, or too few */
    SKAD_EXIT_ALONE = 6,   /* only this node has it */
} skad_exit;

#endif
