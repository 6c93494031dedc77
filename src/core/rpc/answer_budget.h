/* How many bytes of answers a node may send in a second. An answer beyond that is dropped, so that
 * a flood of requests does not fill the uplink. Answers to requests without a valid token, which
 * may have spoofed sources, have half of it. */
#ifndef SKAD_RPC_ANSWER_BUDGET_H
#define SKAD_RPC_ANSWER_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/core/base/rate.h"

typedef struct skad_answer_budget {
    skad_rate rate; /* in bytes */
    uint64_t until_us;
    uint64_t shed; /* answers that were refused */
} skad_answer_budget;

/* Whether an answer of so many bytes may be sent now, to a request with a valid token or without.
 * If so its bytes are spent, otherwise it is counted as shed. */
bool skad_answer_budget_allows(skad_answer_budget *budget, size_t bytes, bool validated,
                               uint64_t now_us);

#endif
