/* What every store of skad/store.h must do, as cmocka tests over a store that a factory makes. The
 * tests of each store run it and add what only they have. */
#ifndef SKAD_TESTS_STORE_SUITE_H
#define SKAD_TESTS_STORE_SUITE_H

#include "skad/store.h"

typedef struct test_store_factory {
    /* Opens the store; what an earlier one kept is there again if `lasting`. */
    skad_store (*open)(void *user, const skad_store_caps *caps);
    /* The next one that is opened holds nothing. */
    void (*clear)(void *user);
    void *user;
    bool lasting; /* records outlive their store */
} test_store_factory;

/* For whom caps are not the point. */
extern const skad_store_caps test_store_roomy;

/* Runs the group; returns the number of tests that failed. */
int test_store_suite(const char *name, test_store_factory *factory);

/* A store that holds nothing. */
skad_store test_store_fresh(const test_store_factory *factory, const skad_store_caps *caps);
/* Closes a store and opens it again, where records outlive it. */
void test_store_reopen(const test_store_factory *factory, const skad_store_caps *caps,
                       skad_store *store);
void test_store_free(skad_store *store);

/* A held record that one byte each tells from others: 1 immutable without publisher, else as said.
 * It expires at 2,000,000. */
skad_store_record test_store_record(uint8_t key, uint8_t type, uint8_t publisher,
                                    const uint8_t *data, size_t len);
/* Puts it at the time at which the suite's tests take place. */
#define TEST_STORE_NOW_S 1000000ULL
skad_status test_store_put(const skad_store *store, skad_store_section section,
                           const skad_store_record *record);
void test_store_expect_equal(const skad_store_record *found, const skad_store_record *wanted);

/* Tests of the suite: lists and walks (store_walks.c). */
void a_list_begins_at_the_draw_and_wraps_around(void **state);
void each_record_is_as_likely_to_be_listed_as_any_other(void **state);
void a_survey_tells_of_each_record_of_a_key_and_type(void **state);
void a_walk_meets_every_record_once_in_the_order_of_names(void **state);
void a_walk_goes_on_while_records_come_and_go(void **state);

/* Tests of the suite: shares, and what gives way (store_shares.c). */
void usage_is_counted_by_publisher_and_group_whatever_happens(void **state);
void a_record_counts_for_the_wider_groups_around_its_own(void **state);
void expired_records_give_way_first(void **state);
void a_put_drops_no_more_than_is_in_its_way(void **state);

/* A test of the suite: random steps against a plain list (store_model.c). */
void random_steps_agree_with_a_plain_list(void **state);

#endif
