/* An attempt to eclipse a node: two thousand identities in four /24s send it valid requests for an
 * hour and answer all it asks, so that each of them could have a place in its table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "proto/envelope.h"
#include "skad/record.h"
#include "src/core/node/parts.h"
#include "src/core/routing/distance.h"
#include "src/core/routing/diversity.h"
#include "tests/support/identities.h"
#include "tests/support/impersonate.h"
#include "tests/support/network.h"

#define HONEST    150
#define ATTACKERS 2000
#define SUBNETS   4
#define ROUNDS    10 /* of requests from every attacker, spread over the hour */
#define LOOKUPS   100
#define ROWS_MAX  1024

typedef struct attack_plan {
    skad_identity identities[ATTACKERS];
    skad_address addresses[ATTACKERS];
    uint64_t requests;
    uint64_t asked; /* requests of the victim that reached an attacker */
} attack_plan;

static size_t attacker_at(const attack_plan *attack, const skad_address *address)
{
    size_t index = (size_t)address->ip[3] * SUBNETS + address->ip[2] +
                   256U * SUBNETS * (address->port - 20000U);
    assert_true(index < ATTACKERS);
    assert_memory_equal(&attack->addresses[index], address, sizeof *address);
    return index;
}

/* The attackers closest to what was asked for. */
static void name_attackers(const attack_plan *attack, const skad_id *target, skad_message *message)
{
    size_t count = 0;
    skad_contact *contacts = message->u.reply.u.nodes.contacts;
    for (size_t i = 0; i < ATTACKERS; i++) {
        size_t at = count;
        while (at > 0 &&
               skad_distance_compare(target, &attack->identities[i].id, &contacts[at - 1].id) < 0) {
            at--;
        }
        if (at == SKAD_CONTACTS_MAX) {
            continue;
        }
        count += count < SKAD_CONTACTS_MAX;
        memmove(&contacts[at + 1], &contacts[at], (count - 1 - at) * sizeof contacts[0]);
        contacts[at] = (skad_contact){.id = attack->identities[i].id, .ipv4 = attack->addresses[i]};
    }
    message->u.reply.u.nodes.contacts_count = count;
}

static void answer_victim(test_network *network, const skad_address *from,
                          const skad_datagram *datagram)
{
    attack_plan *attack = network->user;
    size_t index = attacker_at(attack, &datagram->to);
    skad_envelope envelope;
    skad_message asked;
    assert_int_equal(skad_envelope_decode(datagram->bytes + SKAD_TAG_BYTES,
                                          datagram->len - SKAD_TAG_BYTES, &envelope),
                     SKAD_VERDICT_ACCEPT);
    if (!skad_kind_is_request(envelope.kind) ||
        !skad_message_decode(envelope.kind, envelope.body.data, envelope.body.len, &asked)) {
        return;
    }
    skad_message message;
    message.kind = (skad_kind)(envelope.kind + SKAD_KIND_REPLY_OFFSET);
    if (envelope.kind == SKAD_KIND_FIND_NODE) {
        name_attackers(attack, &asked.u.find_node.target, &message);
    } else if (envelope.kind != SKAD_KIND_PING) {
        return;
    }
    skad_datagram reply;
    test_reply_as(network->profile, &attack->identities[index], from, datagram, &message, &reply);
    test_network_send(network, &attack->addresses[index], &reply);
    attack->asked++;
}

static void make_attackers(attack_plan *attack, const skad_profile *profile)
{
    for (uint32_t i = 0; i < ATTACKERS; i++) {
        attack->identities[i] = test_identity(profile, 100000 + i);
        attack->addresses[i] =
            (skad_address){.family = SKAD_FAMILY_IPV4,
                           .port = (uint16_t)(20000 + i / (256 * SUBNETS)),
                           .ip = {10, 200, (uint8_t)(i % SUBNETS), (uint8_t)(i / SUBNETS)}};
    }
}

static void flood_for_an_hour(test_network *network, attack_plan *attack)
{
    const uint64_t pause_us = 3600 * SKAD_US_PER_S / ROUNDS / ATTACKERS;
    for (size_t i = 0; i < (size_t)ROUNDS * ATTACKERS; i++) {
        size_t index = i % ATTACKERS;
        skad_message ping = {.kind = SKAD_KIND_PING};
        skad_datagram datagram;
        test_request_as(network->profile, &attack->identities[index],
                        skad_node_self(network->nodes[0].node), &network->nodes[0].address, &ping,
                        ++attack->requests, &datagram);
        assert_int_equal(test_network_inject(network, 0, &attack->addresses[index], datagram.bytes,
                                             datagram.len),
                         SKAD_VERDICT_ACCEPT);
        test_network_run(network, pause_us, NULL, NULL);
    }
}

