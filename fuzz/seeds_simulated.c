/* Seeds off the wire: a small world of the simulator, with real cryptography, in which nodes join,
 * look up, store, publish, announce, get, find nothing and are refused. One arriving datagram of
 * each kind and shape becomes a seed of every target that can read it.
 *
 * Only its recipient can open a datagram. So for the target open each is sealed anew, from the
 * target's sender to its receiver, with the same kind, body, name and token. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "fuzz/seeds.h"
#include "proto/envelope.h"
#include "proto/message.h"
#include "skad/forward.h"
#include "skad/records.h"
#include "src/sim/base/memory.h"
#include "src/sim/world/world.h"
#include "tests/support/vectors_identities.h"
#include "tests/support/wire.h"

#define NODES     20
#define SEED      7
#define PREFIX    "simulated"
#define KINDS_MAX 34  /* numbers of kinds are less */
#define CLASS     400 /* bytes: datagrams of a shape differ by less */
#define CLASSES   4
#define TYPES_MAX 4

/* Shapes that have been taken: of each kind by length, and one that was signed in a batch. */
static bool taken[KINDS_MAX][CLASSES + 1];
static bool records_taken[TYPES_MAX][CLASSES];

static bool was_met(skad_kind kind)
{
    for (size_t i = 0; i <= CLASSES; i++) {
        if (taken[kind][i]) {
            return true;
        }
    }
    return false;
}

/* ---- From a datagram to seeds ---- */

static void take_record(skad_span span)
{
    skad_record record;
    FUZZ_REQUIRE(skad_record_decode(span.data, span.len, &record));
    bool *met = &records_taken[record.type][span.len / CLASS];
    if (!*met) {
        *met = true;
        fuzz_seed_write("record", PREFIX, -1, span.data, span.len);
    }
}

static void take_records(const skad_message *message)
{
    if (message->kind == SKAD_KIND_STORE) {
        take_record(message->u.store.record);
    } else if (message->kind == SKAD_KIND_ANNOUNCE) {
        take_record(message->u.announce.record);
    } else if (message->kind == SKAD_KIND_VALUE) {
        for (size_t i = 0; i < message->u.reply.u.value.records_count; i++) {
            take_record(message->u.reply.u.value.records[i]);
        }
    }
}

static void take_body(const skad_envelope *envelope)
{
    skad_message message;
    FUZZ_REQUIRE(
        skad_message_decode(envelope->kind, envelope->body.data, envelope->body.len, &message));
    take_records(&message);
    for (int i = 0; i < SKAD_WIRE_KINDS; i++) {
        if (skad_wire_kinds[i] == envelope->kind) {
            fuzz_seed_write("body", PREFIX, i, envelope->body.data, envelope->body.len);
        }
    }
}

static void seal_anew(const skad_envelope *envelope)
{
    static skad_vector_identities identities;
    static uint8_t datagram[SKAD_DATAGRAM_BYTES_MAX];
    skad_wire_craft craft;
    skad_opened opened;
    if (identities.sealer.identity == NULL) {
        skad_vector_identities_init(&identities);
    }
    const bool reply = skad_kind_is_reply(envelope->kind);
    const skad_open_awaited awaited = {identities.request_digest, &identities.sender.id};
    skad_wire_craft_init(&craft, &identities.sender, &identities.receiver.id, envelope->kind,
                         envelope->body);
    craft.request_digest = reply ? identities.request_digest : NULL;
    craft.rpc_id = (skad_span){envelope->rpc_id, SKAD_RPC_ID_BYTES};
    if (envelope->token != NULL) {
        craft.token = (skad_span){envelope->token, SKAD_TOKEN_BYTES};
    }
    const size_t len = skad_wire_craft_write(&craft, datagram, sizeof datagram);
    FUZZ_REQUIRE(skad_wire_receive(datagram, len, &identities.receiver.id, SKAD_WIRE_UNIX_S,
                                   reply ? &awaited : NULL, &opened) == SKAD_VERDICT_ACCEPT);
    fuzz_seed_write("open", PREFIX, -1, datagram, len);
}

