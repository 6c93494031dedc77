/* seal: lengths, padding, batches, and that no datagram outgrows what its recipient is owed. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "tests/support/wire.h"

static skad_identity alice;
static skad_identity bob;
static uint8_t network_key[SKAD_HASH_BYTES];
static skad_sealer sealer;
static const uint8_t rpc_id[SKAD_RPC_ID_BYTES] = {1};
static const uint8_t token[SKAD_TOKEN_BYTES] = {2};
static skad_opened opened;

static int setup(void **state)
{
    (void)state;
    skad_wire_identity(1, &alice);
    skad_wire_identity(2, &bob);
    skad_wire_network_key(network_key);
    sealer = (skad_sealer){&alice, skad_identity_nonce(&alice, SKAD_WIRE_EPOCH), network_key};
    return 0;
}

static skad_status write_draft(skad_kind kind, const uint8_t *shown, size_t bytes_min,
                               size_t bytes_max, skad_draft *out)
{
    skad_message message;

    skad_wire_message(kind, &message);
    return skad_draft_write(&sealer,
                            &(skad_draft_fields){
                                .message = &message,
                                .rpc_id = rpc_id,
                                .recipient = &bob.id,
                                .token = shown,
                                .bytes_min = bytes_min,
                                .bytes_max = bytes_max,
                            },
                            out);
}

static size_t seal_one(skad_draft *draft)
{
    skad_seal(&sealer, &draft, 1);
    return draft->len;
}

static void padding_reaches_the_least_size(void **state)
{
    (void)state;
    skad_draft draft;
    assert_int_equal(write_draft(SKAD_KIND_PING, NULL, 0, 0, &draft), SKAD_OK);
    size_t bare = seal_one(&draft);

    for (size_t bytes_min = 0; bytes_min <= bare + SKAD_PAD_BYTES_MAX; bytes_min++) {
        assert_int_equal(write_draft(SKAD_KIND_PING, NULL, bytes_min, 0, &draft), SKAD_OK);
        size_t expected = bytes_min < bare ? bare : bytes_min;
        expected += expected == bare + 256; /* where the padding's header grows */
        assert_int_equal(seal_one(&draft), expected);
        assert_int_equal(
            skad_wire_receive(draft.bytes, draft.len, &bob.id, SKAD_WIRE_UNIX_S, NULL, &opened),
            SKAD_VERDICT_ACCEPT);
    }
    assert_int_equal(write_draft(SKAD_KIND_PING, NULL, bare + SKAD_PAD_BYTES_MAX + 2, 0, &draft),
                     SKAD_ERR_INPUT);
}

static void hello_has_its_length_in_each_epoch(void **state)
{
    (void)state;
    static const uint32_t epochs[] = {0, 127, 128, 255, 256, 65535, 65536, UINT32_MAX};
    const skad_id nobody = {{0}};
    skad_message message;

    skad_wire_message(SKAD_KIND_PING, &message);
    for (size_t i = 0; i < sizeof epochs / sizeof epochs[0]; i++) {
        const skad_puzzle_nonce nonce = {.epoch = epochs[i]};
        const skad_sealer other = {&alice, &nonce, network_key};
        skad_draft draft;
        skad_draft *one = &draft;
        assert_int_equal(
            skad_draft_write(
                &other,
                &(skad_draft_fields){.message = &message, .rpc_id = rpc_id, .recipient = &nobody},
                &draft),
            SKAD_OK);
        skad_seal(&other, &one, 1);
        assert_int_equal(draft.len, SKAD_FIRST_CONTACT_BYTES);
    }
}

static void message_is_cut_to_the_most_it_may_take(void **state)
{
    (void)state;
    skad_draft draft;
    assert_int_equal(write_draft(SKAD_KIND_NODES, token, 0, 0, &draft), SKAD_OK);
    size_t full = seal_one(&draft);
    size_t refused = 0;

    for (size_t bytes_max = full; bytes_max > 0 && refused == 0; bytes_max--) {
        if (write_draft(SKAD_KIND_NODES, token, 0, bytes_max, &draft) != SKAD_OK) {
            refused = bytes_max;
            break;
        }
        assert_true(seal_one(&draft) <= bytes_max);
    }
    /* Without contacts: the frame, the body's header, [observed of 6, []]. */
    assert_int_equal(refused + 1, SKAD_DATAGRAM_BYTES_MIN - 1 + 2 + SKAD_ID_BYTES +
                                      SKAD_TOKEN_BYTES + (1 + 8 + 1));
}

