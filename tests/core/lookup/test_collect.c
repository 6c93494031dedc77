/* What a get makes of answers: which record wins, what counts as bad, how many signatures are
 * checked for it, and that a crowd of announcements is sampled fairly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "src/core/lookup/collect.h"
#include "tests/support/identities.h"
#include "tests/support/wire.h"

#define NOW 1000000ULL

typedef struct bytes {
    uint8_t data[SKAD_RECORD_BYTES_MAX];
    size_t len;
} bytes;

typedef struct desk {
    skad_identity publisher;
    skad_id key;
    skad_collection *collection;
    skad_random random;
    uint64_t checked;
    uint16_t candidate; /* of the next that gives */
} desk;

static void open_desk(desk *self, skad_record_type type)
{
    static const uint8_t seed[SKAD_SEED_BYTES] = {5};
    memset(self, 0, sizeof *self);
    skad_wire_identity(1, &self->publisher);
    if (type == SKAD_RECORD_MUTABLE) {
        skad_mutable_key(self->publisher.public_key, (skad_span){NULL, 0}, &self->key);
    } else {
        self->key = (skad_id){{9}};
    }
    const skad_network_id network = test_plain_publisher(NULL).network;
    self->collection = skad_collection_new(type, &self->key, &network);
    assert_non_null(self->collection);
    skad_random_init(&self->random, seed);
}

static void close_desk(desk *self)
{
    skad_collection_free(self->collection);
}

static bytes edition(const desk *self, uint64_t sequence, const char *value, uint64_t expiry)
{
    bytes out;
    const skad_span span = {(const uint8_t *)value, strlen(value)};
    out.len =
        skad_record_encode_mutable(test_plain_publisher(&self->publisher), (skad_span){NULL, 0},
                                   sequence, expiry, span, out.data, sizeof out.data);
    assert_true(out.len > 0);
    return out;
}

/* An announcement of a publisher whose key pair is drawn from a number. */
static bytes announcement_until(uint32_t publisher, uint64_t sequence, uint64_t expiry)
{
    uint8_t seed[SKAD_SEED_BYTES] = {1, (uint8_t)publisher, (uint8_t)(publisher >> 8)};
    skad_identity identity;
    bytes out;
    const skad_id key = {{9}};
    const skad_address none = {0};
    memset(&identity, 0, sizeof identity);
    skad_keypair_from_seed(seed, identity.public_key, identity.secret_key);
    out.len =
        skad_record_encode_announcement(test_plain_publisher(&identity), &key, sequence, expiry,
                                        &none, (skad_span){NULL, 0}, out.data, sizeof out.data);
    assert_true(out.len > 0);
    return out;
}

static bytes announcement(uint32_t publisher, uint64_t sequence)
{
    return announcement_until(publisher, sequence, NOW + 10);
}

static size_t give(desk *self, const bytes *records, size_t count)
{
    skad_span spans[SKAD_RECORDS_MAX];
    const skad_id from = {{(uint8_t)(self->candidate + 1)}};
    for (size_t i = 0; i < count; i++) {
        spans[i] = (skad_span){records[i].data, records[i].len};
    }
    const skad_get_answer answer = {
        .candidate = self->candidate++, .from = &from, .records = spans, .count = count};
    return skad_collection_take(self->collection, &answer, NOW, &self->random, &self->checked);
}

static skad_get_report told(desk *self)
{
    skad_get_report report;
    skad_collection_report(self->collection, &report);
    return report;
}

static void the_highest_sequence_wins_in_any_order(void **state)
{
    (void)state;
    static const uint64_t orders[][3] = {{1, 2, 3}, {3, 2, 1}, {2, 3, 1}, {3, 1, 2}};
    for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
        desk self;
        open_desk(&self, SKAD_RECORD_MUTABLE);
        for (size_t j = 0; j < 3; j++) {
            const char *values[] = {"", "one", "two", "three"};
            bytes one = edition(&self, orders[i][j], values[orders[i][j]], NOW + 10);
            assert_int_equal(give(&self, &one, 1), 0);
        }
        skad_get_report report = told(&self);
        assert_int_equal(report.sequence, 3);
        assert_int_equal(report.len, 5);
        assert_memory_equal(report.value, "three", 5);
        assert_false(report.conflict);
        close_desk(&self);
    }
}

static void of_equal_editions_the_one_that_lasts_longest_is_returned(void **state)
{
    (void)state;
    desk self;
    open_desk(&self, SKAD_RECORD_MUTABLE);
    bytes shorter = edition(&self, 1, "v", NOW + 10);
    bytes longer = edition(&self, 1, "v", NOW + 20);
    give(&self, &shorter, 1);
    give(&self, &longer, 1);
    give(&self, &shorter, 1);
    assert_int_equal(told(&self).expiry_unix_s, NOW + 20);
    assert_false(told(&self).conflict);
    for (uint16_t candidate = 0; candidate < 3; candidate++) {
        assert_true(skad_collection_agrees(self.collection,
                                           skad_collection_given(self.collection, candidate)));
    }
    close_desk(&self);
}

