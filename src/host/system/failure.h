/* Writes why something failed (skad/failure.h). */
#ifndef SKAD_HOST_SYSTEM_FAILURE_H
#define SKAD_HOST_SYSTEM_FAILURE_H

#include <stdbool.h>

#include "skad/failure.h"

/* Fills in the sentence (cut if it is too long) and returns false, for `return skad_fail(...)`. */
__attribute__((format(printf, 2, 3))) bool skad_fail(skad_failure *failure, const char *format,
                                                     ...);

#endif
