/* A crowd that keeps newcomers out: identities of one address that send valid requests, tokens
 * included, and never answer. Forty newcomers come meanwhile, and each asks four times, as a node
 * does that joins. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "src/core/node/parts.h"
#include "tests/support/fixture.h"
#include "tests/support/identities.h"

#define KNOWN     20  /* peers from the start */
#define NEWCOMERS 40  /* one every ten seconds */
#define CROWD     128 /* identities */
#define STEPS_S   10  /* steps in a second */
#define REQUESTS  40  /* of the crowd in a step: four hundred a second, within its rate */

static test_fixture fixture;
static test_remote crowd[CROWD];

/* Starts among peers in a /16 each, where address groups and rates are limited. */
static void begin_limited(void)
{
    skad_profile profile = test_fixture_profile();
    skad_node_rates rates;
    profile.group_bucket_max = 2;
    profile.group_table_max = 10;
    profile.group_path_max = 2;
    profile.limit_rates = true;
    skad_node_rates_default(&profile, &rates);
    test_fixture_init_rated(&fixture, &profile, &rates);
    for (unsigned i = 0; i < KNOWN; i++) {
        test_remote *who = test_fixture_remote(&fixture);
        who->address.ip[1] = (uint8_t)(100 + i);
        test_fixture_knock(&fixture, who);
        test_fixture_run(&fixture, SKAD_US_PER_S);
    }
    for (unsigned i = 0; i < CROWD; i++) {
        crowd[i].identity = test_identity(&profile, 5000 + i);
        crowd[i].address =
            (skad_address){.family = SKAD_FAMILY_IPV4, .port = 4000, .ip = {66, 1, 2, 3}};
    }
}

static void press_in(unsigned step)
{
    const skad_message ping = {.kind = SKAD_KIND_PING};
    for (unsigned i = 0; i < REQUESTS; i++) {
        const test_remote *who = &crowd[(step * REQUESTS + i) % CROWD];
        uint8_t token[SKAD_TOKEN_BYTES];
        skad_datagram request;
        test_fixture_token(&fixture, who, token);
        test_fixture_request(&fixture, who, &ping, token, &request);
        (void)test_fixture_deliver(&fixture, &who->address, &request);
        test_fixture_run(&fixture, SKAD_US_PER_S / STEPS_S / REQUESTS);
    }
}

/* Every newcomer that has come asks in the step in which it comes, and 5, 10 and 20 later. */
static void let_newcomers_ask(unsigned step)
{
    for (unsigned i = 0; i < fixture.remotes_count - KNOWN; i++) {
        unsigned age = step - 10 * STEPS_S * i;
        if (age == 0 || age == 5 || age == 10 || age == 20) {
            test_fixture_knock(&fixture, &fixture.remotes[KNOWN + i]);
        }
    }
}

static unsigned count_known(void)
{
    unsigned known = 0;
    for (size_t i = KNOWN; i < fixture.remotes_count; i++) {
        known += test_fixture_peer(&fixture, &fixture.remotes[i]) != NULL;
    }
    return known;
}

/* Before the ping queue had shares, 16 of them were known. */
static void a_silent_crowd_keeps_no_newcomer_out(void **state)
{
    (void)state;
    begin_limited();
    for (unsigned step = 0; step < 10 * STEPS_S * NEWCOMERS; step++) {
        if (step % (10 * STEPS_S) == 0) {
            test_remote *who = test_fixture_remote(&fixture);
            who->address.ip[1] = (uint8_t)(10 + step / (10 * STEPS_S));
        }
        let_newcomers_ask(step);
        press_in(step);
    }
    print_message("%u of %d newcomers are known\n", count_known(), NEWCOMERS);
    assert_int_equal(count_known(), NEWCOMERS);
    test_fixture_free(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_silent_crowd_keeps_no_newcomer_out),
    };
    return cmocka_run_group_tests_name("crowd", tests, NULL, NULL);
}
