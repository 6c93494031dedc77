/* Datagrams that wait to be polled: their order, the full ring, and signing in batches. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "proto/profile.h"
#include "skad/simulator.h"
#include "src/core/rpc/outbox.h"
#include "tests/support/failing_allocation.h"
#include "tests/support/identities.h"
#include "tests/support/prng.h"
#include "tests/support/wire.h"

#define SLOTS      40
#define RECIPIENTS 3

typedef struct bench {
    skad_outbox outbox;
    skad_identity sender;
    skad_identity recipients[RECIPIENTS];
    uint8_t network_key[SKAD_HASH_BYTES];
    skad_sealer sealer;
    uint64_t signatures;
    uint32_t drafted; /* numbers RPC ids and addresses */
} bench;

static int begin(void **state)
{
    static bench made;
    const skad_profile *profile = skad_profile_builtin("test");
    made = (bench){.sender = test_identity(profile, 1)};
    for (uint32_t i = 0; i < RECIPIENTS; i++) {
        made.recipients[i] = test_identity(profile, 2 + i);
    }
    skad_profile_network_key(profile, made.network_key);
    made.sealer = (skad_sealer){&made.sender, &made.sender.nonces[0], made.network_key};
    *state = &made;
    return skad_outbox_init(&made.outbox, SLOTS, NULL) == SKAD_OK ? 0 : -1;
}

static int end(void **state)
{
    bench *made = *state;
    skad_outbox_free(&made->outbox);
    return 0;
}

/* Puts a FIND_NODE for a recipient into the outbox (a hello PING for NULL); false when full. */
static bool put(bench *made, const skad_id *recipient)
{
    static const skad_id anybody = {{0}};
    skad_outgoing *outgoing = skad_outbox_reserve(&made->outbox);
    if (outgoing == NULL) {
        return false;
    }
    skad_message message;
    skad_wire_message(recipient != NULL ? SKAD_KIND_FIND_NODE : SKAD_KIND_PING, &message);
    uint8_t rpc_id[SKAD_RPC_ID_BYTES] = {(uint8_t)made->drafted};
    skad_draft_fields fields = {.message = &message,
                                .rpc_id = rpc_id,
                                .recipient = recipient != NULL ? recipient : &anybody};
    assert_int_equal(skad_draft_write(&made->sealer, &fields, &outgoing->draft), SKAD_OK);
    outgoing->to = test_prng_address(made->drafted++);
    skad_outbox_commit(&made->outbox);
    return true;
}

static bool poll(bench *made, skad_datagram *out)
{
    return skad_outbox_poll(&made->outbox, &made->sealer, out, &made->signatures);
}

static uint32_t number_of(const skad_datagram *datagram)
{
    return datagram->to.ip[3];
}

static skad_verdict opens_at(const skad_datagram *datagram, const skad_id *recipient)
{
    skad_opened opened;
    return skad_wire_receive(datagram->bytes, datagram->len, recipient, TEST_UNIX_S, NULL, &opened);
}

static void an_empty_outbox_gives_nothing(void **state)
{
    bench *made = *state;
    skad_datagram datagram;
    assert_false(poll(made, &datagram));
    assert_int_equal(made->signatures, 0);
}

static void what_was_reserved_and_not_committed_does_not_count(void **state)
{
    bench *made = *state;
    skad_datagram datagram;
    assert_non_null(skad_outbox_reserve(&made->outbox));
    assert_false(poll(made, &datagram));
}

static void datagrams_leave_in_the_order_in_which_they_came(void **state)
{
    bench *made = *state;
    skad_datagram datagram;
    uint32_t polled = 0;
    for (unsigned turn = 0; turn < 20; turn++) {
        for (unsigned i = 0; i < 1 + turn % 7; i++) {
            assert_true(put(made, &made->recipients[i % RECIPIENTS].id));
        }
        for (unsigned i = 0; i < 1 + turn % 5 && poll(made, &datagram); i++) {
            assert_int_equal(number_of(&datagram), polled++);
        }
    }
    while (poll(made, &datagram)) {
        assert_int_equal(number_of(&datagram), polled++);
    }
    assert_int_equal(polled, made->drafted);
}

/* A driver may await what comes back to a request. */
static void requests_are_told_from_replies(void **state)
{
    bench *made = *state;
    skad_datagram datagram;
    const uint8_t rpc_id[SKAD_RPC_ID_BYTES] = {0};
    const uint8_t digest[SKAD_HASH_BYTES] = {1};
    skad_message pong = {.kind = SKAD_KIND_PONG};
    pong.u.reply.observed = test_prng_address(0);
    const skad_draft_fields fields = {.message = &pong,
                                      .rpc_id = rpc_id,
                                      .recipient = &made->recipients[0].id,
                                      .request_digest = digest};
    skad_outgoing *outgoing = skad_outbox_reserve(&made->outbox);
    assert_int_equal(skad_draft_write(&made->sealer, &fields, &outgoing->draft), SKAD_OK);
    outgoing->to = test_prng_address(0);
    skad_outbox_commit(&made->outbox);
    assert_true(put(made, &made->recipients[0].id));
    assert_true(poll(made, &datagram));
    assert_false(datagram.request);
    assert_true(poll(made, &datagram));
    assert_true(datagram.request);
}

