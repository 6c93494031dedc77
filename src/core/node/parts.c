#include "src/core/node/parts.h"

#include "src/core/node/state.h"

skad_node_parts skad_node_parts_of(skad_node *node)
{
    return (skad_node_parts){
        .env = &node->env,
        .table = &node->table,
        .pending = &node->pending,
        .operations = &node->operations,
        .outbox = &node->outbox,
        .duplicates = &node->duplicates,
        .observed = &node->observed,
        .events = &node->events,
        .reports = &node->reports,
        .join = &node->join,
        .recovery = &node->recovery,
        .ping_queue = &node->ping_queue,
        .refresh = &node->refresh,
        .republish = &node->republish,
        .clock_watch = &node->clock_watch,
        .housekeeping = &node->housekeeping,
        .store_retries = &node->store_retries,
        .watches = &node->watches,
        .parked = &node->parked,
        .handover = &node->handover,
        .matching = &node->matching,
        .moves = &node->moves,
        .audits = &node->audits,
        .roots = &node->roots,
        .identities = &node->identities,
        .admission = &node->admission,
        .bans = &node->bans,
        .balances = &node->balances,
        .relays = &node->relays,
        .heard_us = &node->heard_us,
        .lazy_allocation = &node->lazy_allocation,
        .families = node->families,
        .bytes = sizeof *node,
    };
}
