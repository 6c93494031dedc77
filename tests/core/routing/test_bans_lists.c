/* The lists of bans and strikes by themselves: their memory, their bounds, and the instants at
 * which something ends. test_bans.c has what a node makes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "proto/address.h"
#include "src/core/routing/bans.h"
#include "tests/support/prng.h"

#define FOREVER UINT64_MAX

static skad_bans bans;

static int begin(void **state)
{
    (void)state;
    return skad_bans_init(&bans, false) == SKAD_OK ? 0 : -1;
}

static int end(void **state)
{
    (void)state;
    skad_bans_free(&bans);
    return 0;
}

static skad_id id_of(uint8_t number)
{
    return (skad_id){{number, 1}};
}

static skad_address parse(const char *text)
{
    skad_address address;
    assert_true(skad_address_parse(text, &address));
    return address;
}

static skad_ban prefix(uint32_t number, uint8_t bits, uint64_t until_us)
{
    return (skad_ban){
        .address = test_prng_address(number), .prefix_bits = bits, .until_us = until_us};
}

static void memory_is_there_from_the_start_or_comes_as_it_is_needed(void **state)
{
    (void)state;
    skad_bans lazy;
    assert_int_equal(bans.banned.capacity, SKAD_BANS_MAX);
    assert_int_equal(bans.allowed.capacity, SKAD_BANS_MAX);
    assert_non_null(bans.strikes);
    assert_int_equal(skad_bans_init(&lazy, true), SKAD_OK);
    assert_int_equal(lazy.banned.capacity, 0);
    assert_int_equal(lazy.allowed.capacity, 0);
    assert_null(lazy.strikes);
    for (uint32_t i = 0; i < SKAD_BANS_MAX; i++) {
        const skad_ban ban = prefix(i, 32, FOREVER);
        assert_int_equal(skad_bans_add(&lazy, &ban, 0), SKAD_OK);
        assert_int_equal(skad_bans_allow(&lazy, &ban), SKAD_OK);
        assert_true(lazy.banned.capacity <= 4 || lazy.banned.capacity <= 2 * i);
        assert_int_equal(lazy.allowed.capacity, lazy.banned.capacity);
    }
    assert_int_equal(lazy.banned.capacity, SKAD_BANS_MAX);
    skad_bans_free(&lazy);
}

static void a_ban_ends_at_its_instant(void **state)
{
    (void)state;
    const skad_ban ban = prefix(1, 32, 10);
    const skad_ban other = prefix(2, 32, 100);
    assert_int_equal(skad_bans_add(&bans, &ban, 0), SKAD_OK);
    assert_non_null(skad_bans_find(&bans, NULL, &ban.address, 9));
    assert_null(skad_bans_find(&bans, NULL, &ban.address, 10));
    assert_int_equal(skad_bans_add(&bans, &other, 9), SKAD_OK);
    assert_int_equal(bans.banned.count, 2);
    assert_int_equal(skad_bans_add(&bans, &other, 10), SKAD_OK); /* the first makes room */
    assert_int_equal(bans.banned.count, 1);
    assert_non_null(skad_bans_find(&bans, NULL, &other.address, 10));
}

/* Each of these is another subject, though they have much in common. */
static void subjects(skad_ban out[static 6])
{
    out[0] = (skad_ban){.scope = SKAD_BAN_ID, .id = id_of(1), .until_us = FOREVER};
    out[1] = (skad_ban){.scope = SKAD_BAN_ID, .id = id_of(2), .until_us = FOREVER};
    out[2] = (skad_ban){.scope = SKAD_BAN_PEER,
                        .id = id_of(1),
                        .address = test_prng_address(1),
                        .until_us = FOREVER};
    out[3] = out[2];
    out[3].address.port ^= 1;
    out[4] = prefix(1, 24, FOREVER);
    out[5] = prefix(1, 25, FOREVER);
}

static void each_subject_has_one_ban(void **state)
{
    (void)state;
    skad_ban all[6];
    subjects(all);
    for (size_t i = 0; i < 6; i++) {
        assert_false(skad_bans_lift(&bans, &all[i]));
        assert_int_equal(skad_bans_add(&bans, &all[i], 0), SKAD_OK);
        all[i].until_us = 50;
        assert_int_equal(skad_bans_add(&bans, &all[i], 0), SKAD_OK);
        assert_int_equal(bans.banned.count, i + 1);
        assert_int_equal(bans.banned.bans[i].until_us, 50);
    }
    for (size_t i = 0; i < 6; i++) {
        assert_true(skad_bans_lift(&bans, &all[i]));
        assert_false(skad_bans_lift(&bans, &all[i]));
        assert_int_equal(bans.banned.count, 5 - i);
    }
}

static void a_ban_covers_its_subject_and_no_more(void **state)
{
    (void)state;
    const skad_id id = id_of(1);
    const skad_id other = id_of(2);
    const skad_address address = test_prng_address(1);
    const skad_address elsewhere = test_prng_address(0x10000);
    skad_ban all[6];
    subjects(all);
    static const struct {
        size_t subject;
        bool anywhere, there_alone, there, other_there;
    } cases[] = {
        {0, true, false, true, false},
        {2, false, false, true, false},
        {4, false, true, true, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const skad_ban *ban = &all[cases[i].subject];
        assert_int_equal(skad_bans_add(&bans, ban, 0), SKAD_OK);
        assert_int_equal(skad_bans_find(&bans, &id, NULL, 0) != NULL, cases[i].anywhere);
        assert_int_equal(skad_bans_find(&bans, &id, &elsewhere, 0) != NULL, cases[i].anywhere);
        assert_int_equal(skad_bans_find(&bans, NULL, &address, 0) != NULL, cases[i].there_alone);
        assert_int_equal(skad_bans_find(&bans, &id, &address, 0) != NULL, cases[i].there);
        assert_int_equal(skad_bans_find(&bans, &other, &address, 0) != NULL, cases[i].other_there);
        assert_null(skad_bans_find(&bans, &other, &elsewhere, 0));
        assert_true(skad_bans_lift(&bans, ban));
    }
}

static void as_many_are_allowed_as_fit(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < SKAD_BANS_MAX; i++) {
        const skad_ban subject = prefix(i, 32, 0);
        assert_int_equal(skad_bans_allow(&bans, &subject), SKAD_OK);
        assert_int_equal(skad_bans_allow(&bans, &subject), SKAD_OK); /* once */
        assert_int_equal(bans.allowed.count, i + 1);
    }
    const skad_ban subject = prefix(SKAD_BANS_MAX, 32, 0);
    assert_int_equal(skad_bans_allow(&bans, &subject), SKAD_ERR_FULL);
}

/* ---- Strikes ---- */

static void strike(uint8_t number, const skad_address *address, unsigned times, uint64_t now_us)
{
    const skad_id id = id_of(number);
    for (unsigned i = 0; i < times; i++) {
        skad_bans_strike(&bans, &id, address, SKAD_BAN_SIGNATURES, now_us);
    }
}

static uint64_t banned_until(uint8_t number, const skad_address *address, uint64_t now_us)
{
    const skad_id id = id_of(number);
    const skad_ban *ban = skad_bans_find(&bans, &id, address, now_us);
    return ban == NULL ? 0 : ban->until_us;
}

static void the_sixteenth_strike_bans_for_ten_minutes(void **state)
{
    (void)state;
    const skad_address address = test_prng_address(1);
    const uint64_t now_us = 5 * SKAD_US_PER_S;
    strike(1, &address, 15, now_us);
    assert_int_equal(banned_until(1, &address, now_us), 0);
    strike(1, &address, 1, now_us);
    assert_int_equal(banned_until(1, &address, now_us), now_us + 600 * SKAD_US_PER_S);
    strike(1, &address, 15, now_us + 1); /* it counts anew */
    assert_int_equal(banned_until(1, &address, now_us), now_us + 600 * SKAD_US_PER_S);
    strike(1, &address, 1, now_us + 1);
    assert_int_equal(banned_until(1, &address, now_us), now_us + 1 + 600 * SKAD_US_PER_S);
}

static void an_answer_counts_for_four(void **state)
{
    (void)state;
    const skad_address address = test_prng_address(1);
    const skad_id id = id_of(1);
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(banned_until(1, &address, 1), 0);
        skad_bans_strike(&bans, &id, &address, SKAD_BAN_ANSWERS, 1);
    }
    assert_int_not_equal(banned_until(1, &address, 1), 0);
}

/* What a banned peer still answers may break the rules: that must not shorten its ban. */
static void the_operators_ban_of_the_same_subject_stands(void **state)
{
    (void)state;
    const skad_address address = test_prng_address(1);
    const skad_ban peer = {.scope = SKAD_BAN_PEER,
                           .id = id_of(1),
                           .address = address,
                           .reason = SKAD_BAN_OPERATOR,
                           .until_us = FOREVER};
    const skad_ban host = prefix(1, 32, FOREVER);
    assert_int_equal(skad_bans_add(&bans, &peer, 0), SKAD_OK);
    strike(1, &address, SKAD_STRIKES_MAX, 1);
    assert_true(banned_until(1, &address, 1) == FOREVER);
    assert_int_equal(skad_bans_add(&bans, &host, 0), SKAD_OK);
    for (uint8_t i = 2; i < 12; i++) {
        strike(i, &address, SKAD_STRIKES_MAX, 1);
    }
    assert_non_null(skad_bans_find(&bans, NULL, &address, FOREVER - 1));
}

static void strikes_count_within_a_minute_of_the_first(void **state)
{
    (void)state;
    const skad_address address = test_prng_address(1);
    const uint64_t minute_us = 60 * SKAD_US_PER_S;
    strike(1, &address, 15, 1);
    strike(1, &address, 15,
           minute_us + 1); /* the minute is over: these are the first of the next */
    assert_int_equal(banned_until(1, &address, minute_us + 1), 0);
    strike(1, &address, 1, 2 * minute_us);
    assert_int_not_equal(banned_until(1, &address, 2 * minute_us), 0);
}

/* A peer and its address are counted apart, so 64 counts are those of 32 peers. */
static void the_oldest_count_gives_way(void **state)
{
    (void)state;
    for (uint8_t others = 63; others <= 64; others++) {
        const skad_address address = test_prng_address(1);
        skad_bans_free(&bans);
        assert_int_equal(skad_bans_init(&bans, false), SKAD_OK);
        strike(1, &address, 15, 1);
        for (uint8_t i = 0; i < others; i++) {
            const skad_address other = test_prng_address(100U + i);
            strike((uint8_t)(100 + i), &other, 1, 2);
        }
        strike(1, &address, 1, 3);
        assert_int_equal(banned_until(1, &address, 3) != 0, others == 63);
    }
}

/* Eight peers in one /64 are one host. */
static void by_ipv6_a_host_is_a_64(void **state)
{
    (void)state;
    const skad_address same = parse("[2a00:1:2:3::9]:1");
    const skad_address another = parse("[2a00:1:2:4::9]:1");
    for (uint8_t i = 0; i < 8; i++) {
        skad_address address = same;
        address.ip[15] = i;
        assert_false(skad_bans_suspect(&bans, &same, 1));
        strike(i, &address, 16, 1);
    }
    assert_true(skad_bans_suspect(&bans, &same, 1));
    assert_false(skad_bans_suspect(&bans, &another, 1));
}

#define WITH_BANS(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BANS(memory_is_there_from_the_start_or_comes_as_it_is_needed),
        WITH_BANS(a_ban_ends_at_its_instant),
        WITH_BANS(each_subject_has_one_ban),
        WITH_BANS(a_ban_covers_its_subject_and_no_more),
        WITH_BANS(as_many_are_allowed_as_fit),
        WITH_BANS(the_sixteenth_strike_bans_for_ten_minutes),
        WITH_BANS(an_answer_counts_for_four),
        WITH_BANS(the_operators_ban_of_the_same_subject_stands),
        WITH_BANS(strikes_count_within_a_minute_of_the_first),
        WITH_BANS(the_oldest_count_gives_way),
        WITH_BANS(by_ipv6_a_host_is_a_64),
    };
    return cmocka_run_group_tests_name("bans_lists", tests, NULL, NULL);
}
