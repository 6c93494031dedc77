/* Which of our records a challenge is about. The prover takes all that it holds of its region, from
 * a place on that the challenge draws, in the order of their keys, round the region's end; no more
 * than 256. The verifier takes a few of its own from the first 128, at random. Both take only what
 * is held for a whole life, not cached copies, and records that are what their keys say.
 *
 * The verifier also passes over what it has not held for long, and what ends soon: such records may
 * rightly be missing elsewhere. */
#ifndef SKAD_AUDIT_LEAVES_H
#define SKAD_AUDIT_LEAVES_H

#include <stddef.h>
#include <stdint.h>

#include "proto/audit.h"
#include "skad/node.h"

#define SKAD_LEAVES_READ_MAX 1024 /* records that are looked at for one challenge */
#define SKAD_LEAVES_PICKED   128  /* of the verifier's, from which it picks */

/* A record that the verifier asks for. */
typedef struct skad_leaves_pick {
    uint8_t leaf[SKAD_AUDIT_LEAF_BYTES]; /* that it should have; begins with its point */
    bool immutable;
    skad_id key;
} skad_leaves_pick;

/* The leaves of our region of so many bits around the anchor. */
void skad_leaves_collect(skad_node *node, const skad_audit_case *of, unsigned bits,
                         skad_audit_leaves *out);

/* Picks up to SKAD_AUDIT_POINTS_MAX of our records that a prover of a region of so many bits should
 * hold, which were stored before `before_unix_s`; none where its commitment is full and begins
 * outside of our region. Returns how many. */
size_t skad_leaves_pick_some(skad_node *node, const skad_audit_case *of,
                             const skad_audit_commitment *commitment, uint64_t before_unix_s,
                             skad_leaves_pick out[static SKAD_AUDIT_POINTS_MAX]);

#endif
