/* What an operator lets a node use of its machine, beyond the caps that each part has anyway. */
#ifndef SKAD_DAEMON_STATE_LIMITS_H
#define SKAD_DAEMON_STATE_LIMITS_H

#include <stdbool.h>

#include "skad/node.h"
#include "src/host/system/failure.h"

#define SKAD_DESCRIPTORS_DEFAULT 256 /* docs/sandbox.md says what they are for */

/* 0 stands for the default. */
typedef struct skad_limits {
    uint64_t memory_mib;     /* of data and stacks; the mapped database does not count */
    uint64_t disk_mib;       /* of the file of records */
    uint64_t bandwidth_kib;  /* a second, of answers */
    uint64_t descriptors;    /* open files and sockets */
    uint64_t puzzle_percent; /* of a processor, that a running node solves puzzles with */
    uint64_t rate_all;       /* requests a second that are verified: with a token, */
    uint64_t rate_unproven;  /* without one, */
    uint64_t rate_address;   /* and without one of one address */
} skad_limits;

/* Changes rates accordingly. A network without rates has those of the public one as soon as one is
 * given. */
void skad_limits_change_rates(const skad_limits *limits, skad_node_rates *rates);

/* Limits memory and descriptors of this process; what the system allows is never exceeded. */
SKAD_MUST_CHECK bool skad_limits_enter(const skad_limits *limits, skad_failure *failure);

#endif
