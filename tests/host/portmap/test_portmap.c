/* The machine: asking, renewing, waiting, and gateways that answer late, twice, with another
 * version, with a lifetime of zero, or with garbage. Time is an argument. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <string.h>

#include "src/host/portmap/portmap.h"

#define S SKAD_US_PER_S

static const skad_address GATEWAY = {.family = 1, .port = 5351, .ip = {192, 168, 7, 1}};
static const skad_address GATEWAY6 = {.family = 2, .port = 5351, .ip = {0xfe, 0x80, [15] = 1}};
static const skad_address OURS = {.family = 1, .port = 4700, .ip = {192, 168, 7, 2}};
static const skad_address OURS6 = {.family = 2, .port = 4700, .ip = {0x2a, 2, [15] = 2}};
static const uint8_t NONCE[SKAD_PORTMAP_NONCE_BYTES] = {7, 7, 7, 1, 2, 3, 4, 5, 6, 9, 9, 9};

static skad_portmap machine;
static uint64_t now_us;
static uint64_t random_number; /* 0: each time is as short as it may be */
static uint8_t request[SKAD_PORTMAP_REQUEST_BYTES];
static size_t request_len;
static uint32_t epoch_base_s; /* what the gateway's clock shows at time 0 */

static int set_up(void **state)
{
    (void)state;
    now_us = 1000 * S;
    random_number = 0;
    epoch_base_s = 50000;
    skad_portmap_init(&machine, &GATEWAY, &OURS, NONCE, now_us);
    return 0;
}

static void begin_ipv6(void)
{
    skad_portmap_init(&machine, &GATEWAY6, &OURS6, NONCE, now_us);
}

/* Lets time pass until the next tick that is due; what it sends is in `request`. */
static void next(void)
{
    const uint64_t due_us = skad_portmap_deadline(&machine);
    now_us = due_us > now_us ? due_us : now_us;
    request_len = skad_portmap_tick(&machine, now_us, random_number, request);
}

static void until_sent(void)
{
    do {
        next();
    } while (request_len == 0);
}

static bool sent_pcp(void)
{
    return request_len == 60 && request[0] == 2;
}

static void put(uint8_t *out, size_t bytes, uint32_t value)
{
    for (size_t i = 0; i < bytes; i++) {
        out[i] = (uint8_t)(value >> (8 * (bytes - 1 - i)));
    }
}

/* A datagram of a gateway. */
typedef struct datagram {
    uint8_t bytes[60];
    size_t len;
} datagram;

static uint32_t epoch(void)
{
    return epoch_base_s + (uint32_t)(now_us / S);
}

/* That of a good gateway, to our request. */
static datagram pcp(uint8_t result, uint32_t lifetime_s)
{
    datagram out = {.len = 60};
    skad_portmap_wish wish = {.internal = machine.internal};
    memcpy(wish.nonce, NONCE, sizeof NONCE);
    (void)skad_portmap_write(SKAD_PORTMAP_PCP_MAP, &wish, out.bytes);
    memset(out.bytes + 8, 0, 16);
    out.bytes[1] = 0x81;
    out.bytes[3] = result;
    put(out.bytes + 4, 4, lifetime_s);
    put(out.bytes + 8, 4, epoch());
    put(out.bytes + 42, 2, 4701);
    if (machine.internal.family == SKAD_FAMILY_IPV4) {
        memcpy(out.bytes + 54, "\xff\xff\x51\x02\x45\x01", 6);
    } else {
        memcpy(out.bytes + 44, machine.internal.ip, 16);
    }
    return out;
}

static datagram pmp_address(uint8_t result)
{
    datagram out = {.bytes = {0, 0x80, 0, result, [8] = 81, 2, 69, 1}, .len = result == 0 ? 12 : 8};
    put(out.bytes + 4, 4, epoch());
    return out;
}

static datagram pmp_map(uint8_t result, uint32_t lifetime_s)
{
    datagram out = {.bytes = {0, 0x81, 0, result}, .len = 16};
    put(out.bytes + 4, 4, epoch());
    put(out.bytes + 8, 2, 4700);
    put(out.bytes + 10, 2, 4701);
    put(out.bytes + 12, 4, lifetime_s);
    return out;
}

