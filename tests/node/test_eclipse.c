/* An attempt to eclipse a node: two thousand identities of a few subnets, or of one allocation of
 * IPv6 addresses, send it valid requests for an hour and answer all it asks, so that each of them
 * could have a place in its table. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "proto/envelope.h"
#include "skad/record.h"
#include "src/core/node/invariants.h"
#include "src/core/routing/distance.h"
#include "tests/support/identities.h"
#include "tests/support/impersonate.h"
#include "tests/support/network.h"

#define HONEST    150
#define ATTACKERS 2000
#define ROUNDS    10 /* of requests from every attacker, spread over the hour */
#define LOOKUPS   100
#define ROWS_MAX  1024

/* Where the attackers are, and how many of the victim's peers they may become: what the limits of
 * the address groups allow them (10 of a /24 or /56; a /48 twice as many, a /32 four times). */
typedef struct eclipse_case {
    const char *label;
    unsigned subnets; /* of level 0 of the address groups */
    uint8_t first[7]; /* the first of them; IPv4: in bytes 0 to 2 */
    bool ipv6;
    uint8_t varies[2]; /* the bytes that number the subnets, low byte first */
    size_t peers_max;
} eclipse_case;

typedef struct attack_plan {
    const eclipse_case *place;
    skad_identity identities[ATTACKERS];
    skad_address addresses[ATTACKERS];
    uint64_t requests;
    uint64_t asked; /* requests of the victim that reached an attacker */
} attack_plan;

static size_t attacker_at(const attack_plan *attack, const skad_address *address)
{
    size_t index = address->port - 20000U;
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
        contacts[at] = (skad_contact){.id = attack->identities[i].id};
        *(attack->place->ipv6 ? &contacts[at].ipv6 : &contacts[at].ipv4) = attack->addresses[i];
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

static skad_address attacker_address(const eclipse_case *place, uint32_t number)
{
    skad_address address = {.family = place->ipv6 ? SKAD_FAMILY_IPV6 : SKAD_FAMILY_IPV4,
                            .port = (uint16_t)(20000 + number)};
    uint32_t subnet = number % place->subnets;
    memcpy(address.ip, place->first, place->ipv6 ? 7 : 3);
    address.ip[place->varies[0]] = (uint8_t)(address.ip[place->varies[0]] + subnet % 256);
    address.ip[place->varies[1]] = (uint8_t)(address.ip[place->varies[1]] + subnet / 256);
    address.ip[place->ipv6 ? 15 : 3] = (uint8_t)(1 + number / place->subnets % 250);
    return address;
}

static void make_attackers(attack_plan *attack, const skad_profile *profile)
{
    for (uint32_t i = 0; i < ATTACKERS; i++) {
        attack->identities[i] = test_identity(profile, 100000 + i);
        attack->addresses[i] = attacker_address(attack->place, i);
    }
}

#define EXAMINED_EVERY 20 /* pauses of the flood, each a fifth of a second */

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
        network->unexamined = i % EXAMINED_EVERY != 0;
        test_network_run(network, pause_us, NULL, NULL);
    }
    network->unexamined = false;
}

static bool is_attacker(const attack_plan *attack, const skad_contact *contact)
{
    const skad_address *address = attack->place->ipv6 ? &contact->ipv6 : &contact->ipv4;
    return address->family != SKAD_FAMILY_NONE && address->port >= 20000;
}

