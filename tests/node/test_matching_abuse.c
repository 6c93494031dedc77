/* Peers that abuse the comparison of regions (MATCH), by datagrams alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "src/core/upkeep/handover.h"
#include "tests/support/handover_script.h"
#include "tests/support/prng.h"

#define RECORDS 60
#define SETS    12

static void send(const test_remote *who, const skad_message *message)
{
    uint8_t token[SKAD_TOKEN_BYTES];
    skad_datagram datagram;
    test_fixture_token(&handover_fixture, who, token);
    test_fixture_request(&handover_fixture, who, message, token, &datagram);
    assert_int_equal(test_fixture_deliver(&handover_fixture, &who->address, &datagram),
                     SKAD_VERDICT_ACCEPT);
}

/* Sends digests that have nothing in common with ours. */
static void match_of(const test_remote *who, unsigned bits)
{
    uint8_t digests[SKAD_MATCH_BYTES];
    memset(digests, 0xee, sizeof digests);
    skad_message message = {.kind = SKAD_KIND_MATCH};
    message.u.match.bits = (uint8_t)bits;
    message.u.match.digests = (skad_span){digests, sizeof digests};
    send(who, &message);
}

static void match(const test_remote *who)
{
    match_of(who, 1);
}

/* Looks itself up, as a node that has begun anew. */
static void begin_anew(const test_remote *who)
{
    skad_message message = {.kind = SKAD_KIND_FIND_NODE};
    message.u.find_node.target = who->identity.id;
    message.u.find_node.want = SKAD_FAMILIES_ALL;
    send(who, &message);
    test_fixture_play(&handover_fixture);
}

/* A peer that shares the first bit with the node. */
static const test_remote *near_us(void)
{
    size_t i = 0;
    while (((handover_fixture.remotes[i].identity.id.bytes[0] ^
             handover_fixture.identity.id.bytes[0]) &
            0x80) != 0) {
        i++;
        assert_true(i < handover_fixture.remotes_count);
    }
    return &handover_fixture.remotes[i];
}

/* The walk has some records for the newcomer, others for the peer that differs, and others for
 * both. */
static void a_peer_that_begins_anew_and_differs_is_offered_a_record_once(void **state)
{
    (void)state;
    for (uint64_t set = 1; set <= SETS; set++) {
        test_prng prng = {set};
        assert_int_equal(handover_begin_with(3, 3), 0);
        for (unsigned i = 0; i < RECORDS; i++) {
            const skad_id key = test_prng_id(&prng);
            (void)handover_hold(&key);
        }
        handover_fixture.now.mono_us += SKAD_HANDOVER_AGAIN_US;
        const test_remote *who = near_us();
        begin_anew(who);
        match(who);
        test_fixture_run(&handover_fixture, 10 * SKAD_US_PER_S);
        assert_true(handover_stats().offered > 0);
        assert_true(handover_stats().offered <= RECORDS);
        (void)handover_end(NULL);
    }
}

/* ---- Records that always differ ---- */

#define JUNK 300

static skad_id wanted_key;
static unsigned brought;

/* The peer lacks one record. */
static bool lacks_one(test_fixture *fixture, test_remote *who, const skad_message *request,
                      skad_message *answer)
{
    static uint8_t bits[SKAD_COMPARED_BYTES_MAX];
    (void)fixture;
    (void)who;
    if (request->kind == SKAD_KIND_COMPARE) {
        const skad_span prints = request->u.compare.held;
        memset(bits, 0, sizeof bits);
        for (size_t i = 0; i < prints.len / SKAD_COMPARE_ITEM_BYTES; i++) {
            const bool is_it =
                memcmp(prints.data + i * SKAD_COMPARE_ITEM_BYTES, wanted_key.bytes, 8) == 0;
            bits[i / 8] = (uint8_t)(bits[i / 8] | (is_it ? 1U << (i % 8) : 0));
        }
        answer->u.reply.u.compared.lacking.data = bits;
    }
    if (request->kind == SKAD_KIND_STORE) {
        brought++;
        answer->u.reply.u.stored.life_s = request->u.store.life_s;
    }
    return true;
}

/* More than are offered in a walk lie in the first range of our region, and the record in its last.
 */
static void records_that_always_differ_keep_no_other_back(void **state)
{
    (void)state;
    test_prng prng = {3};
    assert_int_equal(handover_begin_with(3, 3), 0);
    const test_remote *who = near_us();
    handover_fixture.script = lacks_one;
    brought = 0;
    for (unsigned i = 0; i <= JUNK; i++) {
        skad_id key = test_prng_id(&prng);
        const uint8_t ours = handover_fixture.identity.id.bytes[0] & 0xc0U; /* our region */
        key.bytes[0] = (uint8_t)(ours | (i < JUNK ? key.bytes[0] & 1U : 0x3fU));
        (void)handover_hold(&key);
        wanted_key = key;
    }
    for (unsigned round = 0; round < 4; round++) {
        match(who);
        test_fixture_run(&handover_fixture, 400 * SKAD_US_PER_S);
    }
    assert_in_range(brought, 1, 4);
    (void)handover_end(NULL);
}

/* ---- More that ask than there are places for ---- */

#define ASKERS 6
#define ROUNDS 40

static unsigned compared[ASKERS];

static bool count_compared(test_fixture *fixture, test_remote *who, const skad_message *request,
                           skad_message *answer)
{
    const size_t index = (size_t)(who - fixture->remotes);
    (void)answer;
    if (request->kind == SKAD_KIND_COMPARE && index < ASKERS) {
        compared[index]++;
    }
    return true;
}

/* All but the first one ask again and again. Four of six are served. */
static void who_asks_again_and_again_is_served_no_more_often(void **state)
{
    (void)state;
    assert_int_equal(handover_begin_with(3, ASKERS), 0);
    handover_hold_some();
    handover_fixture.script = count_compared;
    memset(compared, 0, sizeof compared);
    for (unsigned round = 0; round < ROUNDS; round++) {
        match_of(&handover_fixture.remotes[0], 0);
        for (unsigned i = 0; i < 50 * (ASKERS - 1); i++) {
            match_of(&handover_fixture.remotes[1 + i % (ASKERS - 1)], 0);
            test_fixture_drain(&handover_fixture);
        }
        test_fixture_run(&handover_fixture, 400 * SKAD_US_PER_S);
    }
    assert_true(compared[0] > ROUNDS / 3);
    (void)handover_end(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_peer_that_begins_anew_and_differs_is_offered_a_record_once),
        cmocka_unit_test(records_that_always_differ_keep_no_other_back),
        cmocka_unit_test(who_asks_again_and_again_is_served_no_more_often),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
