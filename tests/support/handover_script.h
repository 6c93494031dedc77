/* What tests of handovers share: a node that holds records, peers that come to live near it, and
 * what they are handed. */
#ifndef SKAD_TESTS_HANDOVER_SCRIPT_H
#define SKAD_TESTS_HANDOVER_SCRIPT_H

#include "tests/support/fixture.h"

#define DAY_S                 86400U
#define HANDOVER_RECORDS_HELD 12

extern test_fixture handover_fixture;

/* Who was sent copies, and how many. */
typedef struct handover_play {
    const test_remote *newcomer;
    unsigned handed;
    unsigned to_others;
    uint8_t life;    /* of the peer that arrives */
    uint32_t life_s; /* of the last one */
} handover_play;

extern handover_play handover_counts;

/* A network with so many holders of a record, of which the node knows so many peers. */
int handover_begin_with(uint8_t siblings, size_t peers);
int handover_end(void **state);

/* The node holds a record under this key, as if it had been brought now; or some, or many. */
skad_store_name handover_hold(const skad_id *key);
void handover_hold_some(void);
void handover_hold_many(unsigned count);

skad_node_stats handover_stats(void);

/* A peer that we know arrives. It grants us the token that it makes in that life of its. */
void handover_comes(const test_remote *who, uint8_t life);

/* The same, and its walk, which is over after five seconds. */
void handover_walk_for(const test_remote *who);

#endif
