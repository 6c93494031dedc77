/* What tests of matching share: a node among twenty peers that answer its MATCH as they are told,
 * and what they are asked and offered. */
#ifndef SKAD_TESTS_MATCHING_SCRIPT_H
#define SKAD_TESTS_MATCHING_SCRIPT_H

#include "src/core/upkeep/matching.h"
#include "tests/support/handover_script.h"

#define MATCHING_PEERS 20

/* What peers answer to a MATCH, and what came of it. */
typedef struct matching_manner {
    uint64_t differs; /* that is what they say */
    bool only_one;    /* the first that is asked; the others say that nothing differs */
    unsigned matches;
    unsigned asked[MATCHING_PEERS]; /* of each peer */
    unsigned offered[MATCHING_PEERS];
    uint8_t bits;
    uint8_t digests[SKAD_MATCH_BYTES];
} matching_manner;

extern matching_manner matching_how;

/* The digests of others: range 0 differs from nothing. */
extern const uint8_t MATCHING_OTHERS[SKAD_MATCH_BYTES];

/* Setup of a case, in a region that is the whole key space; its teardown is handover_end. */
int matching_begin(void **state);

skad_node *matching_node(void);
skad_match_lists *matching_lists(void);
const skad_id *matching_self(void);

/* The network is as dense as leaves our region so many bits. */
void matching_say_region(unsigned bits);

/* A round that is due now, and what follows within ten seconds. */
void matching_round_now(void);

/* A walk without a record that ends with a round; nothing is sent yet. */
void matching_round_by_itself(void);

/* Whether an ID shares so many bits with ours. */
bool matching_shares(const skad_id *id, unsigned bits);

/* Of all peers together. */
unsigned matching_sum(const unsigned *of_each);

/* Holds so many records in a range of the whole key space. Their last bytes differ, too, as those
 * of hashes do: by these a handover draws lots (handover.h). */
void matching_hold_in(unsigned range, unsigned count);

#endif
