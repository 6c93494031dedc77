/* open: which check refuses what, and that nothing tampered with is ever accepted. An attacker in
 * the network knows the network key, so each tampered datagram gets a correct tag. */
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
static uint8_t request_digest[SKAD_HASH_BYTES];
static const uint8_t rpc_id[SKAD_RPC_ID_BYTES] = {1};
static const uint8_t token[SKAD_TOKEN_BYTES] = {2};
static skad_opened opened;

static int setup(void **state)
{
    (void)state;
    skad_wire_identity(1, &alice);
    skad_wire_identity(2, &bob);
    skad_wire_network_key(network_key);
    skad_wire_fill(request_digest, sizeof request_digest, 3);
    return 0;
}

static skad_sealer sealer_of(const skad_identity *identity)
{
    return (skad_sealer){identity, skad_identity_nonce(identity, SKAD_WIRE_EPOCH), network_key};
}

static bool answers_hello; /* the next draft */

/* A draft from alice to bob, or to nobody in particular. */
static void write_draft(skad_kind kind, const skad_id *recipient, skad_draft *out)
{
    const skad_sealer sealer = sealer_of(&alice);
    skad_message message;

    skad_wire_message(kind, &message);
    assert_int_equal(
        skad_draft_write(&sealer,
                         &(skad_draft_fields){
                             .message = &message,
                             .rpc_id = rpc_id,
                             .recipient = recipient,
                             .request_digest = skad_kind_is_reply(kind) ? request_digest : NULL,
                             .to_hello = answers_hello,
                             .token = token,
                         },
                         out),
        SKAD_OK);
}

static void seal_one(skad_kind kind, const skad_id *recipient, skad_draft *out)
{
    const skad_sealer sealer = sealer_of(&alice);

    write_draft(kind, recipient, out);
    skad_seal(&sealer, &out, 1);
}

/* What bob makes of a datagram, who awaits a reply where the kind is one. */
static skad_verdict receive(skad_kind kind, const uint8_t *datagram, size_t len)
{
    const skad_open_awaited awaited = {request_digest, &alice.id};

    return skad_wire_receive(datagram, len, &bob.id, SKAD_WIRE_UNIX_S,
                             skad_kind_is_reply(kind) ? &awaited : NULL, &opened);
}

static void each_kind_is_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < SKAD_WIRE_KINDS; i++) {
        skad_draft draft;
        seal_one(skad_wire_kinds[i], &bob.id, &draft);
        assert_int_equal(receive(skad_wire_kinds[i], draft.bytes, draft.len), SKAD_VERDICT_ACCEPT);
        assert_memory_equal(&opened.sender, &alice.id, SKAD_ID_BYTES);
        assert_memory_equal(opened.digest, draft.digest, SKAD_HASH_BYTES);
        assert_int_equal(opened.message.kind, skad_wire_kinds[i]);
        assert_false(opened.batched);
    }
}

/* Changes each byte three ways, with a correct tag; none may be accepted. */
static void assert_no_change_passes(skad_kind kind, const skad_draft *sealed)
{
    static const uint8_t masks[] = {0x01, 0x80, 0xff};
    uint8_t datagram[SKAD_DATAGRAM_BYTES_MAX];

    for (size_t i = SKAD_TAG_BYTES; i < sealed->len; i++) {
        for (size_t mask = 0; mask < sizeof masks; mask++) {
            memcpy(datagram, sealed->bytes, sealed->len);
            datagram[i] ^= masks[mask];
            skad_wire_retag(datagram, sealed->len, &bob.id);
            if (receive(kind, datagram, sealed->len) == SKAD_VERDICT_ACCEPT) {
                fail_msg("kind %d accepted with byte %zu changed", (int)kind, i);
            }
        }
    }
}

static void no_changed_byte_is_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < SKAD_WIRE_KINDS; i++) {
        skad_draft draft;
        seal_one(skad_wire_kinds[i], &bob.id, &draft);
        assert_no_change_passes(skad_wire_kinds[i], &draft);
    }
}

