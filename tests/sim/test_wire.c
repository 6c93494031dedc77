/* The wire of a live world: datagrams pass sockets whole, strangers' do not, time passes, and a
 * small world lives on it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "src/sim/world/wire.h"
#include "tests/support/small_world.h"

#define WAIT_MS 5000 /* for what is surely on its way */

static skad_sim_flight *flight_of(size_t len)
{
    skad_sim_flight *flight = calloc(1, sizeof *flight + len);
    assert_non_null(flight);
    flight->from = (skad_address){.family = SKAD_FAMILY_IPV4, .port = 4700, .ip = {16, 0, 0, 1}};
    flight->to = (skad_address){.family = SKAD_FAMILY_IPV4, .port = 4701, .ip = {16, 1, 0, 1}};
    flight->len = (uint16_t)len;
    memset(flight->bytes, 7, len);
    return flight;
}

static void a_datagram_passes_with_the_addresses_that_it_shows(void **state)
{
    (void)state;
    char reason[SKAD_SIM_REASON_BYTES];
    skad_sim_wire *wire = skad_sim_wire_new(3, reason);
    assert_non_null(wire);
    assert_null(skad_sim_wire_receive(wire, 0));
    static const size_t sizes[] = {1, 100, SKAD_DATAGRAM_BYTES_MAX};
    for (size_t i = 0; i < 3; i++) {
        skad_sim_flight *sent = flight_of(sizes[i]);
        assert_true(skad_sim_wire_send(wire, 2, sent));
        const skad_sim_flight *came = skad_sim_wire_receive(wire, WAIT_MS);
        assert_non_null(came);
        assert_memory_equal(&came->from, &sent->from, sizeof sent->from);
        assert_memory_equal(&came->to, &sent->to, sizeof sent->to);
        assert_int_equal(came->len, sent->len);
        assert_memory_equal(came->bytes, sent->bytes, sent->len);
        free(sent);
    }
    assert_null(skad_sim_wire_receive(wire, 0));
    skad_sim_wire_free(wire);
}

/* Another program of the machine sends to all ports that it can guess; here to one that it knows.
 */
static void what_strangers_send_is_dropped(void **state)
{
    (void)state;
    char reason[SKAD_SIM_REASON_BYTES];
    skad_sim_wire *wire = skad_sim_wire_new(1, reason);
    assert_non_null(wire);
    skad_sim_flight *sent = flight_of(100);
    sent->bytes[0] = 9;
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = skad_sim_wire_port(wire, 0),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int stranger = socket(AF_INET, SOCK_DGRAM, 0);
    assert_true(stranger >= 0);
    const ssize_t len = (ssize_t)(offsetof(skad_sim_flight, bytes) + 100);
    assert_int_equal(
        sendto(stranger, sent, (size_t)len, 0, (const struct sockaddr *)&to, sizeof to), len);
    sent->bytes[0] = 7;
    assert_true(skad_sim_wire_send(wire, 0, sent)); /* comes after it */
    sent->bytes[0] = 8;
    assert_true(skad_sim_wire_send(wire, 0, sent));
    unsigned count = 0;
    for (unsigned tries = 0; tries < 4 && count < 2; tries++) { /* one finds the stranger's */
        const skad_sim_flight *came = skad_sim_wire_receive(wire, WAIT_MS);
        if (came != NULL) {
            assert_int_equal(came->bytes[0], 7 + count);
            count++;
        }
    }
    assert_null(skad_sim_wire_receive(wire, 0));
    assert_int_equal(count, 2);
    (void)close(stranger);
    free(sent);
    skad_sim_wire_free(wire);
}

static void time_begins_where_the_world_stands_and_passes(void **state)
{
    (void)state;
    char reason[SKAD_SIM_REASON_BYTES];
    skad_sim_wire *wire = skad_sim_wire_new(1, reason);
    assert_non_null(wire);
    const uint64_t first_us = skad_sim_wire_now_us(wire, 86400 * SKAD_US_PER_S);
    assert_true(first_us >= 86400 * SKAD_US_PER_S);
    (void)skad_sim_wire_receive(wire, 2);
    assert_true(skad_sim_wire_now_us(wire, 0) >= first_us + SKAD_US_PER_MS);
    skad_sim_wire_free(wire);
}

static void a_small_world_lives_on_it(void **state)
{
    (void)state;
    skad_sim_scenario scenario = test_small_world(20);
    scenario.live = true;
    scenario.lookups = 10;
    scenario.lookup_every_ms = 20;
    scenario.adversary = SKAD_SIM_WITHHOLD;
    scenario.adversary_share = 0.2;
    skad_sim_outcome outcome = test_run_world(&scenario);
    assert_int_equal(outcome.lookups.ended, 10);
    assert_int_equal(outcome.lookups.nearest, 10);
    assert_true(outcome.counters.delivered > 100);
}

static void too_many_nodes_are_refused(void **state)
{
    (void)state;
    char reason[SKAD_SIM_REASON_BYTES];
    skad_sim_scenario scenario = test_small_world(SKAD_SIM_LIVE_NODES_MAX + 1);
    assert_true(skad_sim_scenario_check(&scenario, reason));
    scenario.live = true;
    assert_false(skad_sim_scenario_check(&scenario, reason));
    assert_non_null(strstr(reason, "give 500 nodes or fewer"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_datagram_passes_with_the_addresses_that_it_shows),
        cmocka_unit_test(what_strangers_send_is_dropped),
        cmocka_unit_test(time_begins_where_the_world_stands_and_passes),
        cmocka_unit_test(a_small_world_lives_on_it),
        cmocka_unit_test(too_many_nodes_are_refused),
    };
    return cmocka_run_group_tests_name("sim wire", tests, NULL, NULL);
}
