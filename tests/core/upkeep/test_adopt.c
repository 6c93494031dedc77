/* Newer editions of what we publish: found when holders refuse ours, and when they are brought. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "skad/records.h"
#include "src/core/storage/publications.h"
#include "src/core/storage/store_admission.h"
#include "src/core/upkeep/adopt.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"

#define DAY_S     86400U
#define MINUTE_US (60 * SKAD_US_PER_S)

static test_fixture fixture;

/* What all other nodes hold. */
typedef struct play {
    uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    size_t len;        /* 0: nothing that they give away */
    uint64_t sequence; /* that they claim to hold */
    uint64_t brought;  /* the last that was brought */
    unsigned gets;
    unsigned stores;
} play;

static play holders;

static bool act(test_fixture *made, test_remote *who, const skad_message *request,
                skad_message *answer)
{
    skad_record record;
    (void)made;
    (void)who;
    if (request->kind == SKAD_KIND_FIND_VALUE && holders.len > 0) {
        answer->u.reply.u.value.records[0] = (skad_span){holders.bytes, holders.len};
        answer->u.reply.u.value.records_count = 1;
    }
    holders.gets += request->kind == SKAD_KIND_FIND_VALUE;
    if (request->kind == SKAD_KIND_STORE || request->kind == SKAD_KIND_ANNOUNCE) {
        const skad_span bytes =
            request->kind == SKAD_KIND_STORE ? request->u.store.record : request->u.announce.record;
        assert_true(skad_record_decode(bytes.data, bytes.len, &record));
        holders.stores++;
        holders.brought = record.sequence;
        answer->u.reply.u.stored.life_s = DAY_S;
        if (record.sequence < holders.sequence) {
            answer->kind = SKAD_KIND_ERROR;
            answer->u.reply.u.error.code = SKAD_ERROR_OLDER;
            answer->u.reply.u.error.detail = holders.sequence;
        }
    }
    return true;
}

static int begin(void **state)
{
    (void)state;
    skad_profile profile = test_fixture_profile();
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, 3);
    fixture.script = act;
    holders = (play){0};
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

static const skad_id key = {{9}}; /* of announcements */

static skad_store_record make(skad_record_type type, const skad_identity *publisher,
                              uint64_t sequence, uint8_t bytes[static SKAD_RECORD_BYTES_MAX])
{
    skad_record record;
    const skad_address nowhere = {.family = SKAD_FAMILY_NONE};
    const skad_span value = {(const uint8_t *)(sequence > 3 ? "new" : "old"), 3};
    skad_store_record row = {.sequence = sequence,
                             .stored_unix_s = fixture.now.unix_s - 3600,
                             .expires_unix_s = fixture.now.unix_s + DAY_S,
                             .life_s = DAY_S,
                             .data = bytes};
    row.len =
        type == SKAD_RECORD_MUTABLE
            ? skad_record_encode_mutable(test_plain_publisher(publisher), (skad_span){0}, sequence,
                                         row.expires_unix_s, value, bytes, SKAD_RECORD_BYTES_MAX)
            : skad_record_encode_announcement(test_plain_publisher(publisher), &key, sequence,
                                              row.expires_unix_s, &nowhere, value, bytes,
                                              SKAD_RECORD_BYTES_MAX);
    assert_true(skad_record_decode(bytes, row.len, &record));
    row.name = skad_record_store_name(&record);
    return row;
}

static skad_store_name publish(skad_record_type type, uint64_t sequence)
{
    uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    const skad_store_record row = make(type, &fixture.identity, sequence, bytes);
    assert_int_equal(fixture.store.ops->put(fixture.store.self, SKAD_STORE_PUBLICATIONS, &row,
                                            fixture.now.unix_s),
                     SKAD_OK);
    return row.name;
}

static void let_others_hold(skad_record_type type, const skad_identity *publisher,
                            uint64_t sequence)
{
    holders.len = make(type, publisher, sequence, holders.bytes).len;
    holders.sequence = sequence;
}

static uint64_t published(const skad_store_name *name)
{
    skad_store_record row;
    assert_true(fixture.store.ops->find(fixture.store.self, SKAD_STORE_PUBLICATIONS, name,
                                        fixture.now.unix_s, &row));
    assert_int_equal(row.life_s, DAY_S);
    return row.sequence;
}

/* The sequence that was adopted; 0: none. */
static uint64_t adopted(void)
{
    skad_event event;
    uint64_t sequence = 0;
    while (skad_node_poll_event(fixture.node, &event)) {
        if (event.kind == SKAD_EVENT_ADOPTED) {
            assert_int_equal(sequence, 0);
            assert_int_equal(event.u.adopted.sequence_before, 3);
            sequence = event.u.adopted.sequence;
        }
    }
    return sequence;
}