static void sizes_that_contradict_are_refused(void **state)
{
    (void)state;
    skad_draft draft;
    assert_int_equal(write_draft(SKAD_KIND_PING, NULL, 300, 299, &draft), SKAD_ERR_INPUT);
    assert_int_equal(write_draft(SKAD_KIND_PING, NULL, 300, 300, &draft), SKAD_OK);
    assert_int_equal(write_draft(SKAD_KIND_PING, NULL, 0, 20, &draft), SKAD_ERR_INPUT);
    assert_int_equal(write_draft(SKAD_KIND_PING, NULL, 0, SKAD_DATAGRAM_BYTES_MAX + 1, &draft),
                     SKAD_ERR_INPUT);
}

static void whole_batches_of_every_size_are_accepted(void **state)
{
    (void)state;
    static skad_draft drafts[SKAD_MERKLE_LEAVES_MAX + 1];
    static skad_draft *batch[SKAD_MERKLE_LEAVES_MAX + 1];
    static const skad_draft *view[SKAD_MERKLE_LEAVES_MAX + 1];

    for (size_t size = 1; size <= SKAD_MERKLE_LEAVES_MAX + 1; size++) {
        for (size_t i = 0; i < size; i++) {
            assert_int_equal(write_draft(SKAD_KIND_FIND_NODE, token, 0, 0, &drafts[i]), SKAD_OK);
            batch[i] = &drafts[i];
            view[i] = &drafts[i];
        }
        size_t fitting = skad_seal_batch_size(view, size);
        assert_int_equal(fitting, size <= SKAD_MERKLE_LEAVES_MAX ? size : SKAD_MERKLE_LEAVES_MAX);
        skad_seal(&sealer, batch, fitting);
        for (size_t i = 0; i < fitting; i++) {
            assert_true(drafts[i].sealed);
            assert_int_equal(skad_wire_receive(drafts[i].bytes, drafts[i].len, &bob.id,
                                               SKAD_WIRE_UNIX_S, NULL, &opened),
                             SKAD_VERDICT_ACCEPT);
        }
    }
}

/* The same drafts in the same order, sent three times: sealed alone and in batches of every size.
 */
static void copies_are_other_datagrams_and_are_accepted(void **state)
{
    (void)state;
    static skad_draft drafts[3][SKAD_MERKLE_LEAVES_MAX];
    skad_draft *batch[SKAD_MERKLE_LEAVES_MAX];
    const skad_draft *view[SKAD_MERKLE_LEAVES_MAX];

    for (size_t size = 1; size <= SKAD_MERKLE_LEAVES_MAX; size++) {
        for (uint8_t copy = 0; copy < 3; copy++) {
            for (size_t i = 0; i < size; i++) {
                assert_int_equal(write_draft(SKAD_KIND_FIND_NODE, token, 0, 0, &drafts[copy][i]),
                                 SKAD_OK);
                /* One of them is sent for the first time in each batch of copies. */
                drafts[copy][i].copy = i == 1 ? 0 : copy;
                batch[i] = &drafts[copy][i];
                view[i] = batch[i];
            }
            size_t most = SKAD_MERKLE_LEAVES_MAX - (copy > 0);
            size_t fitting = skad_seal_batch_size(view, size);
            assert_int_equal(fitting, size < most ? size : most);
            skad_seal(&sealer, batch, fitting);
            for (size_t i = 0; i < fitting; i++) {
                assert_int_equal(skad_wire_receive(batch[i]->bytes, batch[i]->len, &bob.id,
                                                   SKAD_WIRE_UNIX_S, NULL, &opened),
                                 SKAD_VERDICT_ACCEPT);
                for (uint8_t before = 0; before < copy; before++) {
                    assert_memory_equal(drafts[before][i].digest, batch[i]->digest,
                                        SKAD_HASH_BYTES);
                    assert_memory_not_equal(drafts[before][i].bytes, batch[i]->bytes,
                                            SKAD_TAG_BYTES);
                }
            }
        }
    }
}