static void take_datagram(const uint8_t *datagram, size_t len)
{
    skad_envelope envelope;
    const uint8_t *bytes = datagram + SKAD_TAG_BYTES;
    const size_t bytes_len = len - SKAD_TAG_BYTES;
    FUZZ_REQUIRE(skad_envelope_decode(bytes, bytes_len, &envelope) == SKAD_VERDICT_ACCEPT);
    bool *met = &taken[envelope.kind][envelope.depth > 0 ? CLASSES : len / CLASS];
    if (*met) {
        return;
    }
    const bool first = !was_met(envelope.kind);
    *met = true;
    fuzz_seed_write("envelope", PREFIX, -1, bytes, bytes_len);
    if (first) {
        fuzz_seed_write("structure", PREFIX, 0, bytes, bytes_len);
        fuzz_seed_write("differential", PREFIX, 95, envelope.body.data, envelope.body.len);
    }
    take_body(&envelope);
    seal_anew(&envelope);
}

/* The linker lets every datagram that arrives in the world pass here (fuzz/CMakeLists.txt). */
skad_verdict __wrap_skad_node_receive(skad_node *node, const uint8_t *datagram, size_t len,
                                      const skad_address *from, skad_time now);
skad_verdict __real_skad_node_receive(skad_node *node, const uint8_t *datagram, size_t len,
                                      const skad_address *from, skad_time now);

skad_verdict __wrap_skad_node_receive(skad_node *node, const uint8_t *datagram, size_t len,
                                      const skad_address *from, skad_time now)
{
    take_datagram(datagram, len);
    return __real_skad_node_receive(node, datagram, len, from, now);
}

/* ---- The play ---- */

static void run_s(skad_world *world, unsigned seconds)
{
    skad_world_run(world, world->now_us + seconds * SKAD_US_PER_S);
    FUZZ_REQUIRE(world->broken == NULL);
}

/* Lets a node send the datagrams of a call. */
static void settle(skad_world *world, uint32_t node, skad_status status)
{
    FUZZ_REQUIRE(status == SKAD_OK);
    skad_world_settle(world, node);
}

static void join_all(skad_world *world)
{
    for (uint32_t node = 1; node < world->count; node++) {
        skad_world_join(world, node, 0);
        run_s(world, 1);
    }
    run_s(world, 60);
}

static skad_node *node_of(const skad_world *world, uint32_t node)
{
    return world->nodes[node].node;
}

/* Puts values of one byte, of some bytes and of the most bytes. */
static void put_values(skad_world *world, uint32_t node, skad_id *last)
{
    static const size_t lens[] = {1, 500, SKAD_VALUE_BYTES_MAX};
    uint8_t value[SKAD_VALUE_BYTES_MAX];
    skad_op op;
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        memset(value, 'a' + (int)i, sizeof value);
        settle(world, node,
               skad_node_put(node_of(world, node), value, lens[i], skad_world_time(world, node),
                             &op, last));
        run_s(world, 5);
    }
}

static void publish(skad_world *world, uint32_t node, size_t len, bool wrong_cas, skad_id *key)
{
    uint8_t value[SKAD_MUTABLE_VALUE_BYTES_MAX];
    skad_op op;
    memset(value, 'm', sizeof value);
    const skad_publish_request request = {.salt = {(const uint8_t *)"salt", 4},
                                          .value = {value, len},
                                          .sequence = 5,
                                          .life_s = 3600,
                                          .has_cas = wrong_cas,
                                          .cas = 3};
    settle(
        world, node,
        skad_node_publish(node_of(world, node), &request, skad_world_time(world, node), &op, key));
    run_s(world, 5);
}

static void announce(skad_world *world, uint32_t node, const skad_id *key, size_t metadata_bytes)
{
    static const uint8_t metadata[SKAD_METADATA_BYTES_MAX] = {1, 2, 3};
    skad_op op;
    const skad_announce_request request = {.key = *key,
                                           .endpoint = {.port = 8080},
                                           .metadata = {metadata, metadata_bytes},
                                           .life_s = 3600};
    settle(world, node,
           skad_node_announce(node_of(world, node), &request, skad_world_time(world, node), &op));
    run_s(world, 5);
}