static void what_the_network_has_is_adopted_and_announced(void **state)
{
    (void)state;
    static const skad_record_type types[] = {SKAD_RECORD_MUTABLE, SKAD_RECORD_ANNOUNCEMENT};
    for (size_t i = 0; i < 2; i++) {
        const skad_store_name name = publish(types[i], 3);
        let_others_hold(types[i], &fixture.identity, 8);
        test_fixture_run(&fixture, 75 * MINUTE_US);
        assert_int_equal(adopted(), 8);
        assert_int_equal(published(&name), 8);
        test_fixture_run(&fixture, 75 * MINUTE_US);
        assert_int_equal(holders.brought, 8);
        assert_int_equal(adopted(), 0);
        const skad_id *withdrawn = &name.key;
        assert_int_equal(skad_node_withdraw(fixture.node, withdrawn, 0), 1);
    }
}

/* It is signed anew like any other: a day after it was adopted it has not ended. */
static void what_was_adopted_lasts(void **state)
{
    (void)state;
    const skad_store_name name = publish(SKAD_RECORD_MUTABLE, 3);
    let_others_hold(SKAD_RECORD_MUTABLE, &fixture.identity, 8);
    test_fixture_run(&fixture, 30 * 60 * MINUTE_US);
    assert_int_equal(published(&name), 8);
}

/* A holder can claim any sequence: that costs a get, and changes nothing. */
static void a_claim_alone_changes_nothing(void **state)
{
    (void)state;
    const skad_store_name name = publish(SKAD_RECORD_MUTABLE, 3);
    holders.sequence = UINT64_MAX;
    test_fixture_run(&fixture, 75 * MINUTE_US);
    assert_in_range(holders.gets, 1, 3U * holders.stores);
    assert_int_equal(adopted(), 0);
    assert_int_equal(published(&name), 3);
    const skad_identity other = test_identity(&fixture.profile, 700);
    let_others_hold(SKAD_RECORD_MUTABLE, &other, 8); /* under another key: not what was asked for */
    test_fixture_run(&fixture, 75 * MINUTE_US);
    let_others_hold(SKAD_RECORD_MUTABLE, &fixture.identity, 8);
    holders.bytes[holders.len - 1] ^= 1; /* not ours */
    test_fixture_run(&fixture, 75 * MINUTE_US);
    assert_int_equal(adopted(), 0);
    assert_int_equal(published(&name), 3);
}

static void what_a_peer_brings_is_adopted(void **state)
{
    (void)state;
    uint8_t token[SKAD_TOKEN_BYTES];
    test_exchange exchange;
    const skad_store_name name = publish(SKAD_RECORD_MUTABLE, 3);
    uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    static const uint64_t sequences[] = {2, 3, 8};
    for (size_t i = 0; i < 3; i++) {
        const skad_store_record row =
            make(SKAD_RECORD_MUTABLE, &fixture.identity, sequences[i], bytes);
        skad_message message = {.kind = SKAD_KIND_STORE};
        message.u.store.record = (skad_span){bytes, row.len};
        message.u.store.life_s = DAY_S;
        test_fixture_token(&fixture, &fixture.remotes[0], token);
        test_fixture_ask(&fixture, &fixture.remotes[0], &message, token, &exchange);
        assert_int_equal(exchange.opened.message.kind, SKAD_KIND_STORED);
        assert_int_equal(adopted(), i == 2 ? 8 : 0);
        assert_int_equal(published(&name), i == 2 ? 8 : 3);
    }
}

static void what_is_not_published_here_is_not_adopted(void **state)
{
    (void)state;
    uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    skad_store_totals totals;
    const skad_store_record row = make(SKAD_RECORD_MUTABLE, &fixture.identity, 8, bytes);
    skad_publications_adopt(fixture.node, (skad_span){bytes, row.len});
    fixture.store.ops->totals(fixture.store.self, &totals);
    assert_int_equal(totals.published, 0);
    assert_int_equal(adopted(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_the_network_has_is_adopted_and_announced, begin, end),
        cmocka_unit_test_setup_teardown(what_was_adopted_lasts, begin, end),
        cmocka_unit_test_setup_teardown(a_claim_alone_changes_nothing, begin, end),
        cmocka_unit_test_setup_teardown(what_a_peer_brings_is_adopted, begin, end),
        cmocka_unit_test_setup_teardown(what_is_not_published_here_is_not_adopted, begin, end),
    };
    return cmocka_run_group_tests_name("adopt", tests, NULL, NULL);
}
