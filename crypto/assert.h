/* Assertions about our own code, kept in every build. They are never about data that a peer
 * controls. */
#ifndef SKAD_CRYPTO_ASSERT_H
#define SKAD_CRYPTO_ASSERT_H

#include <stdio.h>
#include <stdlib.h>

#define SKAD_ASSERT(condition)                                                                     \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            (void)fprintf(stderr, "skad: bug: %s:%d: %s\n", __FILE__, __LINE__, #condition);       \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif
