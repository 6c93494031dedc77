/* What tests of records in a whole network share: nodes that have joined, publishing, fetching,
 * announcing, and waiting for an event. */
#ifndef SKAD_TESTS_RECORD_SCRIPT_H
#define SKAD_TESTS_RECORD_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/records.h"
#include "tests/support/network.h"

#define DAY_S    86400U
#define HOUR_S   3600U
#define HOUR_US  (HOUR_S * SKAD_US_PER_S)
#define MINUTE_S 60U

typedef struct test_edition {
    uint64_t sequence;
    const char *value;
    bool has_cas;
    uint64_t cas;
    bool keep;
    uint32_t life_s; /* 0: two days */
} test_edition;

typedef struct test_awaited {
    size_t index;
    skad_op op;
    bool came;
    skad_event event;
    bool seen[64]; /* which nodes were among the providers, by their index */
    uint8_t value[SKAD_VALUE_BYTES_MAX];
} test_awaited;

/* So many nodes of the profile "test" that have joined; free with test_records_stop. */
test_network *test_records_start(size_t count, uint64_t seed);
void test_records_stop(test_network *network);
skad_span test_text(const char *words);
skad_node *test_node_of(test_network *network, size_t index);
/* Publishes under the salt "salt" and returns the event; the key of what was published. */
skad_event test_publish(test_network *network, size_t index, test_edition what, skad_id *key);
/* Gets what is under a key; the value is copied. */
skad_event test_fetch(test_network *network, size_t index, skad_record_type type,
                      const skad_id *key, uint8_t value[static SKAD_VALUE_BYTES_MAX]);
/* Fails the test unless a mutable record is resolved with this sequence and value. */
void test_assert_resolves(test_network *network, size_t index, const skad_id *key,
                          uint64_t sequence, const char *expected);
/* How many living nodes hold something under a key and type. */
size_t test_holders_of(const test_network *network, const skad_id *key, skad_record_type type);
/* Announces a node under the key that begins with this byte, on port 8080. */
void test_announce(test_network *network, size_t index, uint8_t key, bool keep);
/* For test_network_run: true once an event of the awaited operation or watch has come. */
bool test_poll_awaited(test_network *network, void *user);

#endif
