/* Solves the puzzle of a coming epoch in a thread, and keeps the nonce: in the node, and in the
 * identity file for the next start. */
#ifndef SKAD_HOST_STATE_NONCE_RENEWAL_H
#define SKAD_HOST_STATE_NONCE_RENEWAL_H

#include "skad/node.h"
#include "src/host/loop/loop.h"
#include "src/host/system/report.h"

typedef struct skad_nonce_renewal skad_nonce_renewal;

typedef struct skad_nonce_renewal_config {
    skad_loop *loop;
    const skad_profile *profile;   /* borrowed */
    const skad_identity *identity; /* copied, and wiped at the end */
    const char *path;              /* of the identity file, copied; NULL: none */
    skad_node *node;               /* borrowed */
    unsigned percent; /* of a processor that solving may take, 1 to 100; 0: all of one */
    skad_log_to log;
} skad_nonce_renewal_config;

SKAD_MUST_CHECK skad_status skad_nonce_renewal_new(const skad_nonce_renewal_config *config,
                                                   skad_nonce_renewal **out);
void skad_nonce_renewal_free(skad_nonce_renewal *renewal); /* NULL is allowed */

/* Solves for an epoch; ignored while another one is being solved, since the node asks again. */
void skad_nonce_renewal_start(skad_nonce_renewal *renewal, uint32_t epoch);

/* Whether the puzzle of an epoch is solved. */
bool skad_nonce_renewal_has(const skad_nonce_renewal *renewal, uint32_t epoch);

#endif
