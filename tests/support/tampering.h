/* A sound node is tampered with in one way after the other, and asked for its first broken
 * invariant each time. In between, all memory that a case may change is put back byte for byte, so
 * nothing that was tampered with is ever used to free anything. */
#ifndef SKAD_TESTS_TAMPERING_H
#define SKAD_TESTS_TAMPERING_H

#include <stddef.h>

#include "skad/node.h"

typedef struct test_tampering {
    const char *label;
    void (*tamper)(skad_node *node);
    const char *broken; /* the name of the invariant; NULL: the node stays sound */
} test_tampering;

#define BREAKS(invariant, act)                                                                     \
    {                                                                                              \
#act, act, invariant                                                                       \
    }
#define KEEPS(act)                                                                                 \
    {                                                                                              \
#act, act, NULL                                                                            \
    }

/* Fails the test where a case breaks another invariant than it names. */
void test_tamper(skad_node *node, const test_tampering *cases, size_t count, skad_time now);

#endif