static void assert_attackers_keep_their_share(const test_network *network,
                                              const attack_plan *attack)
{
    static skad_table_row rows[ROWS_MAX];
    size_t count =
        skad_node_table(network->nodes[0].node, test_network_time(network), rows, ROWS_MAX);
    size_t attackers = 0;
    size_t siblings = 0;
    size_t attacking_siblings = 0;
    for (size_t i = 0; i < count; i++) {
        attackers += is_attacker(attack, &rows[i].contact);
        siblings += rows[i].sibling;
        attacking_siblings += rows[i].sibling && is_attacker(attack, &rows[i].contact);
    }
    print_message("%zu of %zu peers in the victim's table are attackers, %zu of %zu siblings\n",
                  attackers, count, attacking_siblings, siblings);
    assert_in_range(attackers, 1, attack->place->peers_max);
    assert_true(count >= 2 * attackers);
    assert_true(siblings >= 2 * attacking_siblings);
    assert_null(skad_node_broken(network->nodes[0].node, test_network_time(network)));
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

static skad_profile public_limits(void)
{
    skad_profile profile = *test_plain_profile();
    const skad_profile *public_profile = skad_profile_builtin("public");
    profile.static_bits = 0; /* the attackers' puzzles are solved already */
    profile.dynamic_bits = 0;
    profile.group_bucket_max = public_profile->group_bucket_max;
    profile.group_table_max = public_profile->group_table_max;
    profile.group_path_max = public_profile->group_path_max;
    return profile;
}

/* The attackers come first: the victim is fresh, its table empty but for its bootstrap. */
static void attack_a_fresh_node(test_network *network, attack_plan *attack)
{
    for (size_t i = 1; i < HONEST; i++) {
        test_network_know_all(network, i);
    }
    assert_int_equal(skad_node_join(network->nodes[0].node, &network->nodes[1].address, 1,
                                    test_network_time(network)),
                     SKAD_OK);
    network->awake = 0;
    flood_for_an_hour(network, attack);
    assert_true(attack->asked > 0);
}

static void assert_not_eclipsed_from(const eclipse_case *place)
{
    skad_profile profile = public_limits();
    test_network *network = malloc(sizeof *network);
    attack_plan *attack = calloc(1, sizeof *attack);
    assert_non_null(network);
    assert_non_null(attack);
    attack->place = place;
    test_network_init(network, &profile, HONEST, 20);
    network->outsiders = answer_victim;
    network->user = attack;
    network->still = true;
    make_attackers(attack, &profile);
    print_message("%s:\n", place->label);
    attack_a_fresh_node(network, attack);
    assert_attackers_keep_their_share(network, attack);
    size_t found = 0;
    for (uint32_t i = 0; i < LOOKUPS; i++) {
        skad_id target;
        skad_value_key((const uint8_t *)&i, sizeof i, &target);
        found += finds_the_nearest(network, &target);
    }
    print_message("seed 20: nearest honest node found in %zu of %d lookups\n", found, LOOKUPS);
    assert_int_equal(found, LOOKUPS);
    test_network_free(network);
    free(network);
    free(attack);
}

static void colluders_of_four_subnets_do_not_eclipse_a_node(void **state)
{
    (void)state;
    assert_not_eclipsed_from(&(eclipse_case){.label = "four /24s of one /16",
                                             .subnets = 4,
                                             .first = {45, 200, 0},
                                             .varies = {2, 1},
                                             .peers_max = 40});
}

static void colluders_of_one_48_do_not_eclipse_a_node(void **state)
{
    (void)state;
    assert_not_eclipsed_from(&(eclipse_case){.label = "250 /56s of one /48",
                                             .ipv6 = true,
                                             .subnets = 250,
                                             .first = {0x2a, 0x01, 0x04, 0xf8, 0, 7, 0},
                                             .varies = {6, 5},
                                             .peers_max = 20});
}

static void colluders_of_one_32_do_not_eclipse_a_node(void **state)
{
    (void)state;
    assert_not_eclipsed_from(&(eclipse_case){.label = "2000 /48s of one /32",
                                             .ipv6 = true,
                                             .subnets = 2000,
                                             .first = {0x2a, 0x01, 0x04, 0xf8, 0, 0, 0},
                                             .varies = {5, 4},
                                             .peers_max = 40});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(colluders_of_four_subnets_do_not_eclipse_a_node),
        cmocka_unit_test(colluders_of_one_48_do_not_eclipse_a_node),
        cmocka_unit_test(colluders_of_one_32_do_not_eclipse_a_node),
    };
    return cmocka_run_group_tests_name("eclipse", tests, NULL, NULL);
}