static void a_conflict_is_told_and_settled_alike_in_any_order(void **state)
{
    (void)state;
    uint8_t first[1] = {0};
    for (size_t turn = 0; turn < 2; turn++) {
        desk self;
        open_desk(&self, SKAD_RECORD_MUTABLE);
        bytes both[2] = {edition(&self, 1, "a", NOW + 10), edition(&self, 1, "b", NOW + 10)};
        give(&self, &both[turn], 1);
        assert_false(told(&self).conflict);
        give(&self, &both[1 - turn], 1);
        assert_true(told(&self).conflict);
        if (turn == 0) {
            first[0] = told(&self).value[0];
        } else {
            assert_int_equal(told(&self).value[0], first[0]);
        }
        bytes newer = edition(&self, 2, "c", NOW + 10);
        give(&self, &newer, 1);
        assert_false(told(&self).conflict); /* it settles the matter */
        close_desk(&self);
    }
}

/* A holder is blamed for what it could see for itself. Its clock may be behind ours, and its
 * library may accept what ours refuses. */
static void only_what_the_holder_could_know_is_its_fault(void **state)
{
    (void)state;
    desk self;
    open_desk(&self, SKAD_RECORD_MUTABLE);
    bytes ended = edition(&self, 9, "v", NOW);
    bytes rubbish = {.data = {0x93}, .len = 1};
    bytes other_type = announcement(1, 1);
    bytes other_key = edition(&self, 9, "v", NOW + 10);
    other_key.data[6] ^= 1;
    bytes forged = edition(&self, 9, "v", NOW + 10);
    forged.data[forged.len - 1] ^= 1;
    const struct {
        const char *label;
        const bytes *given;
        bool fault;
        bool invalid; /* to be told of it, and given no copy of what is right */
    } cases[] = {
        {"expired", &ended, false, false},
        {"no record", &rubbish, true, true},
        {"of another type", &other_type, true, true},
        {"of another key", &other_key, true, true},
        {"forged", &forged, false, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        print_message("%s\n", cases[i].label);
        assert_int_equal(give(&self, cases[i].given, 1), cases[i].fault);
        assert_false(skad_collection_found(self.collection));
        const skad_given *given = skad_collection_given(self.collection, (uint16_t)i);
        assert_int_equal(given->invalid, cases[i].invalid);
        assert_false(given->record);
    }
    assert_int_equal(give(&self, NULL, 0), 0); /* to have nothing is no fault */
    close_desk(&self);
}

static void equal_bytes_are_verified_once(void **state)
{
    (void)state;
    desk self;
    open_desk(&self, SKAD_RECORD_MUTABLE);
    bytes one = edition(&self, 1, "v", NOW + 10);
    for (unsigned i = 0; i < 16; i++) {
        give(&self, &one, 1);
    }
    assert_int_equal(self.checked, 1);
    close_desk(&self);
}

static void a_record_behind_one_with_a_wrong_signature_is_found(void **state)
{
    (void)state;
    desk self;
    open_desk(&self, SKAD_RECORD_ANNOUNCEMENT);
    bytes records[SKAD_RECORDS_MAX];
    for (uint32_t i = 0; i < SKAD_RECORDS_MAX; i++) {
        records[i] = announcement(i, 1);
        if (i % 2 == 0) {
            records[i].data[records[i].len - 1] ^= 1;
        }
    }
    assert_int_equal(give(&self, records, SKAD_RECORDS_MAX), 0);
    assert_int_equal(self.checked, 8); /* an answer carries no more than these */
    assert_int_equal(told(&self).providers_count, 4);
    assert_true(skad_collection_given(self.collection, 0)->invalid);
    close_desk(&self);
}

static void a_publisher_counts_once_with_its_latest_announcement(void **state)
{
    (void)state;
    desk self;
    open_desk(&self, SKAD_RECORD_ANNOUNCEMENT);
    bytes records[] = {announcement(1, 5), announcement(1, 7), announcement(1, 6),
                       announcement(2, 1)};
    assert_int_equal(give(&self, records, 4), 0);
    skad_get_report report = told(&self);
    assert_int_equal(report.providers_count, 2);
    assert_int_equal(report.providers[0].sequence, 7);
    close_desk(&self);
}

/* The sequence decides; of the same sequence, the expiry. */
static void an_announcement_gives_way_to_a_later_one_only(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        uint64_t sequence;
        uint64_t life_s;
        bool taken;
    } cases[] = {
        {"the same", 5, 20, false},
        {"same sequence, later expiry", 5, 21, true},
        {"same sequence, earlier expiry", 5, 19, false},
        {"lower sequence, later expiry", 4, 30, false},
        {"higher sequence, earlier expiry", 6, 10, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        desk self;
        open_desk(&self, SKAD_RECORD_ANNOUNCEMENT);
        bytes first = announcement_until(1, 5, NOW + 20);
        bytes second = announcement_until(1, cases[i].sequence, NOW + cases[i].life_s);
        assert_int_equal(give(&self, &first, 1), 0);
        assert_int_equal(give(&self, &second, 1), 0);
        skad_get_report report = told(&self);
        assert_int_equal(report.providers_count, 1);
        if (report.providers[0].sequence != (cases[i].taken ? cases[i].sequence : 5) ||
            report.providers[0].expiry_unix_s != NOW + (cases[i].taken ? cases[i].life_s : 20)) {
            fail_msg("%s", cases[i].label);
        }
        close_desk(&self);
    }
}

/* Twice as many publishers as there is room for, in the same order each time. */
static void of_too_many_publishers_each_is_as_likely_to_stay(void **state)
{
    (void)state;
    enum { MANY = 2 * SKAD_PROVIDERS_MAX, ROUNDS = 60 };
    static bytes records[MANY];
    unsigned times[MANY] = {0};
    desk self;
    open_desk(&self, SKAD_RECORD_ANNOUNCEMENT);
    skad_random random = self.random;
    for (uint32_t i = 0; i < MANY; i++) {
        records[i] = announcement(i, i); /* the sequence tells which it is */
    }
    close_desk(&self);
    for (unsigned round = 0; round < ROUNDS; round++) {
        open_desk(&self, SKAD_RECORD_ANNOUNCEMENT);
        self.random = random;
        for (uint32_t i = 0; i < MANY; i += SKAD_RECORDS_MAX) {
            give(&self, &records[i], SKAD_RECORDS_MAX);
        }
        random = self.random;
        skad_get_report report = told(&self);
        assert_int_equal(report.providers_count, SKAD_PROVIDERS_MAX);
        for (size_t i = 0; i < report.providers_count; i++) {
            times[report.providers[i].sequence]++;
        }
        close_desk(&self);
    }
    for (size_t i = 0; i < MANY; i++) { /* 30 of 60, standard deviation 3.9 */
        assert_in_range(times[i], 11, 49);
    }
}

/* Each request answered, and each section of our own store: what comes beyond is left out. */
static void there_is_room_for_every_answer_and_both_shelves(void **state)
{
    (void)state;
    desk self;
    open_desk(&self, SKAD_RECORD_MUTABLE);
    bytes one = edition(&self, 1, "v", NOW + 10);
    for (size_t i = 0; i < SKAD_LOOKUP_RPCS_MAX + 2; i++) {
        assert_int_equal(give(&self, &one, 1), 0);
    }
    assert_non_null(skad_collection_given(self.collection, SKAD_LOOKUP_RPCS_MAX + 1));
    bytes later = edition(&self, 2, "w", NOW + 10);
    assert_int_equal(give(&self, &later, 1), 0);
    assert_null(skad_collection_given(self.collection, SKAD_LOOKUP_RPCS_MAX + 2));
    assert_int_equal(told(&self).sequence, 1);
    close_desk(&self);
}

static void fingerprints_tell_editions_apart_but_not_renewals(void **state)
{
    (void)state;
    uint64_t fingerprints[4][SKAD_PROVIDERS_MAX];
    for (size_t i = 0; i < 4; i++) {
        desk self;
        open_desk(&self, SKAD_RECORD_MUTABLE);
        assert_int_equal(skad_collection_fingerprints(self.collection, fingerprints[i]), 0);
        bytes one = edition(&self, i == 1 ? 2 : 1, i == 2 ? "other" : "v", NOW + 10 + i);
        give(&self, &one, 1);
        assert_int_equal(skad_collection_fingerprints(self.collection, fingerprints[i]), 1);
        close_desk(&self);
    }
    assert_true(fingerprints[0][0] != fingerprints[1][0]);
    assert_true(fingerprints[0][0] != fingerprints[2][0]);
    assert_true(fingerprints[0][0] == fingerprints[3][0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_highest_sequence_wins_in_any_order),
        cmocka_unit_test(of_equal_editions_the_one_that_lasts_longest_is_returned),
        cmocka_unit_test(a_conflict_is_told_and_settled_alike_in_any_order),
        cmocka_unit_test(only_what_the_holder_could_know_is_its_fault),
        cmocka_unit_test(equal_bytes_are_verified_once),
        cmocka_unit_test(a_record_behind_one_with_a_wrong_signature_is_found),
        cmocka_unit_test(a_publisher_counts_once_with_its_latest_announcement),
        cmocka_unit_test(an_announcement_gives_way_to_a_later_one_only),
        cmocka_unit_test(of_too_many_publishers_each_is_as_likely_to_stay),
        cmocka_unit_test(there_is_room_for_every_answer_and_both_shelves),
        cmocka_unit_test(fingerprints_tell_editions_apart_but_not_renewals),
    };
    return cmocka_run_group_tests_name("collect", tests, NULL, NULL);
}
