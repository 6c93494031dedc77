/* The vote on our own address. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <string.h>

#include "proto/address.h"
#include "src/core/routing/observed.h"

#define START_S 100000 /* the node has run for so long at the beginning of each test */

/* One election in a network that limits address groups. */
typedef struct election {
    skad_observed observed;
    uint64_t now_s;
} election;

static void open_election(election *made)
{
    *made = (election){.now_s = START_S};
    assert_int_equal(skad_observed_init(&made->observed, false), SKAD_OK);
}

static void close_election(election *made)
{
    skad_observed_free(&made->observed);
}

static skad_address parse(const char *text)
{
    skad_address address;
    assert_true(skad_address_parse(text, &address));
    return address;
}

/* The peer at an address, which we have known for so long, says that we have another one. */
static void vote(election *in, const char *voter, uint32_t known_s, const char *ours)
{
    skad_address from = parse(voter);
    skad_address address = parse(ours);
    skad_id id = {{0}};
    memcpy(id.bytes, from.ip, 8);
    const skad_ballot ballot = {
        .voter = &id,
        .from = &from,
        .observed = &address,
        .known = {(uint32_t)(in->now_s - known_s)},
        .one_a_group = true,
    };
    skad_observed_vote(&in->observed, &ballot, in->now_s * SKAD_US_PER_S);
}

/* Peer `number` does; each is in a /16 of its own. */
static void vote_of(election *in, unsigned number, uint32_t known_s, const char *ours)
{
    char voter[] = "20.100.1.1:4000";
    voter[3] = (char)('1' + number / 100);
    voter[4] = (char)('0' + number / 10 % 10);
    voter[5] = (char)('0' + number % 10);
    vote(in, voter, known_s, ours);
}

/* Asserts which address is agreed upon; "": none. */
static void assert_agreed(const election *in, size_t family, const char *expected)
{
    skad_address agreed = skad_observed_address(&in->observed, family, in->now_s * SKAD_US_PER_S);
    char text[SKAD_ADDRESS_TEXT_BYTES] = "";
    if (agreed.family != SKAD_FAMILY_NONE) {
        skad_address_format(&agreed, text);
    }
    assert_string_equal(text, expected);
}

static void nothing_is_known_before_two_agree(void **state)
{
    (void)state;
    election in;
    open_election(&in);
    assert_agreed(&in, 0, "");
    vote_of(&in, 1, 0, "9.9.9.7:1");
    assert_agreed(&in, 0, "");
    vote_of(&in, 2, 0, "9.9.9.7:1");
    assert_agreed(&in, 0, "9.9.9.7:1");
    close_election(&in);
}

static void half_of_the_votes_are_no_majority(void **state)
{
    (void)state;
    election in;
    open_election(&in);
    vote_of(&in, 1, 0, "9.9.9.7:1");
    vote_of(&in, 2, 0, "9.9.9.7:1");
    vote_of(&in, 3, 0, "9.9.9.8:1");
    assert_agreed(&in, 0, "9.9.9.7:1");
    vote_of(&in, 4, 0, "9.9.9.9:1");
    assert_agreed(&in, 0, "");
    vote_of(&in, 5, 0, "9.9.9.7:1");
    assert_agreed(&in, 0, "9.9.9.7:1");
    close_election(&in);
}

static void one_voter_has_one_vote_however_often_it_speaks(void **state)
{
    (void)state;
    election in;
    open_election(&in);
    for (unsigned i = 0; i < 20; i++) {
        vote_of(&in, 1, 0, "9.9.9.7:1");
    }
    assert_agreed(&in, 0, "");
    vote_of(&in, 2, 0, "9.9.9.9:1");
    vote_of(&in, 1, 0, "9.9.9.9:1"); /* it changed its mind */
    assert_agreed(&in, 0, "9.9.9.9:1");
    close_election(&in);
}

static void the_widest_group_has_one_vote(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        const char *first;
        const char *second;
        const char *agreed;
    } cases[] = {
        {"one /16", "20.1.1.1:1", "20.1.2.1:1", ""},
        {"two /16", "20.1.1.1:1", "20.2.1.1:1", "9.9.9.9:1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        election in;
        open_election(&in);
        vote(&in, cases[i].first, 0, "9.9.9.9:1");
        vote(&in, cases[i].second, 0, "9.9.9.9:1");
        assert_agreed(&in, 0, cases[i].agreed);
        close_election(&in);
    }
    election in;
    open_election(&in);
    vote(&in, "[2a00:1:1::1]:1", 0, "[2a09::9]:1");
    vote(&in, "[2a00:1:2::1]:1", 0, "[2a09::9]:1");
    assert_agreed(&in, 1, "");
    vote(&in, "[2a00:2:2::1]:1", 0, "[2a09::9]:1");
    assert_agreed(&in, 1, "[2a09::9]:1");
    close_election(&in);
}

