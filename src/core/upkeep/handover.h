/* The handover of records as nodes come and go. Walks over all records that we hold, a few records
 * at a time, do two things:
 *
 * - A node that has come to live near us (or has answered again after a silence) is handed the
 *   records of which it is now one of the s closest, as far as it lacks them (offers.h). Three of
 * the nodes that should hold a record send it, chosen by rendezvous weight for each newcomer and
 * record. (If the closest ones sent it, as in Kademlia's section 2.5, one gap would make the next:
 * where those lack a record, no node would hand it over.)
 *
 * - A record that we are no longer responsible for, since s living nodes are closer, is kept for
 *   two hours after it was last brought to us. By then its publisher has announced it to the closer
 *   nodes.
 *
 * A node that has just joined hands nothing over for a while: every peer seems new to it, and a
 * restarted node would send all that it holds.
 *
 * The same walks serve nodes of our region that differ from us (matching.h).
 *
 * A walk begins a few seconds after a peer arrived, so that one walk serves many that arrive
 * together, and hourly anyway. It stops wherever there is little room to send, and goes
 * on later. */
#ifndef SKAD_UPKEEP_HANDOVER_H
#define SKAD_UPKEEP_HANDOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/node.h"
#include "skad/store.h"
#include "src/core/routing/peers.h"
#include "src/core/upkeep/offers.h"

#define SKAD_HANDOVER_SETTLE_US (10 * SKAD_US_PER_S) /* joining and refreshing take as long */
#define SKAD_HANDOVER_SENDERS   3
#define SKAD_HANDOVER_DELAY_US  (2 * SKAD_US_PER_S)   /* and up to as much again, at random */
#define SKAD_HANDOVER_FIRST_US  (600 * SKAD_US_PER_S) /* until the first round, about */
/* Between a walk and the next one that others ask for (matching.h). */
#define SKAD_HANDOVER_REST_US  (300 * SKAD_US_PER_S)
#define SKAD_HANDOVER_STEP_US  (50 * SKAD_US_PER_MS) /* between steps of a walk */
#define SKAD_HANDOVER_RECORDS  128                   /* examined in one step */
#define SKAD_HANDOVER_REPLICAS 16                    /* sent in one step */
#define SKAD_HANDOVER_DEMOTE_S 7200
/* The shortest time between two times that one peer is suspected of a restart: as long as a silence
 * may stay unnoticed. */
#define SKAD_HANDOVER_AGAIN_US (120 * SKAD_US_PER_S)

/* In one walk. A peer has one place. When all are taken, the peer that was served last gives way to
 * one that was served before it, or never: peers that begin anew again and again keep none out.
 * Further newcomers wait for their publishers' next announcement. */
#define SKAD_NEWCOMERS_MAX 16

typedef struct skad_handover_state {
    skad_id *arrived; /* newly near us; served by the next walk; SKAD_NEWCOMERS_MAX */
    size_t arrived_count;
    skad_id *served; /* by the walk under way; as many, in the other half of one array */
    size_t served_count;
    skad_offers offers; /* of the walk under way */
    bool walking;
    bool newcomers_due;   /* a walk is planned for those who arrived */
    uint64_t walked_us;   /* when the last walk began */
    skad_store_name from; /* the record to be examined next */
    uint64_t step_us;     /* when the walk begins or goes on; UINT64_MAX: none is planned */
    uint64_t round_us;    /* when all records are examined, newcomers or not, and matched */
} skad_handover_state;

SKAD_MUST_CHECK skad_status skad_handover_init(skad_node *node);
void skad_handover_free(skad_node *node);

/* A verified answer came from this address, from a living sibling that was none before, or that we
 * suspect of a restart. It is to be served. If it was served since it grants us this very token, it
 * is served only what was brought to us since: tokens are made with a key that a node draws at its
 * start, so the same token comes from the same process, which has its records, except those that it
 * missed while it was cut off. So a replayed request, or a sibling that falls silent again and
 * again, has a store sent at most twice in the time of a token: once more if an offer to it was
 * given up. What that does not bring is for matching.h. The same holds for one that the table
 * forgot in between (handed.h). */
void skad_handover_arrived(skad_node *node, skad_peer_slot slot, const skad_address *from);

/* The node is about to be a client: serves its nearest peers, as if they had just come. */
void skad_handover_leave(skad_node *node);

/* A verified request, with a valid token, came for the neighbourhood of its own sender. A node that
 * was started again begins like this, perhaps before any peer missed it, and perhaps without its
 * records. Returns true for a living sibling at its verified address, once in
 * SKAD_HANDOVER_AGAIN_US. The peer has to be pinged: the token that we have of it may be of its
 * former life, and its answer brings the one of its present life. */
bool skad_handover_suspect(skad_node *node, const skad_id *id, const skad_address *from);
bool skad_handover_suspects(const skad_node *node, skad_peer_slot slot);

/* Begins a walk soon if nodes of our region wait for one (matching.h). */
void skad_handover_waited_for(skad_node *node);

/* Examines all records soon and compares them with our region (matching.h), as each hour. */
void skad_handover_compare(skad_node *node);

void skad_handover_tick(skad_node *node);
uint64_t skad_handover_deadline(const skad_node *node);

#endif
