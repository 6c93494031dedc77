/* Publications that are announced again: which, when, and how long a signed one lives then.
 * tests/node/test_keeping.c has days of a whole network. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "skad/records.h"
#include "src/core/storage/publications.h"
#include "src/core/storage/store_admission.h"
#include "src/core/upkeep/republish.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"

#define DAY_S     86400U
#define MINUTE_US (60 * SKAD_US_PER_S)

static test_fixture fixture;

typedef struct play {
    unsigned stores;   /* requests of one peer */
    uint64_t expiry;   /* of the last record that came */
    uint64_t sequence; /* likewise */
    bool silent;
    skad_address ours; /* where they say that we are; family NONE: they say anything */
} play;

static play holders;

static bool act(test_fixture *made, test_remote *who, const skad_message *request,
                skad_message *answer)
{
    skad_record record;
    if (holders.ours.family != SKAD_FAMILY_NONE) {
        answer->u.reply.observed = holders.ours;
    }
    if (request->kind == SKAD_KIND_STORE || request->kind == SKAD_KIND_ANNOUNCE) {
        assert_true(
            skad_record_decode(request->u.store.record.data, request->u.store.record.len, &record));
        holders.stores += who == made->remotes;
        holders.expiry = record.expiry_unix_s;
        holders.sequence = record.sequence;
        answer->u.reply.u.stored.life_s = DAY_S;
        return !holders.silent;
    }
    return true;
}

static int begin(void **state)
{
    (void)state;
    skad_profile profile = test_fixture_profile();
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, 3);
    test_fixture_run(&fixture, 20 * MINUTE_US); /* the first round is over, of nothing */
    holders = (play){0};
    fixture.script = act;
    skad_node_tick(fixture.node, fixture.now);
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

/* A publication that ends after so many seconds and was announced that long ago. */
typedef struct publication {
    const skad_identity *publisher;
    uint64_t sequence;
    uint32_t ends_s;
    uint32_t life_s; /* of each signing */
    uint32_t ago_s;
} publication;

static skad_store_name publish(publication what)
{
    uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    const skad_span value = {(const uint8_t *)"value", 5};
    skad_record record;
    skad_store_record row = {.stored_unix_s = fixture.now.unix_s - what.ago_s,
                             .expires_unix_s = fixture.now.unix_s + what.ends_s,
                             .sequence = what.sequence,
                             .life_s = what.life_s,
                             .data = bytes};
    row.len =
        skad_record_encode_mutable(test_plain_publisher(what.publisher), (skad_span){0},
                                   what.sequence, row.expires_unix_s, value, bytes, sizeof bytes);
    assert_true(skad_record_decode(bytes, row.len, &record));
    row.name = skad_record_store_name(&record);
    assert_int_equal(fixture.store.ops->put(fixture.store.self, SKAD_STORE_PUBLICATIONS, &row,
                                            fixture.now.unix_s),
                     SKAD_OK);
    return row.name;
}

static bool find(const skad_store_name *name, skad_store_record *out)
{
    return fixture.store.ops->find(fixture.store.self, SKAD_STORE_PUBLICATIONS, name,
                                   fixture.now.unix_s, out);
}

static uint64_t republished(void)
{
    skad_node_stats stats;
    skad_node_stats_get(fixture.node, fixture.now, &stats);
    return stats.republished;
}

/* Three quarters to five quarters of an hour. */
static void each_is_announced_again_once_an_hour(void **state)
{
    (void)state;
    const skad_store_name name =
        publish((publication){&fixture.identity, 3, 2 * DAY_S, 2 * DAY_S, 3600});
    const uint64_t began = fixture.now.unix_s;
    skad_store_record row;
    test_fixture_run(&fixture, 75 * MINUTE_US);
    assert_in_range(republished(), 1, 2);
    assert_int_equal(holders.stores, republished());
    assert_true(find(&name, &row));
    assert_in_range(row.stored_unix_s, began, fixture.now.unix_s);
    assert_int_equal(holders.sequence, 3);
    assert_int_equal(holders.expiry, began + 2 * DAY_S); /* as it was signed */
    test_fixture_run(&fixture, 12 * 60 * MINUTE_US);
    assert_in_range(republished(), 10, 18);
}