static void no_changed_byte_of_the_tag_is_accepted(void **state)
{
    (void)state;
    skad_draft draft;
    seal_one(SKAD_KIND_PING, &bob.id, &draft);
    for (size_t i = 0; i < SKAD_TAG_BYTES; i++) {
        draft.bytes[i] ^= 1;
        assert_int_equal(receive(SKAD_KIND_PING, draft.bytes, draft.len), SKAD_VERDICT_TAG);
        draft.bytes[i] ^= 1;
    }
}

static void no_prefix_is_accepted(void **state)
{
    (void)state;
    for (size_t i = 0; i < SKAD_WIRE_KINDS; i++) {
        skad_draft draft;
        seal_one(skad_wire_kinds[i], &bob.id, &draft);
        for (size_t len = SKAD_TAG_BYTES; len < draft.len; len++) {
            uint8_t datagram[SKAD_DATAGRAM_BYTES_MAX];
            memcpy(datagram, draft.bytes, len);
            skad_wire_retag(datagram, len, &bob.id);
            skad_verdict verdict = receive(skad_wire_kinds[i], datagram, len);
            assert_int_equal(verdict, len < SKAD_DATAGRAM_BYTES_MIN ? SKAD_VERDICT_SIZE
                                                                    : SKAD_VERDICT_STRUCTURE);
        }
    }
}

static void seal_three(skad_draft *drafts)
{
    static const skad_kind kinds[] = {SKAD_KIND_PONG, SKAD_KIND_NODES, SKAD_KIND_ERROR};
    const skad_sealer sealer = sealer_of(&alice);
    skad_draft *batch[3];

    for (size_t i = 0; i < 3; i++) {
        write_draft(kinds[i], &bob.id, &drafts[i]);
        batch[i] = &drafts[i];
    }
    skad_seal(&sealer, batch, 3);
}

static void batched_datagrams_are_accepted_and_no_changed_one(void **state)
{
    (void)state;
    skad_draft drafts[3];
    uint8_t fingerprint[SKAD_HASH_BYTES];

    seal_three(drafts);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(receive(SKAD_KIND_PONG, drafts[i].bytes, drafts[i].len),
                         SKAD_VERDICT_ACCEPT);
        assert_true(opened.batched);
        if (i > 0) {
            assert_memory_equal(fingerprint, opened.root_fingerprint, SKAD_HASH_BYTES);
        }
        memcpy(fingerprint, opened.root_fingerprint, SKAD_HASH_BYTES);
    }
    assert_no_change_passes(SKAD_KIND_PONG, &drafts[1]);
}

static void known_root_needs_no_signature_check_but_the_right_path(void **state)
{
    (void)state;
    skad_draft drafts[3];
    skad_envelope envelope;
    skad_open_context context = {.profile = skad_profile_builtin("test"),
                                 .unix_s = SKAD_WIRE_UNIX_S,
                                 .prove = true,
                                 .self = bob.id,
                                 .network_key = network_key};
    const skad_open_awaited awaited = {request_digest, &alice.id};
    uint8_t roots[2][SKAD_HASH_BYTES] = {{0}};

    seal_three(drafts);
    assert_int_equal(skad_envelope_decode(drafts[2].bytes + SKAD_TAG_BYTES,
                                          (size_t)(drafts[2].len - SKAD_TAG_BYTES), &envelope),
                     SKAD_VERDICT_ACCEPT);
    assert_int_equal(skad_open(&context, &envelope, false, &awaited, &opened), SKAD_VERDICT_ACCEPT);
    assert_true(opened.checked);
    memcpy(roots[1], opened.root_fingerprint, SKAD_HASH_BYTES);
    context.roots = (const uint8_t(*)[SKAD_HASH_BYTES])roots;
    context.roots_count = 2;
    assert_int_equal(skad_open(&context, &envelope, false, &awaited, &opened), SKAD_VERDICT_ACCEPT);
    assert_false(opened.checked);
    envelope.index = 3;
    assert_int_equal(skad_open(&context, &envelope, false, &awaited, &opened),
                     SKAD_VERDICT_SIGNATURE);
    /* The print of a made-up signature would spare its check: that a listed print is believed is
     * what this shows, and why only verified ones may be listed. */
    const uint8_t forged[SKAD_SIGNATURE_BYTES] = {1};
    uint8_t root[SKAD_HASH_BYTES];
    envelope.index = 2;
    skad_merkle_climb(drafts[2].digest, 2, envelope.path, envelope.depth, root);
    envelope.signature = forged;
    assert_int_equal(skad_open(&context, &envelope, false, &awaited, &opened),
                     SKAD_VERDICT_SIGNATURE);
    skad_root_fingerprint(alice.public_key, root, forged, roots[0]);
    assert_int_equal(skad_open(&context, &envelope, false, &awaited, &opened), SKAD_VERDICT_ACCEPT);
}

