/* Progress lines, drawn over each other with a carriage return and "erase to the end of line". */
#include "src/cli/base/progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define ERASE "\r\033[K"

void skad_progress_puzzle(const skad_progress *progress, void *user)
{
    (void)user;
    if (!isatty(STDERR_FILENO)) {
        return;
    }
    (void)fprintf(stderr, ERASE "%s puzzle: %" PRIu64 " tries in %.0f s", progress->stage,
                  progress->tries, progress->elapsed_s);
    if (progress->tries_per_s > 0) {
        (void)fprintf(stderr, ", %.0f a second; takes %.1f s on average, by luck less or more",
                      progress->tries_per_s, progress->tries_expected / progress->tries_per_s);
    }
    (void)fflush(stderr);
}

void skad_progress_clear(void)
{
    if (isatty(STDERR_FILENO)) {
        (void)fputs(ERASE, stderr);
        (void)fflush(stderr);
    }
}
