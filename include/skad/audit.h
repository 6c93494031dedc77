/* Storage audits, as a node sees them: which round is under way, whether the node plays in it, and
 * what came of those in which it played. docs/core/audit.md tells how an audit works; how the
 * ballots of a round are found and tallied, proto/PROTOCOL.md. */
#ifndef SKAD_AUDIT_H
#define SKAD_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/compiler.h"
#include "skad/node.h"
#include "skad/record.h"
#include "skad/types.h"

SKAD_BEGIN

#define SKAD_AUDIT_VERDICTS 5 /* unjudged, agrees, lacks, withheld, contradicts */
#define SKAD_AUDIT_REFUSALS 5 /* see skad_node_audit.refused */

typedef struct skad_node_audit {
    uint64_t period_s; /* of a round; 0: this node takes no part in audits */
    uint64_t round;    /* under way */
    skad_id anchor;    /* of that round */
    skad_id key;       /* under which its ballots are announced */
    bool plays;        /* the node is of the neighbourhood that the round has drawn */
    uint8_t players;   /* others of it that the node knows */
    uint64_t played;   /* rounds, since the start */
    uint64_t ballots;  /* announced */
    uint64_t committed;
    uint64_t revealed;                      /* commitments made for others, and revealed */
    uint64_t lacking;                       /* reveals that told of a record that we lack */
    uint64_t verdicts[SKAD_AUDIT_VERDICTS]; /* on others */
    uint64_t refused[SKAD_AUDIT_REFUSALS];  /* requests: of past rounds, of coming ones, not for
                                               us to answer, contradicting the same sender's
                                               earlier one, without a place */
    uint64_t invalid;                       /* answers without a valid signature */
    uint64_t reserved[8];
} skad_node_audit;

/* Fills in the state of audits. */
void skad_node_audit_get(const skad_node *node, skad_node_audit *out);

/* Returns the key under which the ballots of a round are announced; zero if the node takes no part
 * in audits. They are found by skad_node_get, as announcements. */
void skad_node_audit_key(const skad_node *node, uint64_t round, skad_id *out);

/* Writes the record of a provider, by its place in the SKAD_EVENT_GET that was polled last, as it
 * was found: with its signature. Returns its length; 0 if there is none. To be called before the
 * next call that takes the node. */
size_t skad_node_provider_record(skad_node *node, size_t index,
                                 uint8_t out[SKAD_AT_LEAST(SKAD_RECORD_BYTES_MAX)]);

SKAD_END

#endif