static void a_peer_speaks_about_its_own_family_only(void **state)
{
    (void)state;
    election in;
    open_election(&in);
    vote(&in, "[2a00:1::1]:1", 0, "9.9.9.9:1");
    vote(&in, "[2a00:2::1]:1", 0, "9.9.9.9:1");
    vote(&in, "20.1.1.1:1", 0, "[2a09::9]:1");
    vote(&in, "20.2.1.1:1", 0, "[2a09::9]:1");
    assert_agreed(&in, 0, "");
    assert_agreed(&in, 1, "");
    close_election(&in);
}

static void only_routable_addresses_are_believed(void **state)
{
    (void)state;
    election in;
    open_election(&in);
    for (unsigned i = 0; i < 16; i++) {
        vote_of(&in, i, 0, "127.0.0.1:80");
    }
    assert_agreed(&in, 0, "");
    close_election(&in);
}

static void strangers_in_a_crowd_have_no_say(void **state)
{
    (void)state;
    static const struct {
        const char *label;
        unsigned honest;
        uint32_t known_s; /* the honest ones */
        uint32_t strangers_known_s;
        bool misled;
    } cases[] = {
        {"twenty, known for an hour", 20, 3600, 0, false},
        {"twenty, and strangers that waited", 20, 3600, 3000, false},
        {"three, known for an hour", 3, 3600, 0, false},
        {"three, and strangers that came half an hour ago", 3, 3600, 1800, true},
        {"three, known for a day, and strangers for 59 minutes", 3, 86400, 3599, false},
        {"three, known for a day, and strangers for an hour", 3, 86400, 3600, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        election in;
        open_election(&in);
        for (unsigned number = 0; number < cases[i].honest; number++) {
            vote_of(&in, number, cases[i].known_s, "9.9.9.7:1");
        }
        for (unsigned number = 50; number < 90; number++) {
            vote_of(&in, number, cases[i].strangers_known_s, "9.9.9.66:1");
        }
        print_message("%s\n", cases[i].label);
        assert_agreed(&in, 0, cases[i].misled ? "9.9.9.66:1" : "9.9.9.7:1");
        close_election(&in);
    }
}

static void a_move_is_noticed_when_the_voters_say_so(void **state)
{
    (void)state;
    election in;
    open_election(&in);
    for (unsigned i = 0; i < 16; i++) {
        vote_of(&in, i, 3600, "9.9.9.1:1");
    }
    for (unsigned i = 0; i < 8; i++) {
        vote_of(&in, i, 3600, "9.9.9.2:1");
    }
    assert_agreed(&in, 0, "");
    vote_of(&in, 8, 3600, "9.9.9.2:1");
    assert_agreed(&in, 0, "9.9.9.2:1");
    close_election(&in);
}

static void votes_of_silent_peers_go_stale(void **state)
{
    (void)state;
    election in;
    open_election(&in);
    for (unsigned i = 0; i < 16; i++) {
        vote_of(&in, i, 86400, "9.9.9.1:1");
    }
    in.now_s += 1799;
    assert_agreed(&in, 0, "9.9.9.1:1");
    in.now_s += 1;
    assert_agreed(&in, 0, "");
    for (unsigned i = 20; i < 22; i++) {
        vote_of(&in, i, 3600, "9.9.9.2:1");
    }
    assert_agreed(&in, 0, "9.9.9.2:1");
    close_election(&in);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_known_before_two_agree),
        cmocka_unit_test(half_of_the_votes_are_no_majority),
        cmocka_unit_test(one_voter_has_one_vote_however_often_it_speaks),
        cmocka_unit_test(the_widest_group_has_one_vote),
        cmocka_unit_test(a_peer_speaks_about_its_own_family_only),
        cmocka_unit_test(only_routable_addresses_are_believed),
        cmocka_unit_test(strangers_in_a_crowd_have_no_say),
        cmocka_unit_test(a_move_is_noticed_when_the_voters_say_so),
        cmocka_unit_test(votes_of_silent_peers_go_stale),
    };
    return cmocka_run_group_tests_name("observed", tests, NULL, NULL);
}
