/* The driver of port mapping, with a gateway on a loopback address that this test plays. The linker
 * hands it the questions for a route and for what peers see. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proto/address.h"
#include "src/host/drive/mapping.h"
#include "src/host/net/uplink.h"
#include "tests/support/fixture.h"
#include "tests/support/portmap_run.h"
#include "tests/support/turns.h"

bool __wrap_skad_uplink_find(const skad_address *bound, skad_uplink *out);
void __wrap_skad_node_stats_get(const skad_node *node, skad_time now, skad_node_stats *out);
void __wrap_skad_node_reach_again(skad_node *node, unsigned families, skad_time now);

static const skad_address PORT = {.family = SKAD_FAMILY_IPV4, .port = 4700};

static skad_uplink route;
static bool has_route;
static skad_address seen;
static unsigned asked_again;

static test_fixture fixture;
static skad_udp_endpoints endpoints;
static skad_loop *loop;
static skad_mapping *mapping;
static int gateway;

bool __wrap_skad_uplink_find(const skad_address *bound, skad_uplink *out)
{
    assert_int_equal(bound->family, SKAD_FAMILY_IPV4);
    *out = route;
    return has_route;
}

void __wrap_skad_node_stats_get(const skad_node *node, skad_time now, skad_node_stats *out)
{
    (void)node;
    (void)now;
    memset(out, 0, sizeof *out);
    out->observed[0] = seen;
}

void __wrap_skad_node_reach_again(skad_node *node, unsigned families, skad_time now)
{
    (void)node;
    (void)now;
    assert_int_equal(families, SKAD_FAMILY_IPV4);
    asked_again++;
}

/* ---- The log ---- */

static char lines[8192];

static void note(void *user, skad_log_level level, const char *text)
{
    (void)user;
    (void)level;
    strncat(lines, text, sizeof lines - strlen(lines) - 2);
    strcat(lines, "\n");
}

static size_t told(const char *part)
{
    size_t count = 0;
    for (const char *at = strstr(lines, part); at != NULL; at = strstr(at + 1, part)) {
        count++;
    }
    return count;
}

/* ---- The gateway ---- */

static int listen_at(uint8_t last)
{
    const struct sockaddr_in name = {.sin_family = AF_INET,
                                     .sin_port = htons(SKAD_PORTMAP_PORT),
                                     .sin_addr.s_addr = htonl(0x7f000500U | last)};
    const struct timeval patience = {.tv_sec = 10};
    const int fd = socket(AF_INET, SOCK_DGRAM, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)&name, sizeof name), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience), 0);
    return fd;
}

static struct sockaddr_in client;

static size_t hear(int fd, uint8_t *out, size_t max)
{
    socklen_t len = sizeof client;
    const ssize_t got = recvfrom(fd, out, max, 0, (struct sockaddr *)&client, &len);
    assert_true(got > 0);
    return (size_t)got;
}

static void say(const uint8_t *bytes, size_t len)
{
    assert_int_equal(
        sendto(gateway, bytes, len, 0, (const struct sockaddr *)&client, sizeof client), len);
    test_loop_wait(loop);
}