static skad_portmap_verdict give(datagram one)
{
    return skad_portmap_receive(&machine, &machine.gateway, one.bytes, one.len, now_us,
                                random_number);
}

#define TAKEN(one)           assert_int_equal(give(one), SKAD_PORTMAP_TAKEN)
#define DROPPED(one, reason) assert_int_equal(give(one), SKAD_PORTMAP_DROP_##reason)

static void map_by_pcp(uint32_t lifetime_s)
{
    until_sent();
    assert_true(sent_pcp());
    TAKEN(pcp(0, lifetime_s));
    assert_int_equal(machine.state, SKAD_PORTMAP_MAPPED);
}

static void fall_back(void)
{
    static const datagram other = {.bytes = {0, 0x81, 0, 1}, .len = 8};
    until_sent();
    TAKEN(other);
    until_sent();
    assert_int_equal(request_len, 2);
}

static void map_by_pmp(void)
{
    fall_back();
    TAKEN(pmp_address(0));
    until_sent();
    assert_int_equal(request_len, 12);
    TAKEN(pmp_map(0, 3600));
    assert_int_equal(machine.state, SKAD_PORTMAP_MAPPED);
}

/* ---- Asking ---- */

static void a_mapping_is_asked_for_at_once_and_held(void **state)
{
    (void)state;
    next();
    assert_int_equal(now_us, 1000 * S);
    assert_true(sent_pcp());
    assert_memory_equal(request + 42, "\x12\x5c", 2); /* our port is suggested */
    TAKEN(pcp(0, 3600));
    assert_int_equal(machine.state, SKAD_PORTMAP_MAPPED);
    assert_true(machine.by_pcp);
    assert_int_equal(machine.external.port, 4701);
    assert_memory_equal(machine.external.ip, "\x51\x02\x45\x01", 4);
    assert_int_equal(skad_portmap_left_s(&machine, now_us), 3600);
    assert_int_equal(skad_portmap_left_s(&machine, now_us + 3000 * S), 600);
    assert_int_equal(skad_portmap_left_s(&machine, now_us + 3600 * S), 0);
}

static void a_pinhole_is_for_our_own_address(void **state)
{
    (void)state;
    begin_ipv6();
    map_by_pcp(3600);
    assert_memory_equal(request + 8, OURS6.ip, 16);
    assert_int_equal(machine.external.family, SKAD_FAMILY_IPV6);
    assert_memory_equal(machine.external.ip, OURS6.ip, 16);
}

/* RT of RFC 6887, section 8.1.1: (1 + RAND) * 3 s, then (1 + RAND) * 2 * RT; RAND within a tenth.
 */
static void pcp_is_sent_again_as_the_rfc_says(void **state)
{
    (void)state;
    for (random_number = 0; random_number < 40; random_number++) {
        uint64_t before_us = now_us;
        uint64_t rt_us = 3 * S;
        begin_ipv6();
        for (unsigned i = 0; i < 5; i++) {
            random_number = random_number * 6364136223846793005U + 1442695040888963407U;
            next();
            assert_true(sent_pcp());
            if (i > 0) {
                assert_in_range(now_us - before_us, rt_us * 9 / 10, rt_us * 11 / 10);
                rt_us = 2 * (now_us - before_us);
            }
            before_us = now_us;
        }
        random_number %= 40;
    }
}

/* RFC 6886, section 3.1: 250 ms, doubling, nine times. */
static void silence_leads_to_nat_pmp_and_then_to_a_pause(void **state)
{
    (void)state;
    uint64_t before_us = 0;
    for (unsigned i = 0; i < 3; i++) {
        until_sent();
        assert_true(sent_pcp());
    }
    for (unsigned i = 0; i < 9; i++) {
        until_sent();
        assert_int_equal(request_len, 2);
        if (i > 0) {
            assert_int_equal(now_us - before_us, 250000ULL << (i - 1));
        }
        before_us = now_us;
    }
    assert_int_equal(machine.state, SKAD_PORTMAP_ASKING);
    next();
    assert_int_equal(request_len, 0);
    assert_int_equal(machine.state, SKAD_PORTMAP_WAITING);
    assert_int_equal(machine.trouble, SKAD_PORTMAP_SILENT);
    until_sent();
    assert_true(sent_pcp()); /* from the beginning */
}