static bool is_attacker(const skad_address *address)
{
    return address->ip[0] == 10 && address->ip[1] == 200;
}

static void assert_table_is_diverse(const test_network *network)
{
    static skad_table_row rows[ROWS_MAX];
    size_t count =
        skad_node_table(network->nodes[0].node, test_network_time(network), rows, ROWS_MAX);
    size_t attackers = 0;
    for (size_t i = 0; i < count; i++) {
        size_t in_table = 0;
        size_t in_bucket = 0;
        for (size_t j = 0; j < count; j++) {
            bool same = skad_address_group(&rows[i].contact.ipv4) ==
                        skad_address_group(&rows[j].contact.ipv4);
            in_table += same;
            in_bucket += same && rows[i].bucket == rows[j].bucket;
        }
        assert_in_range(in_table, 1, network->profile->group_table_max);
        /* A bucket that split since may have had its share in each half. */
        assert_in_range(in_bucket, 1, network->profile->group_bucket_max);
        attackers += is_attacker(&rows[i].contact.ipv4);
    }
    print_message("%zu of %zu peers in the victim's table are attackers\n", attackers, count);
    assert_in_range(attackers, 1, SUBNETS * network->profile->group_table_max);
    assert_true(count >= 2 * attackers);
}

static bool finds_the_nearest(test_network *network, const skad_id *target)
{
    const skad_id *nearest = NULL;
    for (size_t i = 1; i < network->count; i++) {
        const skad_id *id = &network->nodes[i].identity.id;
        if (nearest == NULL || skad_distance_compare(target, id, nearest) < 0) {
            nearest = id;
        }
    }
    skad_op op;
    assert_int_equal(
        skad_node_lookup(network->nodes[0].node, target, test_network_time(network), &op), SKAD_OK);
    skad_event event = test_network_await(network, 0, op, NULL);
    for (size_t i = 0; i < event.u.lookup.report.closest_count; i++) {
        if (skad_id_equal(&event.u.lookup.report.closest[i].id, nearest)) {
            return true;
        }
    }
    return false;
}

static void two_thousand_colluders_of_four_subnets_do_not_eclipse_a_node(void **state)
{
    (void)state;
    skad_profile profile = *skad_profile_builtin("test");
    const skad_profile *public_profile = skad_profile_builtin("public");
    profile.static_bits = 0; /* the attackers' puzzles are solved already */
    profile.dynamic_bits = 0;
    profile.group_bucket_max = public_profile->group_bucket_max;
    profile.group_table_max = public_profile->group_table_max;
    profile.group_path_max = public_profile->group_path_max;
    test_network *network = malloc(sizeof *network);
    attack_plan *attack = calloc(1, sizeof *attack);
    assert_non_null(network);
    assert_non_null(attack);
    test_network_init(network, &profile, HONEST, 20);
    network->outsiders = answer_victim;
    network->user = attack;
    network->still = true;
    make_attackers(attack, &profile);

    /* The attackers come first: the victim is fresh, its table empty but for its bootstrap. */
    for (size_t i = 1; i < HONEST; i++) {
        test_network_know_all(network, i);
    }
    assert_int_equal(skad_node_join(network->nodes[0].node, &network->nodes[1].address, 1,
                                    test_network_time(network)),
                     SKAD_OK);
    network->awake = 0;
    flood_for_an_hour(network, attack);
    assert_true(attack->asked > 0);
    assert_table_is_diverse(network);
    size_t found = 0;
    for (uint32_t i = 0; i < LOOKUPS; i++) {
        skad_id target;
        skad_value_key((const uint8_t *)&i, sizeof i, &target);
        found += finds_the_nearest(network, &target);
    }
    print_message("seed 20: nearest honest node found in %zu of %d lookups\n", found, LOOKUPS);
    assert_true(found >= LOOKUPS * 99 / 100);
    test_network_free(network);
    free(network);
    free(attack);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_thousand_colluders_of_four_subnets_do_not_eclipse_a_node),
    };
    return cmocka_run_group_tests_name("eclipse", tests, NULL, NULL);
}
