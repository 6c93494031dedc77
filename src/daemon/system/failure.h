/* Why a request of the operator failed: one sentence that says what to do. The function that fails
 * writes it, and the part that talks to the operator prints it. */
#ifndef SKAD_DAEMON_SYSTEM_FAILURE_H
#define SKAD_DAEMON_SYSTEM_FAILURE_H

#include <stdbool.h>

#define SKAD_FAILURE_BYTES 512

typedef struct skad_failure {
    char text[SKAD_FAILURE_BYTES]; /* without "skad: " and without a newline */
} skad_failure;

/* Fills in the sentence (cut if it is too long) and returns false, for `return skad_fail(...)`. */
__attribute__((format(printf, 2, 3))) bool skad_fail(skad_failure *failure, const char *format,
                                                     ...);

#endif