static void a_full_ring_takes_no_more_and_loses_nothing(void **state)
{
    bench *made = *state;
    skad_datagram datagram;
    for (unsigned i = 0; i < SLOTS; i++) {
        assert_true(put(made, &made->recipients[0].id));
    }
    assert_false(put(made, &made->recipients[0].id));
    assert_true(poll(made, &datagram));
    assert_int_equal(number_of(&datagram), 0);
    assert_true(put(made, &made->recipients[0].id));
    assert_false(put(made, &made->recipients[0].id));
    for (uint32_t i = 1; i <= SLOTS; i++) {
        assert_true(poll(made, &datagram));
        assert_int_equal(number_of(&datagram), i);
        assert_int_equal(opens_at(&datagram, &made->recipients[0].id), SKAD_VERDICT_ACCEPT);
    }
    assert_false(poll(made, &datagram));
}

static void one_signature_does_for_sixteen_and_each_opens_at_its_recipient_only(void **state)
{
    static const struct {
        const char *label;
        unsigned waiting;
        uint64_t signatures;
    } cases[] = {
        {"one alone", 1, 1},        {"two", 2, 1}, {"sixteen", 16, 1}, {"seventeen", 17, 2},
        {"a whole ring", SLOTS, 3},
    };
    bench *made = *state;
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        made->signatures = 0;
        for (unsigned i = 0; i < cases[c].waiting; i++) {
            assert_true(put(made, &made->recipients[i % RECIPIENTS].id));
        }
        skad_datagram datagram;
        for (unsigned i = 0; poll(made, &datagram); i++) {
            const skad_id *right = &made->recipients[i % RECIPIENTS].id;
            const skad_id *wrong = &made->recipients[(i + 1) % RECIPIENTS].id;
            assert_int_equal(opens_at(&datagram, right), SKAD_VERDICT_ACCEPT);
            assert_int_equal(opens_at(&datagram, wrong), SKAD_VERDICT_TAG);
        }
        if (made->signatures != cases[c].signatures) {
            fail_msg("%s: %u signatures", cases[c].label, (unsigned)made->signatures);
        }
    }
}

static void a_hello_is_signed_alone_and_keeps_its_length(void **state)
{
    bench *made = *state;
    assert_true(put(made, &made->recipients[0].id));
    assert_true(put(made, NULL));
    assert_true(put(made, &made->recipients[1].id));
    skad_datagram datagram;
    for (unsigned i = 0; i < 3; i++) {
        assert_true(poll(made, &datagram));
        if (i == 1) {
            assert_int_equal(datagram.len, SKAD_FIRST_CONTACT_BYTES);
        }
        assert_int_equal(opens_at(&datagram, &made->recipients[i / 2].id), SKAD_VERDICT_ACCEPT);
    }
    assert_int_equal(made->signatures, 3);
}

static void lent_drafts_leave_in_their_order_whenever_they_come_back(void **state)
{
    bench *made = *state;
    skad_outbox_batch batches[3];
    skad_datagram datagram;
    uint32_t polled = 0;
    for (unsigned round = 0; round < 4; round++) {
        for (unsigned i = 0; i < 33; i++) {
            assert_true(put(made, &made->recipients[i % RECIPIENTS].id));
        }
        for (size_t i = 0; i < 3; i++) {
            assert_true(skad_outbox_lend(&made->outbox, &batches[i]));
            assert_int_equal(batches[i].count, i < 2 ? 16 : 1);
            skad_seal(&made->sealer, batches[i].drafts, batches[i].count);
        }
        assert_false(skad_outbox_lend(&made->outbox, &(skad_outbox_batch){0}));
        if (round > 0) {
            assert_true(skad_outbox_poll_sealed(&made->outbox, &datagram));
            assert_int_equal(number_of(&datagram), polled++);
        }
        skad_outbox_return(&made->outbox, &batches[2]);
        assert_false(skad_outbox_poll_sealed(&made->outbox, &datagram));
        skad_outbox_return(&made->outbox, &batches[0]);
        for (unsigned i = 0; i < 16; i++) {
            assert_true(skad_outbox_poll_sealed(&made->outbox, &datagram));
            assert_int_equal(number_of(&datagram), polled++);
        }
        assert_false(skad_outbox_poll_sealed(&made->outbox, &datagram));
        skad_outbox_return(&made->outbox, &batches[1]);
        /* One stays, so that the ring does not start over: its end falls into a later batch. */
        for (unsigned i = 16; i < 32; i++) {
            assert_true(skad_outbox_poll_sealed(&made->outbox, &datagram));
            assert_int_equal(number_of(&datagram), polled++);
            assert_int_equal(opens_at(&datagram, &made->recipients[i % RECIPIENTS].id),
                             SKAD_VERDICT_ACCEPT);
        }
    }
}

