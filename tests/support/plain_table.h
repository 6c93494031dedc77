/* A routing table written down as simply as possible: lists of numbers instead of slots, the rules
 * of table.h and liveness.h in plain words. What table_model.h holds against the real one; it knows
 * nothing of that. Peers are numbers, known or not. */
#ifndef SKAD_TESTS_PLAIN_TABLE_H
#define SKAD_TESTS_PLAIN_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/core/routing/table.h"

#define TEST_PLAIN_IDENTITIES_MAX 300
#define TEST_PLAIN_NOBODY         TEST_PLAIN_IDENTITIES_MAX

/* Numbers of identities, in an order. */
typedef struct test_plain_run {
    size_t at[TEST_PLAIN_IDENTITIES_MAX];
    size_t count;
} test_plain_run;

typedef struct test_plain_figure {
    skad_id id;
    uint32_t verified[2]; /* numbers of addresses; 0: none */
    unsigned blamed[2];   /* failures of each endpoint */
    unsigned failures;
    uint64_t first_seen_us;
    uint64_t last_seen_us;
    uint64_t check_us;
    bool pressing; /* that check is not planned anew */
} test_plain_figure;

typedef struct test_plain_table {
    skad_id self;
    size_t k;
    size_t siblings_max;
    size_t slots;
    size_t identities;
    test_plain_figure figures[TEST_PLAIN_IDENTITIES_MAX];
    test_plain_run members[SKAD_BUCKETS_MAX];
    test_plain_run caches[SKAD_BUCKETS_MAX];
    test_plain_run siblings;
    size_t buckets_count;
    uint64_t lived_ms; /* for which peers were seen to live */
    uint64_t ends;     /* who fell silent meanwhile, in 256ths */
    uint64_t now_us;
} test_plain_table;

bool test_plain_run_has(const test_plain_run *self, size_t number);
void test_plain_run_drop(test_plain_run *self, size_t number);
void test_plain_run_push(test_plain_run *self, size_t number);

size_t test_plain_bucket_of(const test_plain_table *self, size_t number);
bool test_plain_known(const test_plain_table *self, size_t number);
size_t test_plain_known_count(const test_plain_table *self);
bool test_plain_unresponsive(const test_plain_table *self, size_t number);

/* Its next check, which is planned anew if that helps. */
void test_plain_check_at(test_plain_figure *who, uint64_t us);
uint64_t test_plain_interval_us(const test_plain_table *self, const test_plain_figure *who);

/* It answered, so long after its last answer; somebody fell silent. */
void test_plain_lived(test_plain_table *self, const test_plain_figure *who);
void test_plain_ended(test_plain_table *self);

/* A newcomer gets its places, splitting the last bucket as far as that makes room. */
void test_plain_settle(test_plain_table *self, size_t number);
void test_plain_join_siblings(test_plain_table *self, size_t number);
/* Somebody loses all places; those who wait move up. */
void test_plain_forget(test_plain_table *self, size_t number);
void test_plain_promote(test_plain_table *self, size_t bucket);

#endif