/* Answers a request of PCP: 81.2.69.1:4700 for an hour. */
static void answer(const uint8_t *request)
{
    uint8_t bytes[60];
    memcpy(bytes, request, sizeof bytes);
    bytes[1] = 0x81;
    memset(bytes + 8, 0, 16);
    memcpy(bytes + 44, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x51\x02\x45\x01", 16);
    say(bytes, sizeof bytes);
}

static skad_mapping_view view(void)
{
    skad_mapping_view out;
    skad_mapping_look_at(mapping, 0, &out);
    return out;
}

static void make(void)
{
    const skad_mapping_config config = {
        .loop = loop,
        .endpoints = &endpoints,
        .identity = &fixture.identity,
        .node = fixture.node,
        .log = {.write = note},
    };
    assert_int_equal(skad_mapping_new(&config, &mapping), SKAD_OK);
}

static int set_up(void **state)
{
    (void)state;
    const skad_profile profile = test_fixture_profile();
    test_fixture_init(&fixture, &profile);
    memset(&endpoints, 0, sizeof endpoints);
    endpoints.count = 1;
    endpoints.sockets[0].bound = PORT;
    loop = test_loop_new();
    gateway = listen_at(1);
    memset(lines, 0, sizeof lines);
    memset(&seen, 0, sizeof seen);
    asked_again = 0;
    has_route = true;
    route = (skad_uplink){
        .gateway = {.family = SKAD_FAMILY_IPV4, .ip = {127, 0, 5, 1}},
        .source = {.family = SKAD_FAMILY_IPV4, .ip = {127, 0, 5, 2}},
        .interface = 1,
    };
    test_loop_turn(loop);
    make();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    skad_mapping_free(mapping);
    skad_loop_free(loop);
    close(gateway);
    test_fixture_free(&fixture);
    return 0;
}

static void be_mapped(uint8_t request[static 60])
{
    skad_mapping_look(mapping);
    assert_int_equal(hear(gateway, request, 60), 60);
    answer(request);
    assert_int_equal(view().state, SKAD_MAPPING_MAPPED);
}

/* ---- Tests ---- */

static void a_mapping_is_made_shown_told_once_and_removed(void **state)
{
    (void)state;
    uint8_t request[60];
    uint8_t farewell[60];
    assert_int_equal(view().state, SKAD_MAPPING_OFF); /* not begun: no socket yet */
    skad_mapping_look(mapping);
    assert_int_equal(view().state, SKAD_MAPPING_ASKING);
    assert_int_equal(hear(gateway, request, sizeof request), 60);
    /* The request is for the address that it comes from (RFC 6887, section 8.1). */
    assert_memory_equal(request + 20, "\x7f\x00\x05\x02", 4);
    assert_int_equal(client.sin_addr.s_addr, htonl(0x7f000502));
    answer(request);
    assert_int_equal(view().state, SKAD_MAPPING_MAPPED);
    assert_string_equal(view().protocol, "pcp");
    assert_int_equal(view().external.port, 4700);
    assert_true(view().lifetime_s > 3500);
    assert_int_equal(told("lets 81.2.69.1:4700 in for 3600 s, by PCP"), 1);
    assert_int_equal(asked_again, 1);
    answer(request); /* a copy */
    answer(request);
    assert_int_equal(told("lets 81.2.69.1:4700 in"), 1);
    assert_int_equal(told("no answer to a request (unasked)"), 1);
    assert_int_equal(asked_again, 1);
    skad_mapping_free(mapping);
    mapping = NULL;
    assert_int_equal(hear(gateway, farewell, sizeof farewell), 60);
    assert_memory_equal(farewell + 4, "\0\0\0\0", 4);
    assert_memory_equal(farewell + 24, request + 24, 12);
}

/* A gateway changes a mapping only for the nonce that made it. */
static void the_nonce_is_the_same_after_a_restart(void **state)
{
    (void)state;
    uint8_t first[60];
    uint8_t second[60];
    skad_mapping_look(mapping);
    assert_int_equal(hear(gateway, first, sizeof first), 60);
    skad_mapping_free(mapping);
    assert_int_equal(hear(gateway, second, sizeof second), 60); /* the farewell */
    make();
    skad_mapping_look(mapping);
    assert_int_equal(hear(gateway, second, sizeof second), 60);
    assert_memory_equal(first + 24, second + 24, 12);
    /* And another one at another port. */
    endpoints.sockets[0].bound.port = 4701;
    skad_mapping_free(mapping);
    assert_int_equal(hear(gateway, second, sizeof second), 60);
    make();
    skad_mapping_look(mapping);
    assert_int_equal(hear(gateway, second, sizeof second), 60);
    assert_memory_not_equal(first + 24, second + 24, 12);
}

static void another_gateway_or_address_begins_anew(void **state)
{
    (void)state;
    uint8_t request[60];
    be_mapped(request);
    skad_mapping_look(mapping); /* all as before */
    assert_int_equal(view().state, SKAD_MAPPING_MAPPED);
    route.source.ip[3] = 3;
    skad_mapping_changed(mapping);
    assert_int_equal(view().state, SKAD_MAPPING_ASKING);
    assert_int_equal(hear(gateway, request, sizeof request), 60);
    assert_memory_equal(request + 20, "\x7f\x00\x05\x03", 4);
    const int other = listen_at(9);
    route.gateway.ip[3] = 9;
    skad_mapping_changed(mapping);
    assert_int_equal(hear(other, request, sizeof request), 60);
    close(other);
    has_route = false;
    skad_mapping_changed(mapping);
    assert_int_equal(view().state, SKAD_MAPPING_NO_GATEWAY);
    assert_int_equal(view().gateway.family, SKAD_FAMILY_NONE);
    skad_mapping_look(mapping);
    assert_int_equal(told("there is no gateway"), 1);
}

static void a_public_address_needs_none(void **state)
{
    (void)state;
    route.source = (skad_address){.family = SKAD_FAMILY_IPV4, .ip = {81, 2, 69, 8}};
    skad_mapping_look(mapping);
    skad_mapping_look(mapping);
    assert_int_equal(view().state, SKAD_MAPPING_UNNEEDED);
    assert_non_null(strstr(view().reason, "81.2.69.8:4700 is a public address"));
    assert_int_equal(told("is a public address"), 1);
    skad_mapping_changed(mapping); /* nothing to hurry */
    skad_mapping_unreached(mapping, SKAD_FAMILY_IPV4);
}

static void a_loopback_address_has_no_gateway(void **state)
{
    (void)state;
    endpoints.sockets[0].bound.ip[0] = 127;
    skad_mapping_free(mapping);
    make();
    skad_mapping_look(mapping);
    assert_int_equal(view().state, SKAD_MAPPING_UNNEEDED);
}

static void a_source_that_cannot_be_bound_is_told(void **state)
{
    (void)state;
    route.source.ip[0] = 10; /* no address of this machine */
    route.source.ip[1] = 213;
    skad_mapping_look(mapping);
    assert_int_equal(view().state, SKAD_MAPPING_NO_GATEWAY);
    assert_int_equal(told("cannot open a socket to the gateway: "), 1);
}

static void an_error_is_told_once_with_what_to_do(void **state)
{
    (void)state;
    uint8_t request[60];
    skad_mapping_look(mapping);
    assert_int_equal(hear(gateway, request, sizeof request), 60);
    request[1] = 0x81;
    request[3] = SKAD_PORTMAP_NOT_AUTHORIZED;
    say(request, sizeof request);
    say(request, sizeof request);
    assert_int_equal(view().state, SKAD_MAPPING_FAILED);
    assert_non_null(strstr(view().reason, "allows this machine no mapping: switch"));
    assert_int_equal(told("allows this machine no mapping"), 1);
    assert_int_equal(asked_again, 0);
}

static void garbage_and_long_datagrams_are_told_once(void **state)
{
    (void)state;
    static const uint8_t garbage[2000] = {2, 0x81};
    uint8_t request[60];
    skad_mapping_look(mapping);
    assert_int_equal(hear(gateway, request, sizeof request), 60);
    for (size_t i = 0; i < 40; i++) {
        say(garbage, 50 * i);
    }
    assert_int_equal(told("no answer to a request (form)"), 1);
    answer(request);
    assert_int_equal(view().state, SKAD_MAPPING_MAPPED);
}

static void what_peers_see_is_compared(void **state)
{
    (void)state;
    uint8_t request[60];
    be_mapped(request);
    seen = (skad_address){.family = SKAD_FAMILY_IPV4, .port = 4700, .ip = {81, 2, 69, 1}};
    skad_mapping_look(mapping);
    skad_mapping_look(mapping);
    assert_int_equal(told("peers see"), 0);
    seen.port = 61234;
    skad_mapping_look(mapping);
    assert_int_equal(told("peers see"), 0); /* it may be on its way */
    skad_mapping_look(mapping);
    skad_mapping_look(mapping);
    assert_int_equal(
        told("peers see this node at 81.2.69.1:61234, but the gateway lets 81.2.69.1:4700 in"), 1);
}

static void without_a_mapping_nothing_is_done(void **state)
{
    (void)state;
    skad_mapping_view off;
    skad_mapping_look(NULL);
    skad_mapping_changed(NULL);
    skad_mapping_unreached(NULL, SKAD_FAMILY_IPV6);
    skad_mapping_free(NULL);
    skad_mapping_look_at(NULL, 1, &off);
    assert_int_equal(off.state, SKAD_MAPPING_OFF);
    for (int i = SKAD_MAPPING_OFF; i <= SKAD_MAPPING_FAILED; i++) {
        assert_true(strlen(skad_mapping_state_name((skad_mapping_state)i)) > 2);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_mapping_is_made_shown_told_once_and_removed),
        TEST(the_nonce_is_the_same_after_a_restart),
        TEST(another_gateway_or_address_begins_anew),
        TEST(a_public_address_needs_none),
        TEST(a_loopback_address_has_no_gateway),
        TEST(a_source_that_cannot_be_bound_is_told),
        TEST(an_error_is_told_once_with_what_to_do),
        TEST(garbage_and_long_datagrams_are_told_once),
        TEST(what_peers_see_is_compared),
        TEST(without_a_mapping_nothing_is_done),
    };
    return cmocka_run_group_tests_name("mapping", tests, NULL, NULL);
}