static void hello_must_be_a_ping(void **state)
{
    (void)state;
    const skad_id nobody = {{0}};
    skad_draft draft;

    seal_one(SKAD_KIND_PING, &nobody, &draft);
    assert_int_equal(draft.len, SKAD_FIRST_CONTACT_BYTES);
    assert_int_equal(receive(SKAD_KIND_PING, draft.bytes, draft.len), SKAD_VERDICT_ACCEPT);
    seal_one(SKAD_KIND_FIND_NODE, &nobody, &draft);
    assert_int_equal(receive(SKAD_KIND_FIND_NODE, draft.bytes, draft.len), SKAD_VERDICT_KIND);
}

/* A datagram for bob is no hello, and a hello is not for bob: only the tag may tell. */
static void hello_and_addressed_ping_do_not_pass_for_each_other(void **state)
{
    (void)state;
    const skad_id nobody = {{0}};
    skad_draft draft;

    seal_one(SKAD_KIND_PING, &nobody, &draft);
    skad_wire_retag(draft.bytes, draft.len, &bob.id);
    assert_int_equal(receive(SKAD_KIND_PING, draft.bytes, draft.len), SKAD_VERDICT_SIGNATURE);
}

static void replies_are_bound_to_request_and_responder(void **state)
{
    (void)state;
    uint8_t other_digest[SKAD_HASH_BYTES] = {0};
    skad_draft draft;
    skad_identity carol;
    skad_wire_identity(8, &carol);
    const struct {
        const char *label;
        bool to_hello;
        skad_open_awaited awaited;
        skad_verdict verdict;
    } cases[] = {
        {"the one awaited", false, {request_digest, &alice.id}, SKAD_VERDICT_ACCEPT},
        {"from the node that is there", true, {request_digest, NULL}, SKAD_VERDICT_ACCEPT},
        {"from a node without a name", false, {request_digest, NULL}, SKAD_VERDICT_IDENTITY},
        {"with a name that is known", true, {request_digest, &alice.id}, SKAD_VERDICT_IDENTITY},
        {"from another node", false, {request_digest, &carol.id}, SKAD_VERDICT_IDENTITY},
        {"from ourselves", false, {request_digest, &bob.id}, SKAD_VERDICT_SELF},
        {"to another request", false, {other_digest, &alice.id}, SKAD_VERDICT_SIGNATURE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        answers_hello = cases[i].to_hello;
        seal_one(SKAD_KIND_PONG, &bob.id, &draft);
        answers_hello = false;
        skad_verdict verdict = skad_wire_receive(draft.bytes, draft.len, &bob.id, SKAD_WIRE_UNIX_S,
                                                 &cases[i].awaited, &opened);
        if (verdict != cases[i].verdict) {
            fail_msg("%s: %s", cases[i].label, skad_verdict_name(verdict));
        }
    }
    assert_int_equal(
        skad_wire_receive(draft.bytes, draft.len, &bob.id, SKAD_WIRE_UNIX_S, NULL, &opened),
        SKAD_VERDICT_UNSOLICITED);
}

static void request_is_not_bound_to_what_is_awaited(void **state)
{
    (void)state;
    const skad_open_awaited awaited = {request_digest, &bob.id};
    skad_draft draft;
    seal_one(SKAD_KIND_PING, &bob.id, &draft);
    assert_int_equal(
        skad_wire_receive(draft.bytes, draft.len, &bob.id, SKAD_WIRE_UNIX_S, &awaited, &opened),
        SKAD_VERDICT_ACCEPT);
}

static void own_key_is_refused(void **state)
{
    (void)state;
    skad_draft draft;
    seal_one(SKAD_KIND_PING, &alice.id, &draft);
    assert_int_equal(
        skad_wire_receive(draft.bytes, draft.len, &alice.id, SKAD_WIRE_UNIX_S, NULL, &opened),
        SKAD_VERDICT_SELF);
}

static void epochs_are_accepted_as_long_as_they_are_valid(void **state)
{
    (void)state;
    static const uint64_t starts = SKAD_WIRE_EPOCH * 1209600ULL;
    static const uint64_t ends = (SKAD_WIRE_EPOCH + 1) * 1209600ULL;
    const struct {
        uint64_t ours;
        skad_verdict verdict;
    } cases[] = {
        {starts - 43201, SKAD_VERDICT_EPOCH},
        {starts - 43200, SKAD_VERDICT_ACCEPT},
        {ends + 259199, SKAD_VERDICT_ACCEPT},
        {ends + 259200, SKAD_VERDICT_EPOCH},
        {0, SKAD_VERDICT_EPOCH},
        {UINT64_MAX, SKAD_VERDICT_EPOCH},
    };
    skad_draft draft;
    seal_one(SKAD_KIND_PING, &bob.id, &draft);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(
            skad_wire_receive(draft.bytes, draft.len, &bob.id, cases[i].ours, NULL, &opened),
            cases[i].verdict);
    }
}

