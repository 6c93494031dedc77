/* One vector of a datagram that must be dropped: what its receiver knows, and the reason. */
#ifndef SKAD_TESTS_VECTORS_DROPPED_H
#define SKAD_TESTS_VECTORS_DROPPED_H

#include <stddef.h>
#include <stdint.h>

#include "skad/types.h"
#include "skad/verdict.h"
#include "tests/support/vector_json.h"
#include "tests/support/vectors_identities.h"

typedef struct skad_vector_dropped {
    const char *description;
    skad_verdict verdict;
    const skad_id *self;           /* the receiver */
    const uint8_t *request_digest; /* of the request that it awaits an answer to; NULL: none */
    const skad_id *responder;      /* the node that it asked; NULL: any */
} skad_vector_dropped;

void skad_vector_dropped_write(skad_json *json, const skad_vector_dropped *self,
                               const uint8_t *datagram, size_t len);

/* Those whose body is at fault. */
void skad_vectors_bodies(skad_json *json, const skad_vector_identities *self);

#endif