/* Each time the round comes to it, it was announced a few minutes ago. */
static void what_was_announced_in_the_last_half_hour_is_passed_over(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        (void)publish((publication){&fixture.identity, 3, 2 * DAY_S, 2 * DAY_S, 0});
        test_fixture_run(&fixture, 29 * MINUTE_US);
    }
    assert_int_equal(holders.stores, 0);
    test_fixture_run(&fixture, 75 * MINUTE_US);
    assert_true(holders.stores > 0);
}

static void our_own_is_signed_anew_when_half_of_its_life_is_over(void **state)
{
    (void)state;
    const skad_store_name name =
        publish((publication){&fixture.identity, 3, DAY_S - 1, 2 * DAY_S, 3600});
    skad_store_record row;
    const uint64_t began = fixture.now.unix_s;
    test_fixture_run(&fixture, 75 * MINUTE_US);
    assert_in_range(holders.expiry, began + 2 * DAY_S, fixture.now.unix_s + 2 * DAY_S);
    assert_int_equal(holders.sequence, 3); /* the same publication, for longer */
    assert_true(find(&name, &row));
    assert_int_equal(row.expires_unix_s, holders.expiry);
    assert_int_equal(row.life_s, 2 * DAY_S);
}

static void what_another_has_signed_is_announced_until_it_ends_and_no_longer(void **state)
{
    (void)state;
    const skad_identity another = test_identity(&fixture.profile, 900);
    const skad_store_name name = publish((publication){&another, 3, DAY_S, 0, 3600});
    const uint64_t ends = fixture.now.unix_s + DAY_S;
    skad_store_record row;
    skad_store_totals totals;
    test_fixture_run(&fixture, 75 * MINUTE_US);
    assert_true(holders.stores > 0);
    assert_int_equal(holders.expiry, ends);
    assert_true(find(&name, &row));
    test_fixture_run(&fixture, DAY_S * SKAD_US_PER_S);
    unsigned stores = holders.stores;
    test_fixture_run(&fixture, 3 * 60 * MINUTE_US);
    assert_int_equal(holders.stores, stores);
    fixture.store.ops->totals(fixture.store.self, &totals);
    assert_int_equal(totals.published, 0);
}

/* A database that was tampered with may say that it lives on. */
static void what_another_has_signed_is_never_signed_anew(void **state)
{
    (void)state;
    const skad_identity another = test_identity(&fixture.profile, 900);
    (void)publish((publication){&another, 3, DAY_S - 1, 2 * DAY_S, 3600});
    const uint64_t ends = fixture.now.unix_s + DAY_S - 1;
    test_fixture_run(&fixture, 75 * MINUTE_US);
    assert_true(holders.stores > 0);
    assert_int_equal(holders.expiry, ends);
}

/* Whose key begins with another bit than our ID. */
static skad_identity far_publisher(void)
{
    for (uint32_t number = 900;; number++) {
        const skad_identity identity = test_identity(&fixture.profile, number);
        skad_id key;
        skad_mutable_key(identity.public_key, (skad_span){0}, &key);
        if (((key.bytes[0] ^ fixture.identity.id.bytes[0]) & 0x80) != 0) {
            return identity;
        }
    }
}

/* With two holders of three peers, and a key that both are closer to than we are. */
static void what_nobody_took_was_not_announced(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    skad_profile profile = test_fixture_profile();
    profile.siblings = 2;
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, 8);
    test_fixture_run(&fixture, 20 * MINUTE_US);
    holders = (play){.silent = true};
    fixture.script = act;
    const skad_identity another = far_publisher();
    const skad_store_name name = publish((publication){&another, 3, 2 * DAY_S, 0, 3600});
    const uint64_t announced = fixture.now.unix_s - 3600;
    skad_store_record row;
    test_fixture_run(&fixture, 75 * MINUTE_US);
    assert_int_equal(holders.sequence, 3); /* it was tried */
    assert_true(find(&name, &row));
    assert_int_equal(row.stored_unix_s, announced);
    assert_int_equal(republished(), 0);
}

