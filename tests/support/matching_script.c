#include "tests/support/matching_script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "src/core/node/parts.h"
#include "src/core/routing/distance.h"
#include "src/core/storage/responsibility.h"
#include "tests/support/handover_script.h"

matching_manner matching_how;

const uint8_t MATCHING_OTHERS[SKAD_MATCH_BYTES] = {1};

static bool act(test_fixture *made, test_remote *who, const skad_message *request,
                skad_message *answer)
{
    const size_t index = (size_t)(who - made->remotes);
    if (request->kind == SKAD_KIND_MATCH) {
        matching_how.asked[index]++;
        matching_how.bits = (uint8_t)request->u.match.bits;
        memcpy(matching_how.digests, request->u.match.digests.data, sizeof matching_how.digests);
        answer->u.reply.u.matched.differs =
            matching_how.only_one && matching_how.matches > 0 ? 0 : matching_how.differs;
        matching_how.matches++;
    }
    if (request->kind == SKAD_KIND_COMPARE) {
        matching_how.offered[index] +=
            (unsigned)(request->u.compare.held.len / SKAD_COMPARE_ITEM_BYTES);
    }
    if (request->kind == SKAD_KIND_STORE) {
        answer->u.reply.u.stored.life_s = request->u.store.life_s;
    }
    return true;
}

skad_node *matching_node(void)
{
    return handover_fixture.node;
}

skad_match_lists *matching_lists(void)
{
    return skad_node_parts_of(matching_node()).matching->lists;
}

const skad_id *matching_self(void)
{
    return &handover_fixture.identity.id;
}

void matching_say_region(unsigned bits)
{
    skad_table *table = skad_node_parts_of(matching_node()).table;
    for (unsigned sixteenth = 0; sixteenth < SKAD_PLACES; sixteenth++) {
        const skad_id target = {{(uint8_t)(sixteenth << 4)}};
        skad_places_visited(&table->places, matching_self(), &target,
                            bits == 0 ? UINT64_MAX : UINT64_C(1) << (64 - bits));
    }
    assert_int_equal(skad_responsibility_bits(table, &handover_fixture.profile), bits);
}

int matching_begin(void **state)
{
    (void)state;
    handover_begin_with(16, MATCHING_PEERS);
    matching_how = (matching_manner){0};
    handover_fixture.script = act;
    matching_say_region(0);
    skad_node_tick(matching_node(), handover_fixture.now);
    return 0;
}

void matching_round_now(void)
{
    skad_node_parts_of(matching_node()).handover->round_us = handover_fixture.now.mono_us;
    test_fixture_run(&handover_fixture, 10 * SKAD_US_PER_S);
}

void matching_round_by_itself(void)
{
    skad_id ids[SKAD_MATCH_SERVED_MAX];
    (void)skad_matching_begin(matching_node(), true, ids);
    skad_matching_end(matching_node());
}

bool matching_shares(const skad_id *id, unsigned bits)
{
    return skad_common_prefix(matching_self(), id) >= bits;
}

unsigned matching_sum(const unsigned *of_each)
{
    unsigned all = 0;
    for (size_t i = 0; i < MATCHING_PEERS; i++) {
        all += of_each[i];
    }
    return all;
}

void matching_hold_in(unsigned range, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        skad_id key = {{(uint8_t)(range << 2), (uint8_t)(i >> 8), (uint8_t)i}};
        key.bytes[SKAD_ID_BYTES - 8] = (uint8_t)(37 * i);
        (void)handover_hold(&key);
    }
}