static void puzzles_must_be_solved(void **state)
{
    (void)state;
    static const uint8_t nonce[SKAD_NONCE_BYTES] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
    const skad_span ping = {(const uint8_t *)"\x90", 1};
    uint8_t datagram[SKAD_DATAGRAM_BYTES_MAX];
    skad_identity unfit;
    skad_wire_craft craft;

    skad_wire_identity_unfit(3, &unfit);
    skad_wire_craft_init(&craft, &unfit, &bob.id, SKAD_KIND_PING, ping);
    size_t len = skad_wire_craft_write(&craft, datagram, sizeof datagram);
    assert_int_equal(receive(SKAD_KIND_PING, datagram, len), SKAD_VERDICT_STATIC);
    assert_false(opened.checked); /* nobody gets a signature check for nothing */
    skad_wire_craft_init(&craft, &alice, &bob.id, SKAD_KIND_PING, ping);
    craft.nonce.data = nonce;
    len = skad_wire_craft_write(&craft, datagram, sizeof datagram);
    assert_int_equal(receive(SKAD_KIND_PING, datagram, len), SKAD_VERDICT_DYNAMIC);
    assert_true(opened.checked); /* a proof costs more than a signature check */
    assert_int_equal(opened.hard_hashes, 2);
    assert_false(opened.proven);
}

/* The nonce of one epoch does not do for the next. */
static void nonce_of_another_epoch_does_not_solve_this_one(void **state)
{
    (void)state;
    uint8_t datagram[SKAD_DATAGRAM_BYTES_MAX];
    skad_wire_craft craft;

    skad_wire_craft_init(&craft, &alice, &bob.id, SKAD_KIND_PING,
                         (skad_span){(const uint8_t *)"\x90", 1});
    craft.epoch = SKAD_WIRE_EPOCH - 1;
    size_t len = skad_wire_craft_write(&craft, datagram, sizeof datagram);
    assert_int_equal(receive(SKAD_KIND_PING, datagram, len), SKAD_VERDICT_DYNAMIC);
}

static void signed_nonsense_is_body(void **state)
{
    (void)state;
    uint8_t datagram[SKAD_DATAGRAM_BYTES_MAX];
    skad_wire_craft craft;

    skad_wire_craft_init(&craft, &alice, &bob.id, SKAD_KIND_FIND_NODE,
                         (skad_span){(const uint8_t *)"\x90", 1});
    size_t len = skad_wire_craft_write(&craft, datagram, sizeof datagram);
    assert_int_equal(receive(SKAD_KIND_FIND_NODE, datagram, len), SKAD_VERDICT_BODY);
}

typedef struct proof_case {
    const char *label;
    bool prove;
    skad_identity_known known;
    const skad_identity *named;
    uint8_t nonce_flip;
    skad_verdict verdict;
    bool proven;
    uint8_t hard_hashes;
} proof_case;

/* A request is accepted without a proof where none is wanted; nothing that is known is proven
 * again. */