/* However long a gateway is silent or refuses: fewer and fewer datagrams, an hour apart in the end.
 */
static void pauses_grow_to_an_hour(void **state)
{
    (void)state;
    uint64_t before_us = 0;
    for (unsigned i = 0; i < 12; i++) {
        random_number = i * 12345678901U;
        until_sent();
        const uint64_t expected_us = i == 0 ? 0 : (i > 6 ? 3600 : 60ULL << (i - 1)) * S;
        if (i > 0) {
            assert_in_range(now_us - before_us, expected_us * 9 / 10, expected_us * 11 / 10);
        }
        before_us = now_us;
        TAKEN(pcp(SKAD_PORTMAP_NOT_AUTHORIZED, 0));
        assert_int_equal(machine.trouble, SKAD_PORTMAP_REFUSED);
    }
}

static void a_mapping_ends_the_growth_of_pauses(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        until_sent();
        TAKEN(pcp(SKAD_PORTMAP_NO_RESOURCES, 0));
    }
    map_by_pcp(3600);
    assert_int_equal(machine.trouble, SKAD_PORTMAP_FINE);
    now_us += 3600 * S;
    until_sent();
    const uint64_t before_us = now_us;
    TAKEN(pcp(SKAD_PORTMAP_NO_RESOURCES, 0));
    until_sent();
    assert_in_range(now_us - before_us, 54 * S, 66 * S);
}

static void an_errors_life_is_waited_for_within_bounds(void **state)
{
    (void)state;
    static const struct {
        uint32_t said_s;
        uint64_t min_s;
        uint64_t max_s;
    } cases[] = {{0, 54, 66}, {30, 54, 66}, {600, 600, 600}, {UINT32_MAX, 1800, 1800}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)set_up(NULL);
        until_sent();
        const uint64_t before_us = now_us;
        TAKEN(pcp(SKAD_PORTMAP_NETWORK_FAILURE, cases[i].said_s));
        until_sent();
        assert_in_range(now_us - before_us, cases[i].min_s * S, cases[i].max_s * S);
    }
}

static void each_error_is_a_trouble_of_its_own(void **state)
{
    (void)state;
    static const struct {
        uint8_t result;
        skad_portmap_trouble trouble;
    } cases[] = {
        {SKAD_PORTMAP_NOT_AUTHORIZED, SKAD_PORTMAP_REFUSED},
        {3, SKAD_PORTMAP_NONSENSE}, /* MALFORMED_REQUEST: it is not */
        {SKAD_PORTMAP_UNSUPP_OPCODE, SKAD_PORTMAP_UNSUPPORTED},
        {SKAD_PORTMAP_UNSUPP_PROTOCOL, SKAD_PORTMAP_UNSUPPORTED},
        {SKAD_PORTMAP_NETWORK_FAILURE, SKAD_PORTMAP_NETWORK},
        {SKAD_PORTMAP_NO_RESOURCES, SKAD_PORTMAP_RESOURCES},
        {SKAD_PORTMAP_USER_EX_QUOTA, SKAD_PORTMAP_QUOTA},
        {SKAD_PORTMAP_CANNOT_PROVIDE_EXTERNAL, SKAD_PORTMAP_EXTERNAL},
        {SKAD_PORTMAP_ADDRESS_MISMATCH, SKAD_PORTMAP_BETWEEN},
        {200, SKAD_PORTMAP_NONSENSE},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)set_up(NULL);
        until_sent();
        TAKEN(pcp(cases[i].result, 0));
        assert_int_equal(machine.state, SKAD_PORTMAP_WAITING);
        assert_int_equal(machine.trouble, cases[i].trouble);
    }
}

static void a_port_that_is_not_to_be_had_is_not_suggested_again(void **state)
{
    (void)state;
    until_sent();
    TAKEN(pcp(SKAD_PORTMAP_CANNOT_PROVIDE_EXTERNAL, 0));
    until_sent();
    assert_memory_equal(request + 42, "\0\0", 2);
    TAKEN(pcp(0, 3600));
    until_sent();
    assert_memory_equal(request + 42, "\x12\x5d", 2); /* the one that we have */
}

/* ---- NAT-PMP ---- */

static void another_version_leads_to_nat_pmp_at_once(void **state)
{
    (void)state;
    static const datagram answers[] = {
        {.bytes = {0, 0x81, 0, 1}, .len = 8},
        {.bytes = {1, 0x81, 0, 1}, .len = 24},
        {.bytes = {2, 0x81, 0, 1}, .len = 60},
        {.bytes = {3, 0x81, 0, 1}, .len = 24},
    };
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        (void)set_up(NULL);
        until_sent();
        TAKEN(answers[i]);
        next();
        assert_int_equal(now_us, 1000 * S);
        assert_int_equal(request_len, 2);
        /* It knows neither. */
        TAKEN(answers[i]);
        assert_int_equal(machine.state, SKAD_PORTMAP_WAITING);
        assert_int_equal(machine.trouble, SKAD_PORTMAP_VERSION);
    }
    (void)set_up(NULL);
    begin_ipv6(); /* NAT-PMP has no pinholes */
    until_sent();
    TAKEN(answers[0]);
    assert_int_equal(machine.trouble, SKAD_PORTMAP_VERSION);
    until_sent();
    assert_true(sent_pcp());
}

static void nat_pmp_maps_in_two_steps(void **state)
{
    (void)state;
    map_by_pmp();
    assert_false(machine.by_pcp);
    assert_int_equal(machine.external.port, 4701);
    assert_memory_equal(machine.external.ip, "\x51\x02\x45\x01", 4);
    assert_int_equal(skad_portmap_left_s(&machine, now_us), 3600);
}

static void nat_pmp_is_renewed_in_two_steps(void **state)
{
    (void)state;
    map_by_pmp();
    for (unsigned i = 0; i < 5; i++) {
        const uint64_t mapped_us = now_us;
        until_sent();
        assert_int_equal(request_len, 2);
        assert_in_range(now_us - mapped_us, 1800 * S, 2250 * S);
        TAKEN(pmp_address(0));
        until_sent();
        assert_int_equal(request_len, 12);
        assert_memory_equal(request + 6, "\x12\x5d", 2);
        TAKEN(pmp_map(0, 3600));
        assert_int_equal(skad_portmap_left_s(&machine, now_us), 3600);
    }
}

static void errors_of_nat_pmp_have_the_names_of_pcp(void **state)
{
    (void)state;
    static const skad_portmap_trouble troubles[] = {
        SKAD_PORTMAP_REFUSED, SKAD_PORTMAP_NETWORK, SKAD_PORTMAP_RESOURCES,
        SKAD_PORTMAP_UNSUPPORTED, SKAD_PORTMAP_NONSENSE};
    for (size_t i = 0; i < sizeof troubles / sizeof troubles[0]; i++) {
        for (unsigned step = 0; step < 2; step++) {
            (void)set_up(NULL);
            fall_back();
            if (step == 1) {
                TAKEN(pmp_address(0));
                until_sent();
            }
            TAKEN(step == 0 ? pmp_address((uint8_t)(2 + i)) : pmp_map((uint8_t)(2 + i), 3600));
            assert_int_equal(machine.state, SKAD_PORTMAP_WAITING);
            assert_int_equal(machine.trouble, troubles[i]);
        }
    }
}

static void a_gateway_without_an_address_has_no_network(void **state)
{
    (void)state;
    fall_back();
    datagram zero = pmp_address(0);
    memset(zero.bytes + 8, 0, 4);
    TAKEN(zero);
    assert_int_equal(machine.trouble, SKAD_PORTMAP_NETWORK);
}

