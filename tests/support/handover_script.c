#include "tests/support/handover_script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "skad/record.h"
#include "src/core/node/parts.h"
#include "src/core/upkeep/handover.h"
#include "tests/support/prng.h"

test_fixture handover_fixture;
handover_play handover_counts;

static bool act(test_fixture *made, test_remote *who, const skad_message *request,
                skad_message *answer)
{
    (void)made;
    if (request->kind == SKAD_KIND_STORE) {
        handover_counts.handed += who == handover_counts.newcomer;
        handover_counts.to_others += who != handover_counts.newcomer;
        handover_counts.life_s = request->u.store.life_s;
        answer->u.reply.u.stored.life_s = request->u.store.life_s;
    }
    return true;
}

int handover_begin_with(uint8_t siblings, size_t peers)
{
    skad_profile profile = test_fixture_profile();
    profile.siblings = siblings;
    test_fixture_init_roomy(&handover_fixture, &profile);
    test_fixture_populate(&handover_fixture, peers);
    handover_counts = (handover_play){0};
    handover_fixture.script = act;
    return 0;
}

int handover_end(void **state)
{
    (void)state;
    test_fixture_free(&handover_fixture);
    return 0;
}

skad_store_name handover_hold(const skad_id *key)
{
    static const uint8_t value[] = {1, 2, 3};
    uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    const skad_store_record row = {
        .name = {.key = *key, .type = SKAD_RECORD_IMMUTABLE},
        .stored_unix_s = handover_fixture.now.unix_s,
        .expires_unix_s = handover_fixture.now.unix_s + DAY_S,
        .data = bytes,
        .len = skad_record_encode_immutable(value, sizeof value, bytes, sizeof bytes)};
    assert_int_equal(handover_fixture.store.ops->put(handover_fixture.store.self,
                                                     SKAD_STORE_REPLICAS, &row,
                                                     handover_fixture.now.unix_s),
                     SKAD_OK);
    return row.name;
}

void handover_hold_some(void)
{
    test_prng prng = {3};
    for (unsigned i = 0; i < HANDOVER_RECORDS_HELD; i++) {
        const skad_id key = test_prng_id(&prng);
        (void)handover_hold(&key);
    }
}

/* So many that have ended, so that none is handed over. */
void handover_hold_many(unsigned count)
{
    static const uint8_t value[] = {1};
    test_prng prng = {4};
    for (unsigned i = 0; i < count; i++) {
        const skad_store_record row = {
            .name = {.key = test_prng_id(&prng), .type = SKAD_RECORD_IMMUTABLE},
            .stored_unix_s = handover_fixture.now.unix_s,
            .expires_unix_s = handover_fixture.now.unix_s,
            .data = value,
            .len = sizeof value};
        assert_int_equal(handover_fixture.store.ops->put(handover_fixture.store.self,
                                                         SKAD_STORE_REPLICAS, &row,
                                                         handover_fixture.now.unix_s - 1),
                         SKAD_OK);
    }
}

skad_node_stats handover_stats(void)
{
    skad_node_stats out;
    skad_node_stats_get(handover_fixture.node, handover_fixture.now, &out);
    return out;
}

void handover_comes(const test_remote *who, uint8_t life)
{
    const uint8_t token[SKAD_TOKEN_BYTES] = {life, 1};
    skad_peers *peers = &skad_node_parts_of(handover_fixture.node).table->peers;
    skad_peer_slot slot = skad_peers_find(peers, &who->identity.id);
    assert_int_not_equal(slot, SKAD_PEER_NONE);
    skad_endpoint_keep_token(peers, slot, &who->address, token, handover_fixture.now.mono_us);
    skad_handover_arrived(handover_fixture.node, slot, &who->address);
}

/* A peer that we know handover_counts as arrived; its walk is over after five seconds. */
void handover_walk_for(const test_remote *who)
{
    handover_counts.newcomer = who;
    skad_node_tick(handover_fixture.node, handover_fixture.now);
    handover_comes(who, ++handover_counts.life);
    for (unsigned i = 0; i < 50; i++) {
        handover_fixture.now.mono_us += 100 * SKAD_US_PER_MS;
        skad_node_tick(handover_fixture.node, handover_fixture.now);
        test_fixture_play(&handover_fixture);
    }
}
