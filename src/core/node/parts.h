/* The parts that a node is made of, for tests and benchmarks that look inside or change what they
 * find. The header of each part says what it is. Nothing that ships uses this. */
#ifndef SKAD_NODE_PARTS_H
#define SKAD_NODE_PARTS_H

#include "skad/node.h"
#include "src/core/audit/rounds.h"
#include "src/core/base/env.h"
#include "src/core/forward/balance.h"
#include "src/core/inbound/admission.h"
#include "src/core/inbound/duplicates.h"
#include "src/core/inbound/identities.h"
#include "src/core/inbound/parked.h"
#include "src/core/inbound/roots.h"
#include "src/core/operations/operation.h"
#include "src/core/operations/report.h"
#include "src/core/relay/relays.h"
#include "src/core/routing/bans.h"
#include "src/core/routing/observed.h"
#include "src/core/routing/table.h"
#include "src/core/rpc/events.h"
#include "src/core/rpc/outbox.h"
#include "src/core/rpc/pending.h"
#include "src/core/storage/store_retries.h"
#include "src/core/storage/watches.h"
#include "src/core/upkeep/clock_watch.h"
#include "src/core/upkeep/handover.h"
#include "src/core/upkeep/housekeeping.h"
#include "src/core/upkeep/join.h"
#include "src/core/upkeep/liveness_rounds.h"
#include "src/core/upkeep/matching.h"
#include "src/core/upkeep/moves.h"
#include "src/core/upkeep/partition_recovery.h"
#include "src/core/upkeep/ping_queue.h"
#include "src/core/upkeep/refresh.h"
#include "src/core/upkeep/republish.h"

/* Borrowed; valid as long as the node. */
typedef struct skad_node_parts {
    skad_env *env;
    skad_table *table;
    skad_pending *pending;
    skad_operations *operations;
    skad_outbox *outbox;
    skad_duplicates *duplicates;
    skad_observed *observed;
    skad_event_ring *events;
    skad_reports *reports;
    skad_join_state *join;
    skad_recovery_state *recovery;
    skad_ping_queue *ping_queue;
    skad_refresh_state *refresh;
    skad_republish_state *republish;
    skad_clock_watch *clock_watch;
    skad_housekeeping *housekeeping;
    skad_store_retries *store_retries;
    skad_watches *watches;
    skad_parked *parked;
    skad_handover_state *handover;
    skad_matching *matching;
    skad_moves *moves;
    skad_audits *audits;
    skad_roots *roots;
    skad_identities *identities;
    skad_admission *admission;
    skad_bans *bans;
    skad_balances *balances;
    skad_relays *relays;
    uint64_t *heard_us; /* when the last verified answer came */
    bool *lazy_allocation;
    unsigned families;
    size_t bytes; /* of the node itself, without what its parts allocate */
} skad_node_parts;

skad_node_parts skad_node_parts_of(skad_node *node);

#endif