/* ---- Renewal ---- */

/* RFC 6887, section 11.2.1: between 1/2 and 5/8, 3/4 and 13/16, 7/8 and 29/32..., 4 s apart. */
static void renewals_come_at_the_points_of_the_rfc(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 50; round++) {
        (void)set_up(NULL);
        random_number = round * 0x9e3779b97f4a7c15ULL;
        map_by_pcp(3600);
        const uint64_t mapped_us = now_us;
        uint64_t before_us = now_us;
        for (unsigned k = 1; machine.state == SKAD_PORTMAP_MAPPED; k++) {
            random_number = random_number * 6364136223846793005U + 1442695040888963407U;
            until_sent();
            const uint64_t left_us = k < 20 ? 3600 * S >> k : 0;
            if (left_us > 8 * S) {
                assert_in_range(now_us - mapped_us, 3600 * S - left_us,
                                3600 * S - left_us + left_us / 4);
            }
            assert_true(now_us - before_us >= 4 * S || machine.state == SKAD_PORTMAP_ASKING);
            before_us = now_us;
            assert_true(k < 16);
        }
        /* No answer: its life is over, and all begins anew. */
        assert_int_equal(now_us - mapped_us, 3600 * S);
        assert_int_equal(machine.state, SKAD_PORTMAP_ASKING);
        assert_true(sent_pcp());
    }
}

static void an_answer_to_a_late_renewal_keeps_the_mapping(void **state)
{
    (void)state;
    map_by_pcp(3600);
    for (unsigned i = 0; i < 4; i++) {
        until_sent();
    }
    TAKEN(pcp(0, 3600));
    assert_int_equal(skad_portmap_left_s(&machine, now_us), 3600);
}

static void an_error_at_a_renewal_leaves_the_mapping_its_life(void **state)
{
    (void)state;
    map_by_pcp(3600);
    until_sent();
    TAKEN(pcp(SKAD_PORTMAP_NO_RESOURCES, 0));
    assert_int_equal(machine.state, SKAD_PORTMAP_MAPPED);
    assert_int_equal(machine.trouble, SKAD_PORTMAP_RESOURCES);
    static const datagram other = {.bytes = {0, 0x81, 0, 1}, .len = 8};
    until_sent();
    TAKEN(other);
    assert_int_equal(machine.state, SKAD_PORTMAP_MAPPED);
    until_sent();
    TAKEN(pcp(0, 3600));
    assert_int_equal(machine.trouble, SKAD_PORTMAP_FINE);
}

static void a_renewal_is_hurried_once_a_minute(void **state)
{
    (void)state;
    map_by_pcp(3600);
    const uint64_t mapped_us = now_us;
    for (unsigned i = 1; i <= 3; i++) {
        skad_portmap_hurry(&machine, now_us);
        until_sent();
        assert_int_equal(now_us - mapped_us, i * 60 * S);
        TAKEN(pcp(0, 3600));
    }
    now_us += 100 * S;
    skad_portmap_hurry(&machine, now_us);
    assert_int_equal(skad_portmap_deadline(&machine), now_us);
}

/* ---- Epochs ---- */

static void a_gateway_that_lost_its_state_is_noticed(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        int64_t moved_s; /* of the gateway's clock, against ours */
        bool restarted;
    } cases[] = {
        {"as it should be", 0, false}, {"a bit slow", -100, false}, /* a sixteenth of half an hour
                                                                       is 112 s */
        {"a bit fast", 100, false},    {"back to nothing", -50000, true}, {"behind", -200, true},
        {"ahead", 200, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        (void)set_up(NULL);
        map_by_pcp(3600);
        until_sent();
        epoch_base_s = (uint32_t)((int64_t)epoch_base_s + cases[i].moved_s);
        TAKEN(pcp(0, 3600));
        assert_int_equal(machine.state, SKAD_PORTMAP_MAPPED); /* it has just said so */
        if ((machine.restarts > 0) != cases[i].restarted) {
            fail_msg("%s", cases[i].label);
        }
    }
}