static void get(skad_world *world, uint32_t node, skad_record_type type, const skad_id *key)
{
    skad_op op;
    settle(world, node,
           skad_node_get(node_of(world, node), type, key, skad_world_time(world, node), &op));
    run_s(world, 5);
}

static void forward(skad_world *world, uint32_t node, const skad_id *value, const skad_id *nothing)
{
    static const uint8_t bytes[] = "by others";
    uint8_t record[SKAD_RECORD_BYTES_MAX];
    skad_op op;
    skad_id key;
    const size_t len = skad_record_encode_immutable(bytes, sizeof bytes, record, sizeof record);
    const skad_time now = skad_world_time(world, node);
    skad_node *asker = node_of(world, node);
    settle(world, node, skad_node_forward_lookup(asker, nothing, 0, now, &op));
    settle(world, node, skad_node_forward_get(asker, SKAD_RECORD_IMMUTABLE, value, 0, now, &op));
    settle(world, node, skad_node_forward_get(asker, SKAD_RECORD_MUTABLE, nothing, 0, now, &op));
    settle(world, node, skad_node_forward_store(asker, record, len, 0, now, &op, &key));
    run_s(world, 10);
}

static void play(skad_world *world)
{
    skad_id value;
    skad_id mutable;
    const skad_id topic = {{0x55}};
    const skad_id nothing = {{0xaa}};
    join_all(world);
    put_values(world, 3, &value);
    publish(world, 4, 0, false, &mutable);
    publish(world, 4, 10, true, &mutable);
    publish(world, 5, SKAD_MUTABLE_VALUE_BYTES_MAX, false, &mutable);
    for (uint32_t node = 6; node < 10; node++) {
        announce(world, node, &topic, node % 2 == 0 ? 0 : SKAD_METADATA_BYTES_MAX);
    }
    get(world, 11, SKAD_RECORD_IMMUTABLE, &value);
    get(world, 12, SKAD_RECORD_MUTABLE, &mutable);
    get(world, 13, SKAD_RECORD_ANNOUNCEMENT, &topic);
    get(world, 14, SKAD_RECORD_IMMUTABLE, &nothing);
    forward(world, 16, &value, &nothing);
    skad_world_stop(world, 15, true); /* a handover to who comes back without its records */
    run_s(world, 5);
    skad_world_start(world, 15);
    skad_world_join(world, 15, 0);
    run_s(world, 1200); /* until the nodes of a region compare what they hold */
}

/* Half of the nodes are behind NATs, and stay servers. Searches have them introduced. */
static void play_guarded(skad_world *world)
{
    skad_id value = {{0}};
    join_all(world);
    run_s(world, 1200); /* until they know */
    for (uint32_t node = 1; node < NODES; node++) {
        put_values(world, node, &value);
        get(world, NODES - node, SKAD_RECORD_IMMUTABLE, &value);
    }
}

/* They hold some values when rounds of audits draw them. */
static void play_audited(skad_world *world)
{
    skad_id value;
    join_all(world);
    put_values(world, 3, &value);
    run_s(world, 600);
}

static void play_world(const skad_sim_scenario *scenario, void play_it(skad_world *world))
{
    char reason[SKAD_SIM_REASON_BYTES];
    skad_world *world = skad_sim_alloc(1, sizeof *world);
    FUZZ_REQUIRE(skad_world_init(world, scenario, reason));
    play_it(world);
    skad_world_free(world);
    free(world);
}

void fuzz_seeds_simulated(void)
{
    skad_sim_scenario scenario;
    skad_sim_scenario_default(&scenario);
    scenario.seed = SEED;
    scenario.nodes = NODES;
    scenario.invariants = true;
    scenario.clients = true; /* they send PROBE and CALL */
    play_world(&scenario, play);
    scenario.clients = false;
    scenario.introductions = true;
    scenario.nat_restricted = 0.5;
    scenario.nat_life_s = 30;
    play_world(&scenario, play_guarded);
    scenario.introductions = false;
    scenario.nat_restricted = 0;
    scenario.audit_period_s = 60;
    play_world(&scenario, play_audited);
    for (size_t i = 0; i < SKAD_WIRE_KINDS; i++) {
        FUZZ_REQUIRE(was_met(skad_wire_kinds[i])); /* no kind of message is missing */
    }
}