/* An announcement under a key of its own, at 8.1.1.1, port 8080, just made. */
static skad_store_name announce(uint8_t key, bool follows)
{
    uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    const skad_id under = {{key}};
    const skad_address at = {SKAD_FAMILY_IPV4, 8080, {8, 1, 1, 1}};
    const uint64_t now = fixture.now.unix_s;
    const size_t len =
        skad_record_encode_announcement(test_plain_publisher(&fixture.identity), &under, now,
                                        now + 2 * DAY_S, &at, (skad_span){0}, bytes, sizeof bytes);
    skad_record record;
    assert_true(skad_record_decode(bytes, len, &record));
    const skad_publication one = {&record, {bytes, len}, 2 * DAY_S, follows};
    assert_int_equal(skad_publications_keep(fixture.node, &one), SKAD_OK);
    return skad_record_store_name(&record);
}

static skad_address announced(const skad_store_name *name, uint64_t *sequence)
{
    skad_store_record row;
    skad_record record;
    assert_true(find(name, &row));
    assert_true(skad_record_decode(row.data, row.len, &record));
    assert_int_equal(skad_publication_life_s(&row), 2 * DAY_S);
    *sequence = record.sequence;
    return record.endpoint;
}

/* Announced "at this node, port 8080", it follows the node within minutes, although it was
 * announced a moment ago; one of a given address does not. */
static void an_announcement_of_our_own_address_follows_it(void **state)
{
    (void)state;
    static const uint8_t before[4] = {8, 1, 1, 1};
    static const uint8_t after[4] = {8, 2, 2, 2};
    uint64_t first = 0;
    uint64_t sequence = 0;
    holders.ours = (skad_address){SKAD_FAMILY_IPV4, 4700, {8, 1, 1, 1}};
    test_fixture_run(&fixture, 75 * MINUTE_US); /* each peer has said it */
    const skad_store_name ours = announce(1, true);
    const skad_store_name given = announce(2, false);
    (void)announced(&ours, &first);
    test_fixture_run(&fixture, 5 * MINUTE_US);
    skad_address at = announced(&ours, &sequence);
    assert_memory_equal(at.ip, before, 4);
    assert_int_equal(sequence, first); /* nothing has changed */

    holders.ours.ip[1] = holders.ours.ip[2] = holders.ours.ip[3] = 2;
    test_fixture_run(&fixture, 25 * MINUTE_US); /* it asks its peers now and then */
    at = announced(&ours, &sequence);
    assert_memory_equal(at.ip, after, 4);
    assert_int_equal(at.port, 8080);
    assert_true(sequence > first);
    assert_int_equal(holders.sequence, sequence); /* it went out */
    at = announced(&given, &sequence);
    assert_memory_equal(at.ip, before, 4);
    assert_int_equal(sequence, first);
}

static void a_withdrawn_one_is_announced_no_more(void **state)
{
    (void)state;
    const skad_store_name name =
        publish((publication){&fixture.identity, 3, 2 * DAY_S, 2 * DAY_S, 3600});
    assert_int_equal(skad_publications_withdraw(fixture.node, &name.key, 0), 1);
    test_fixture_run(&fixture, 150 * MINUTE_US);
    assert_int_equal(holders.stores, 0);
}

static void a_node_that_has_not_joined_announces_nothing(void **state)
{
    (void)state;
    test_fixture lonely;
    skad_profile profile = test_fixture_profile();
    test_fixture_init(&lonely, &profile);
    assert_true(skad_republish_deadline(lonely.node) == UINT64_MAX);
    test_fixture_free(&lonely);
    assert_true(skad_republish_deadline(fixture.node) < UINT64_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_is_announced_again_once_an_hour, begin, end),
        cmocka_unit_test_setup_teardown(what_was_announced_in_the_last_half_hour_is_passed_over,
                                        begin, end),
        cmocka_unit_test_setup_teardown(our_own_is_signed_anew_when_half_of_its_life_is_over, begin,
                                        end),
        cmocka_unit_test_setup_teardown(what_another_has_signed_is_never_signed_anew, begin, end),
        cmocka_unit_test_setup_teardown(
            what_another_has_signed_is_announced_until_it_ends_and_no_longer, begin, end),
        cmocka_unit_test_setup_teardown(what_nobody_took_was_not_announced, begin, end),
        cmocka_unit_test_setup_teardown(an_announcement_of_our_own_address_follows_it, begin, end),
        cmocka_unit_test_setup_teardown(a_withdrawn_one_is_announced_no_more, begin, end),
        cmocka_unit_test_setup_teardown(a_node_that_has_not_joined_announces_nothing, begin, end),
    };
    return cmocka_run_group_tests_name("republish", tests, NULL, NULL);
}