/* The largest STORE has no room for a path. */
static void the_largest_store_can_be_sent_again(void **state)
{
    (void)state;
    static uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    static skad_draft draft;
    const skad_draft *view = &draft;
    const skad_message store = {.kind = SKAD_KIND_STORE,
                                .u.store = {{bytes, sizeof bytes}, true, UINT64_MAX, UINT32_MAX}};
    assert_int_equal(skad_draft_write(&sealer,
                                      &(skad_draft_fields){.message = &store,
                                                           .rpc_id = rpc_id,
                                                           .recipient = &bob.id,
                                                           .token = token,
                                                           .copy = 3},
                                      &draft),
                     SKAD_OK);
    assert_int_equal(skad_seal_batch_size(&view, 1), 1);
    seal_one(&draft);
    assert_in_range(draft.len, 1, SKAD_DATAGRAM_BYTES_MAX);
    skad_envelope envelope;
    assert_int_equal(skad_envelope_decode(draft.bytes + SKAD_TAG_BYTES,
                                          (size_t)(draft.len - SKAD_TAG_BYTES), &envelope),
                     SKAD_VERDICT_ACCEPT);
    assert_int_equal(envelope.index, 3);
    assert_int_equal(envelope.depth, 0);
    assert_int_equal(
        skad_wire_receive(draft.bytes, draft.len, &bob.id, SKAD_WIRE_UNIX_S, NULL, &opened),
        SKAD_VERDICT_ACCEPT);
}

/* Drafts of which one has only so much room above its length when sealed alone. */
static size_t batch_size_with_room(size_t room, size_t count, size_t tight)
{
    static skad_draft drafts[SKAD_MERKLE_LEAVES_MAX];
    static const skad_draft *view[SKAD_MERKLE_LEAVES_MAX];

    for (size_t i = 0; i < count; i++) {
        assert_int_equal(write_draft(SKAD_KIND_PING, token, 0, 0, &drafts[i]), SKAD_OK);
        view[i] = &drafts[i];
    }
    drafts[tight].bytes_max = (uint16_t)(drafts[tight].len + SKAD_PROOF_BYTES(0) + room);
    return skad_seal_batch_size(view, count);
}

static void tightest_draft_bounds_the_batch(void **state)
{
    (void)state;
    static const struct {
        size_t room;
        size_t tight;
        size_t size;
    } cases[] = {
        {0, 0, 1},    {31, 0, 1}, {32, 0, 2}, {63, 0, 2}, {64, 0, 4}, {96, 0, 8},  {127, 0, 8},
        {128, 0, 16}, {0, 5, 5},  {32, 5, 5}, {64, 5, 5}, {96, 5, 8}, {0, 15, 15}, {128, 15, 16},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(batch_size_with_room(cases[i].room, 16, cases[i].tight), cases[i].size);
    }
}

static void batched_reply_stays_within_what_was_paid_for(void **state)
{
    (void)state;
    static skad_draft drafts[4];
    skad_draft *batch[4];
    const skad_draft *view[4];
    assert_int_equal(write_draft(SKAD_KIND_PING, NULL, 0, 0, &drafts[0]), SKAD_OK);
    size_t bytes_max = seal_one(&drafts[0]) + 40;

    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(write_draft(SKAD_KIND_PING, NULL, 0, bytes_max, &drafts[i]), SKAD_OK);
        batch[i] = &drafts[i];
        view[i] = &drafts[i];
    }
    size_t size = skad_seal_batch_size(view, 4);
    assert_int_equal(size, 2);
    skad_seal(&sealer, batch, size);
    assert_true(drafts[0].len <= bytes_max && drafts[1].len <= bytes_max);
}

static void hello_is_never_batched(void **state)
{
    (void)state;
    const skad_id nobody = {{0}};
    static skad_draft drafts[2];
    const skad_draft *view[2] = {&drafts[0], &drafts[1]};
    skad_message message;

    skad_wire_message(SKAD_KIND_PING, &message);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(
            skad_draft_write(
                &sealer,
                &(skad_draft_fields){.message = &message, .rpc_id = rpc_id, .recipient = &nobody},
                &drafts[i]),
            SKAD_OK);
    }
    assert_int_equal(skad_seal_batch_size(view, 2), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(padding_reaches_the_least_size),
        cmocka_unit_test(hello_has_its_length_in_each_epoch),
        cmocka_unit_test(message_is_cut_to_the_most_it_may_take),
        cmocka_unit_test(sizes_that_contradict_are_refused),
        cmocka_unit_test(whole_batches_of_every_size_are_accepted),
        cmocka_unit_test(copies_are_other_datagrams_and_are_accepted),
        cmocka_unit_test(the_largest_store_can_be_sent_again),
        cmocka_unit_test(tightest_draft_bounds_the_batch),
        cmocka_unit_test(batched_reply_stays_within_what_was_paid_for),
        cmocka_unit_test(hello_is_never_batched),
    };
    return cmocka_run_group_tests_name("seal", tests, setup, NULL);
}