static void a_mapping_is_lost_with_the_state_of_its_gateway(void **state)
{
    (void)state;
    map_by_pmp();
    until_sent();
    epoch_base_s = 0;
    TAKEN(pmp_address(0));
    assert_int_equal(machine.state, SKAD_PORTMAP_ASKING);
    next();
    assert_int_equal(request_len, 12); /* anew, at once */
    TAKEN(pmp_map(0, 3600));
    assert_int_equal(machine.state, SKAD_PORTMAP_MAPPED);
    assert_int_equal(machine.restarts, 1);
    (void)set_up(NULL);
    map_by_pcp(3600);
    until_sent();
    epoch_base_s = 0;
    TAKEN(pcp(SKAD_PORTMAP_NETWORK_FAILURE, 0)); /* just booted: the old promise is void */
    assert_int_equal(machine.state, SKAD_PORTMAP_WAITING);
}

/* A clock that jumps in each answer costs no more requests than one that does not. */
static void a_gateway_that_restarts_all_the_time_causes_no_storm(void **state)
{
    (void)state;
    unsigned sent = 0;
    map_by_pmp();
    const uint64_t end_us = now_us + 24 * 3600 * S;
    while (now_us < end_us) {
        next();
        sent += request_len > 0;
        epoch_base_s = epoch_base_s == 0 ? 50000 : 0;
        if (request_len == 2) {
            TAKEN(pmp_address(0));
        } else if (request_len == 12) {
            TAKEN(pmp_map(0, SKAD_PORTMAP_LIFETIME_S_MIN));
        }
    }
    assert_in_range(sent, 100, 2 * 24 * 3600 / (SKAD_PORTMAP_LIFETIME_S_MIN / 2) + 10);
}

/* ---- What does not count ---- */

static void only_the_gateway_itself_is_heard(void **state)
{
    (void)state;
    until_sent();
    const datagram good = pcp(0, 3600);
    skad_address from = GATEWAY;
    from.port = 5352;
    assert_int_equal(skad_portmap_receive(&machine, &from, good.bytes, good.len, now_us, 0),
                     SKAD_PORTMAP_DROP_SOURCE);
    from = GATEWAY;
    from.ip[3] = 9; /* another gateway of this link */
    assert_int_equal(skad_portmap_receive(&machine, &from, good.bytes, good.len, now_us, 0),
                     SKAD_PORTMAP_DROP_SOURCE);
    from = GATEWAY;
    from.family = SKAD_FAMILY_IPV6;
    assert_int_equal(skad_portmap_receive(&machine, &from, good.bytes, good.len, now_us, 0),
                     SKAD_PORTMAP_DROP_SOURCE);
    assert_int_equal(machine.state, SKAD_PORTMAP_ASKING);
    TAKEN(good);
}

static void an_answer_counts_once(void **state)
{
    (void)state;
    DROPPED(pcp(0, 3600), UNASKED); /* before anything was asked */
    map_by_pcp(3600);
    const uint64_t due_us = skad_portmap_deadline(&machine);
    now_us += 5 * S;
    DROPPED(pcp(0, 86400), UNASKED);
    DROPPED(pcp(SKAD_PORTMAP_NOT_AUTHORIZED, 0), UNASKED);
    DROPPED(pmp_map(0, 3600), UNASKED);
    static const datagram other = {.bytes = {0, 0x81, 0, 1}, .len = 8};
    DROPPED(other, UNASKED);
    assert_int_equal(machine.state, SKAD_PORTMAP_MAPPED);
    assert_int_equal(skad_portmap_deadline(&machine), due_us);
    assert_int_equal(skad_portmap_left_s(&machine, now_us), 3595);
}

/* After the node has given up: the mapping is there, and it is used. */
static void an_answer_may_come_late(void **state)
{
    (void)state;
    while (machine.state != SKAD_PORTMAP_WAITING) {
        next();
    }
    TAKEN(pcp(0, 3600));
    assert_int_equal(machine.state, SKAD_PORTMAP_MAPPED);
    DROPPED(pmp_address(0), UNASKED); /* the other protocol is later still */
    (void)set_up(NULL);
    while (machine.kind != SKAD_PORTMAP_PMP_ADDRESS) {
        next();
    }
    TAKEN(pcp(0, 3600)); /* PCP, while NAT-PMP is asked */
    assert_true(machine.by_pcp);
    until_sent();
    assert_true(sent_pcp());
}

