/* Everything that a node is made of. Each part is declared in the header of its module, which also
 * says what the part does. Only .c files of src/core include this file. */
#ifndef SKAD_NODE_STATE_H
#define SKAD_NODE_STATE_H

#include "skad/node.h"
#include "skad/simulator.h"
#include "src/core/audit/rounds.h"
#include "src/core/base/env.h"
#include "src/core/forward/balance.h"
#include "src/core/inbound/admission.h"
#include "src/core/inbound/duplicates.h"
#include "src/core/inbound/identities.h"
#include "src/core/inbound/later.h"
#include "src/core/inbound/overhear.h"
#include "src/core/inbound/parked.h"
#include "src/core/inbound/roots.h"
#include "src/core/operations/operation.h"
#include "src/core/operations/report.h"
#include "src/core/relay/relays.h"
#include "src/core/routing/bans.h"
#include "src/core/routing/contacted.h"
#include "src/core/routing/departed.h"
#include "src/core/routing/observed.h"
#include "src/core/routing/round_trips.h"
#include "src/core/routing/table.h"
#include "src/core/rpc/answer_budget.h"
#include "src/core/rpc/events.h"
#include "src/core/rpc/outbox.h"
#include "src/core/rpc/pending.h"
#include "src/core/rpc/twin.h"
#include "src/core/storage/store_retries.h"
#include "src/core/storage/watches.h"
#include "src/core/upkeep/callers.h"
#include "src/core/upkeep/clock_watch.h"
#include "src/core/upkeep/handed.h"
#include "src/core/upkeep/handover.h"
#include "src/core/upkeep/housekeeping.h"
#include "src/core/upkeep/join.h"
#include "src/core/upkeep/keepalive.h"
#include "src/core/upkeep/liveness_rounds.h"
#include "src/core/upkeep/matching.h"
#include "src/core/upkeep/moves.h"
#include "src/core/upkeep/partition_recovery.h"
#include "src/core/upkeep/ping_queue.h"
#include "src/core/upkeep/reachability.h"
#include "src/core/upkeep/refresh.h"
#include "src/core/upkeep/republish.h"

struct skad_node {
    skad_env env;
    skad_store store;
    unsigned families;    /* skad_family bits that the driver can send on */
    skad_role role;       /* that it was given */
    bool finds_reach;     /* whether strangers reach it */
    bool insecure_memory; /* not in pages of its own */
    bool lazy_allocation; /* memory comes as it is needed */
    skad_node_limits limits;
    skad_node_tuning tuning;

    skad_table table;
    skad_pending pending;
    skad_operations operations;
    skad_outbox outbox;
    skad_duplicates duplicates;
    skad_observed observed;
    skad_event_ring events;
    skad_reports reports;

    skad_roots roots;
    skad_identities identities;
    skad_admission admission;
    skad_overheard overheard;
    skad_answer_budget answers;
    skad_bans bans;
    skad_twin_state twin;
    skad_departed departed;
    skad_round_trips round_trips;
    skad_contacted contacted;
    uint64_t heard_us;             /* when the last verified answer came; 0: never */
    uint8_t heard_families;        /* skad_family bits: where one came from */
    uint64_t introducing_until_us; /* until then a node may call that was introduced to us */

    skad_join_state join;
    skad_recovery_state recovery;
    skad_ping_queue ping_queue;
    skad_callers *callers; /* owned; NULL before the first call, with lazy allocation */
    skad_reachability reachability;
    skad_moves moves;
    skad_handed handed;
    skad_keepalive keepalive;
    skad_liveness_rounds liveness_rounds;
    skad_refresh_state refresh;
    skad_clock_watch clock_watch;
    skad_housekeeping housekeeping;
    skad_watches watches;
    skad_parked parked;
    skad_later later;
    skad_balances balances;
    skad_relays relays;
    skad_handover_state handover;
    skad_matching matching;
    skad_audits audits;
    skad_republish_state republish;
    skad_store_retries store_retries;
    skad_node_stats stats; /* counters; skad_node_stats_get fills in the rest */
};

#endif