static void a_place_is_as_new_when_it_is_used_again(void **state)
{
    bench *made = *state;
    skad_outbox_batch batch;
    skad_datagram datagram;
    for (unsigned i = 0; i < 2; i++) {
        assert_true(put(made, &made->recipients[0].id));
        assert_false(skad_outbox_poll_sealed(&made->outbox, &datagram));
        assert_true(skad_outbox_lend(&made->outbox, &batch));
        assert_false(skad_outbox_poll_sealed(&made->outbox, &datagram));
        skad_seal(&made->sealer, batch.drafts, batch.count);
        skad_outbox_return(&made->outbox, &batch);
        assert_true(skad_outbox_poll_sealed(&made->outbox, &datagram));
    }
}

static void without_memory_there_is_no_shared_ring(void **state)
{
    (void)state;
    skad_shared *shared;
    long held = test_allocations_held();
    for (size_t nth = 1; nth <= 2; nth++) {
        test_allocation_fail(nth);
        assert_int_equal(skad_shared_new(SKAD_OUTBOX_MIN, &shared), SKAD_ERR_MEMORY);
        assert_true(test_allocation_failed());
        assert_null(shared);
    }
    assert_int_equal(test_allocations_held(), held);
}

static void outboxes_take_turns_with_a_shared_ring(void **state)
{
    bench *made = *state;
    skad_outbox alone = made->outbox;
    skad_outbox first;
    skad_outbox second;
    skad_shared *shared;
    skad_datagram datagram;
    assert_int_equal(skad_shared_new(SKAD_OUTBOX_MIN - 1, &shared), SKAD_ERR_INPUT);
    assert_int_equal(skad_shared_new(SKAD_OUTBOX_MAX + 1, &shared), SKAD_ERR_INPUT);
    assert_null(shared);
    skad_shared_free(NULL);
    assert_int_equal(skad_shared_new(SKAD_OUTBOX_MIN, &shared), SKAD_OK);
    assert_int_equal(skad_outbox_init(&first, 0, shared), SKAD_OK);
    assert_int_equal(skad_outbox_init(&second, 0, shared), SKAD_OK);
    for (unsigned turn = 0; turn < 4; turn++) {
        made->outbox = turn % 2 == 0 ? first : second;
        for (unsigned i = 0; i < SKAD_OUTBOX_MIN; i++) {
            assert_true(put(made, &made->recipients[0].id));
        }
        assert_false(put(made, &made->recipients[0].id));
        assert_ptr_equal(shared->user, &made->outbox);
        for (unsigned i = 0; i < SKAD_OUTBOX_MIN; i++) {
            assert_true(poll(made, &datagram));
            assert_int_equal(opens_at(&datagram, &made->recipients[0].id), SKAD_VERDICT_ACCEPT);
        }
        assert_null(shared->user);
    }
    /* Whoever goes with datagrams unpolled leaves the ring to the others. */
    assert_true(put(made, &made->recipients[0].id));
    skad_outbox_free(&made->outbox);
    assert_null(shared->user);
    skad_shared_free(shared);
    made->outbox = alone;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_empty_outbox_gives_nothing, begin, end),
        cmocka_unit_test_setup_teardown(what_was_reserved_and_not_committed_does_not_count, begin,
                                        end),
        cmocka_unit_test_setup_teardown(datagrams_leave_in_the_order_in_which_they_came, begin,
                                        end),
        cmocka_unit_test_setup_teardown(requests_are_told_from_replies, begin, end),
        cmocka_unit_test_setup_teardown(a_full_ring_takes_no_more_and_loses_nothing, begin, end),
        cmocka_unit_test_setup_teardown(
            one_signature_does_for_sixteen_and_each_opens_at_its_recipient_only, begin, end),
        cmocka_unit_test_setup_teardown(a_hello_is_signed_alone_and_keeps_its_length, begin, end),
        cmocka_unit_test_setup_teardown(lent_drafts_leave_in_their_order_whenever_they_come_back,
                                        begin, end),
        cmocka_unit_test_setup_teardown(without_memory_there_is_no_shared_ring, begin, end),
        cmocka_unit_test_setup_teardown(outboxes_take_turns_with_a_shared_ring, begin, end),
        cmocka_unit_test_setup_teardown(a_place_is_as_new_when_it_is_used_again, begin, end),
    };
    return cmocka_run_group_tests_name("outbox", tests, NULL, NULL);
}