static void what_is_for_another_mapping_is_dropped(void **state)
{
    (void)state;
    until_sent();
    datagram bad = pcp(0, 3600);
    bad.bytes[24] ^= 1;
    DROPPED(bad, NONCE);
    bad = pcp(0, 3600);
    bad.bytes[36] = 6; /* TCP */
    DROPPED(bad, MAPPING);
    bad = pcp(0, 3600);
    bad.bytes[41] ^= 1;
    DROPPED(bad, MAPPING);
    bad = pcp(SKAD_PORTMAP_NOT_AUTHORIZED, 0);
    bad.bytes[35] ^= 0x80; /* errors, too, need the nonce */
    DROPPED(bad, NONCE);
    fall_back();
    TAKEN(pmp_address(0));
    until_sent();
    bad = pmp_map(0, 3600);
    bad.bytes[9] ^= 1;
    DROPPED(bad, MAPPING);
    TAKEN(pmp_map(0, 3600));
}

static void garbage_changes_nothing(void **state)
{
    (void)state;
    until_sent();
    const skad_portmap before = machine;
    uint64_t x = 88172645463325252ULL; /* xorshift: the same garbage each time */
    for (unsigned i = 0; i < 200000; i++) {
        datagram bad;
        for (size_t k = 0; k < sizeof bad.bytes; k++) {
            x ^= x << 13;
            x ^= x >> 7;
            x ^= x << 17;
            bad.bytes[k] = (uint8_t)x;
        }
        bad.len = x % (sizeof bad.bytes + 1);
        assert_int_not_equal(give(bad), SKAD_PORTMAP_TAKEN);
    }
    assert_memory_equal(&machine, &before, sizeof before);
}

static void useless_mappings_are_troubles(void **state)
{
    (void)state;
    static const uint32_t lives[] = {0, 1, SKAD_PORTMAP_LIFETIME_S_MIN - 1};
    for (size_t i = 0; i < sizeof lives / sizeof lives[0]; i++) {
        (void)set_up(NULL);
        until_sent();
        TAKEN(pcp(0, lives[i]));
        assert_int_equal(machine.state, SKAD_PORTMAP_WAITING);
        assert_int_equal(machine.trouble, SKAD_PORTMAP_LIFETIME);
    }
    (void)set_up(NULL);
    until_sent();
    datagram bad = pcp(0, 3600);
    put(bad.bytes + 42, 2, 0); /* no port */
    TAKEN(bad);
    assert_int_equal(machine.trouble, SKAD_PORTMAP_NONSENSE);
    until_sent();
    bad = pcp(0, 3600);
    memset(bad.bytes + 44, 0x20, 16); /* IPv6 for IPv4 */
    TAKEN(bad);
    assert_int_equal(machine.trouble, SKAD_PORTMAP_NONSENSE);
    until_sent();
    bad = pcp(0, 3600);
    memset(bad.bytes + 56, 0, 4); /* 0.0.0.0 */
    TAKEN(bad);
    assert_int_equal(machine.trouble, SKAD_PORTMAP_NONSENSE);
    map_by_pcp(3600);
    until_sent();
    TAKEN(pcp(0, 0)); /* at a renewal: the mapping is gone */
    assert_int_equal(machine.state, SKAD_PORTMAP_WAITING);
}

static void a_huge_life_is_a_day(void **state)
{
    (void)state;
    map_by_pcp(UINT32_MAX);
    assert_int_equal(skad_portmap_left_s(&machine, now_us), 86400);
    const uint64_t mapped_us = now_us;
    until_sent();
    assert_in_range(now_us - mapped_us, 43200 * S, 54000 * S);
}

/* ---- The end ---- */

