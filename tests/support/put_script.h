/* What tests of a holder share: records of all types, bringing one to the node of a fixture on the
 * wire, its verdict, and what it holds. */
#ifndef SKAD_TESTS_PUT_SCRIPT_H
#define SKAD_TESTS_PUT_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/record.h"
#include "tests/support/fixture.h"

#define DAY_S  86400U
#define HOUR_S 3600U

typedef struct test_bytes {
    uint8_t data[SKAD_RECORD_BYTES_MAX];
    size_t len;
} test_bytes;

/* Records of publisher number n, under the salt "salt"; announcements are under the key that begins
 * with a byte. */
test_bytes test_mutable_of(uint32_t publisher, uint64_t sequence, uint64_t expiry,
                           const char *value);
test_bytes test_announcement_of(uint32_t publisher, uint8_t key, uint64_t sequence,
                                uint64_t expiry);
/* Value number n, of this length. */
test_bytes test_immutable_of(uint32_t number, size_t len);

/* What the node answered to a put. */
typedef struct test_verdict {
    bool stored;
    uint32_t life_s;
    uint32_t code;
    uint64_t detail;
} test_verdict;

typedef struct test_wish {
    bool has_cas;
    uint64_t cas;
    uint32_t life_s; /* 0: a day */
} test_wish;

/* A remote peer with a token puts a record to the node, by the RPC of its type. */
test_verdict test_bring(test_fixture *fixture, const test_remote *who, const test_bytes *record,
                        test_wish asked);
/* Fails the test unless the record was refused for this code, with this detail. */
void test_assert_refused(const char *label, test_verdict got, skad_error_code code,
                         uint64_t detail);

/* The record of a name as the node holds it. */
bool test_held(const test_fixture *fixture, const test_bytes *record, skad_store_record *out);
/* Whether it holds the very same bytes. */
bool test_holds(const test_fixture *fixture, const test_bytes *record);

#endif