static void a_proof_is_made_where_it_is_wanted_and_once(void **state)
{
    (void)state;
    skad_identity carol;
    skad_wire_identity(8, &carol);
    const skad_identity_known unknown = SKAD_IDENTITY_UNKNOWN;
    const proof_case cases[] = {
        {"not wanted", false, unknown, &alice, 0, SKAD_VERDICT_ACCEPT, false, 0},
        {"not wanted, false name", false, unknown, &carol, 0, SKAD_VERDICT_ACCEPT, false, 0},
        {"not wanted, known", false, SKAD_IDENTITY_PROVEN, &alice, 0, SKAD_VERDICT_ACCEPT, true, 0},
        {"not wanted, key known", false, SKAD_IDENTITY_OF_KEY, &alice, 0, SKAD_VERDICT_ACCEPT,
         false, 0},
        {"wanted", true, unknown, &alice, 0, SKAD_VERDICT_ACCEPT, true, 2},
        {"wanted, key known", true, SKAD_IDENTITY_OF_KEY, &alice, 0, SKAD_VERDICT_ACCEPT, true, 1},
        {"wanted, known", true, SKAD_IDENTITY_PROVEN, &alice, 0, SKAD_VERDICT_ACCEPT, true, 0},
        {"wanted, false name", true, unknown, &carol, 0, SKAD_VERDICT_IDENTITY, false, 1},
        {"wanted, false nonce", true, unknown, &alice, 1, SKAD_VERDICT_DYNAMIC, false, 2},
        {"wanted, key known, false nonce", true, SKAD_IDENTITY_OF_KEY, &alice, 1,
         SKAD_VERDICT_DYNAMIC, false, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint8_t datagram[SKAD_DATAGRAM_BYTES_MAX];
        uint8_t nonce[SKAD_NONCE_BYTES];
        skad_wire_craft craft;
        skad_envelope envelope;
        skad_wire_craft_init(&craft, &alice, &bob.id, SKAD_KIND_PING,
                             (skad_span){(const uint8_t *)"\x90", 1});
        memcpy(nonce, craft.nonce.data, sizeof nonce);
        nonce[1] ^= cases[i].nonce_flip;
        craft.nonce.data = nonce;
        craft.id.data = cases[i].named->id.bytes;
        size_t len = skad_wire_craft_write(&craft, datagram, sizeof datagram);
        assert_int_equal(
            skad_envelope_decode(datagram + SKAD_TAG_BYTES, len - SKAD_TAG_BYTES, &envelope),
            SKAD_VERDICT_ACCEPT);
        const skad_open_context context = {.profile = skad_profile_builtin("test"),
                                           .unix_s = SKAD_WIRE_UNIX_S,
                                           .known = cases[i].known,
                                           .prove = cases[i].prove,
                                           .self = bob.id,
                                           .network_key = network_key};
        skad_verdict verdict = skad_open(&context, &envelope, false, NULL, &opened);
        if (verdict != cases[i].verdict || opened.proven != cases[i].proven ||
            opened.hard_hashes != cases[i].hard_hashes) {
            fail_msg("%s: %s, proven %d, %u hashes", cases[i].label, skad_verdict_name(verdict),
                     opened.proven, opened.hard_hashes);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_kind_is_accepted),
        cmocka_unit_test(no_changed_byte_is_accepted),
        cmocka_unit_test(no_changed_byte_of_the_tag_is_accepted),
        cmocka_unit_test(no_prefix_is_accepted),
        cmocka_unit_test(batched_datagrams_are_accepted_and_no_changed_one),
        cmocka_unit_test(known_root_needs_no_signature_check_but_the_right_path),
        cmocka_unit_test(hello_must_be_a_ping),
        cmocka_unit_test(hello_and_addressed_ping_do_not_pass_for_each_other),
        cmocka_unit_test(replies_are_bound_to_request_and_responder),
        cmocka_unit_test(request_is_not_bound_to_what_is_awaited),
        cmocka_unit_test(own_key_is_refused),
        cmocka_unit_test(epochs_are_accepted_as_long_as_they_are_valid),
        cmocka_unit_test(puzzles_must_be_solved),
        cmocka_unit_test(a_proof_is_made_where_it_is_wanted_and_once),
        cmocka_unit_test(nonce_of_another_epoch_does_not_solve_this_one),
        cmocka_unit_test(signed_nonsense_is_body),
    };
    return cmocka_run_group_tests_name("open", tests, setup, NULL);
}