static void a_mapping_is_removed_by_one_datagram(void **state)
{
    (void)state;
    uint8_t out[SKAD_PORTMAP_REQUEST_BYTES];
    assert_int_equal(skad_portmap_farewell(&machine, out), 0); /* nothing was asked for */
    map_by_pcp(3600);
    assert_int_equal(skad_portmap_farewell(&machine, out), 60);
    assert_memory_equal(out + 4, "\0\0\0\0", 4);
    assert_memory_equal(out + 24, NONCE, sizeof NONCE);
    assert_memory_equal(out + 40, "\x12\x5c\0\0", 4);
    (void)set_up(NULL);
    until_sent(); /* it may exist, only the answer is missing */
    assert_int_equal(skad_portmap_farewell(&machine, out), 60);
    (void)set_up(NULL);
    map_by_pmp();
    assert_int_equal(skad_portmap_farewell(&machine, out), 12);
    assert_memory_equal(out + 4, "\x12\x5c\0\0\0\0\0\0", 8);
}

static void verdicts_have_names(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SKAD_PORTMAP_VERDICTS; i++) {
        assert_true(strlen(skad_portmap_verdict_name((skad_portmap_verdict)i)) > 3);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_mapping_is_asked_for_at_once_and_held, set_up),
        cmocka_unit_test_setup(a_pinhole_is_for_our_own_address, set_up),
        cmocka_unit_test_setup(pcp_is_sent_again_as_the_rfc_says, set_up),
        cmocka_unit_test_setup(silence_leads_to_nat_pmp_and_then_to_a_pause, set_up),
        cmocka_unit_test_setup(pauses_grow_to_an_hour, set_up),
        cmocka_unit_test_setup(a_mapping_ends_the_growth_of_pauses, set_up),
        cmocka_unit_test_setup(an_errors_life_is_waited_for_within_bounds, set_up),
        cmocka_unit_test_setup(each_error_is_a_trouble_of_its_own, set_up),
        cmocka_unit_test_setup(a_port_that_is_not_to_be_had_is_not_suggested_again, set_up),
        cmocka_unit_test_setup(another_version_leads_to_nat_pmp_at_once, set_up),
        cmocka_unit_test_setup(nat_pmp_maps_in_two_steps, set_up),
        cmocka_unit_test_setup(nat_pmp_is_renewed_in_two_steps, set_up),
        cmocka_unit_test_setup(errors_of_nat_pmp_have_the_names_of_pcp, set_up),
        cmocka_unit_test_setup(a_gateway_without_an_address_has_no_network, set_up),
        cmocka_unit_test_setup(renewals_come_at_the_points_of_the_rfc, set_up),
        cmocka_unit_test_setup(an_answer_to_a_late_renewal_keeps_the_mapping, set_up),
        cmocka_unit_test_setup(an_error_at_a_renewal_leaves_the_mapping_its_life, set_up),
        cmocka_unit_test_setup(a_renewal_is_hurried_once_a_minute, set_up),
        cmocka_unit_test_setup(a_gateway_that_lost_its_state_is_noticed, set_up),
        cmocka_unit_test_setup(a_mapping_is_lost_with_the_state_of_its_gateway, set_up),
        cmocka_unit_test_setup(a_gateway_that_restarts_all_the_time_causes_no_storm, set_up),
        cmocka_unit_test_setup(only_the_gateway_itself_is_heard, set_up),
        cmocka_unit_test_setup(an_answer_counts_once, set_up),
        cmocka_unit_test_setup(an_answer_may_come_late, set_up),
        cmocka_unit_test_setup(what_is_for_another_mapping_is_dropped, set_up),
        cmocka_unit_test_setup(garbage_changes_nothing, set_up),
        cmocka_unit_test_setup(useless_mappings_are_troubles, set_up),
        cmocka_unit_test_setup(a_huge_life_is_a_day, set_up),
        cmocka_unit_test_setup(a_mapping_is_removed_by_one_datagram, set_up),
        cmocka_unit_test_setup(verdicts_have_names, set_up),
    };
    return cmocka_run_group_tests_name("portmap", tests, NULL, NULL);
}
