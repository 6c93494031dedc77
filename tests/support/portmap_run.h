/* The machine of port mapping with a gateway that a test plays. */
#ifndef TESTS_SUPPORT_PORTMAP_RUN_H
#define TESTS_SUPPORT_PORTMAP_RUN_H

#include "src/host/portmap/portmap.h"

extern const skad_address TEST_PORTMAP_GATEWAY;
extern const skad_address TEST_PORTMAP_OURS6;
extern const uint8_t TEST_PORTMAP_NONCE[SKAD_PORTMAP_NONCE_BYTES];

typedef struct test_portmap_state {
    skad_portmap machine;
    uint64_t now_us;
    uint64_t random; /* 0: each time is as short as it may be */
    uint8_t request[SKAD_PORTMAP_REQUEST_BYTES];
    size_t request_len;
    uint32_t epoch_base_s; /* what the gateway's clock shows at time 0 */
} test_portmap_state;

extern test_portmap_state test_portmap_run;

/* A datagram of a gateway. */
typedef struct test_portmap_datagram {
    uint8_t bytes[60];
    size_t len;
} test_portmap_datagram;

int test_portmap_begin(void **state); /* IPv4, at 1000 s; for cmocka */
void test_portmap_begin_ipv6(void);

/* Lets time pass until the next tick that is due; what it sends is in `request`. */
void test_portmap_next(void);
void test_portmap_until_sent(void);
bool test_portmap_sent_pcp(void);

/* What a good gateway answers. */
test_portmap_datagram test_pcp(uint8_t result, uint32_t lifetime_s);
test_portmap_datagram test_pmp_address(uint8_t result);
test_portmap_datagram test_pmp_map(uint8_t result, uint32_t lifetime_s);
/* Writes a big-endian number. */
void test_portmap_put(uint8_t *out, size_t bytes, uint32_t value);

skad_portmap_verdict test_portmap_give(test_portmap_datagram one);
#define TEST_PORTMAP_TAKEN(one) assert_int_equal(test_portmap_give(one), SKAD_PORTMAP_TAKEN)

/* Until it is mapped; until the first request of NAT-PMP. */
void test_portmap_by_pcp(uint32_t lifetime_s);
void test_portmap_by_pmp(void);
void test_portmap_fall_back(void);

#endif
