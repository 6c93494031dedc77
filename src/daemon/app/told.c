#include "src/daemon/app/told.h"

#include "crypto/keys.h"
#include "proto/address.h"

void skad_told_started(skad_log_level log, const skad_told_start *start)
{
    char text[SKAD_ID_TEXT_BYTES > SKAD_ADDRESS_TEXT_BYTES ? SKAD_ID_TEXT_BYTES
                                                           : SKAD_ADDRESS_TEXT_BYTES];
    skad_id_format(skad_node_self(start->node), text);
    skad_log(log, SKAD_LOG_INFO, "node %s in the network '%s'", text, start->network);
    for (size_t i = 0; i < start->endpoints->count; i++) {
        skad_address_format(&start->endpoints->sockets[i].bound, text);
        skad_log(log, SKAD_LOG_INFO, "listening on %s", text);
    }
    skad_log(log, SKAD_LOG_INFO, "control socket %s", start->control_path);
    skad_log(log, SKAD_LOG_INFO, "sandbox %s", skad_sandbox_name(start->sandbox));
}

void skad_told_twin(skad_log_level log, const skad_address *address)
{
    char text[SKAD_ADDRESS_TEXT_BYTES];
    skad_address_format(address, text);
    skad_log(log, SKAD_LOG_ERROR,
             "another node runs with the same identity, at %s: stop one of the two, and give it an "
             "identity of its own (move its file 'identity' away)",
             text);
}

void skad_told_state(skad_log_level log, const skad_node_stats *stats, uint64_t up_s)
{
    skad_log(log, SKAD_LOG_INFO, "%s, %u peers, %llu records held, up for %llu s",
             stats->joined ? "joined" : "not joined", stats->peers,
             (unsigned long long)stats->store.records, (unsigned long long)up_s);
}
