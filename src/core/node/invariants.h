/* What must hold for a node between any two calls that take it, whatever other peers send. Tests,
 * fuzzers and the simulator check it after each step; the node itself never does.
 *
 * The checks only read and do not allocate. Each function returns NULL while all is well, or the
 * name of the first broken invariant, a sentence. Cost: a few passes over the node's tables, and
 * one pass over the peers for each peer where address groups have quotas. */
#ifndef SKAD_NODE_INVARIANTS_H
#define SKAD_NODE_INVARIANTS_H

#include "skad/node.h"
#include "skad/store.h"
#include "src/core/audit/rounds.h"
#include "src/core/lookup/lookup.h"
#include "src/core/routing/table.h"
#include "src/core/rpc/pending.h"

/* Checks everything below, and what holds between the parts: everything under way waits for
 * something, and the deadline does not sleep over it. `now` is not before the node's
 * latest call. */
const char *skad_node_broken(const skad_node *node, skad_time now);

/* Buckets, caches and siblings agree with their peers; orders, caps and quotas are kept. */
const char *skad_table_broken(const skad_table *table, uint64_t now_us);

/* Caps, the shares of address groups, and the places under each key are kept. */
const char *skad_store_broken(const skad_store *store, const skad_profile *profile,
                              uint64_t now_unix_s);

/* Every slot is either free once or waits for a time that its state names. */
const char *skad_pending_broken(const skad_pending *pending, uint64_t now_us);

/* Every FORWARD of a neighbour waits for requests of ours, each of these for a FORWARD or an
 * operation, and budgets, balances and shares of the room are kept. */
const char *skad_forward_broken(const skad_node *node);
/* Places are kept to, and a player is blamed by a signed contradiction alone. Checks signatures
 * where one is. */
const char *skad_audits_broken(const skad_audits *audits);

/* Shortlists are in order and agree with their candidates; no candidate is asked too often. */
const char *skad_lookup_broken(const skad_lookup *lookup);

#endif
