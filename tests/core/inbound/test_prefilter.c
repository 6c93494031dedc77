/* The order of the prefilter's checks, cheapest first, and that it changes nothing. Each reason to
 * drop a datagram has its test in tests/node/test_hostile.c; here one has several flaws at once. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "src/core/inbound/prefilter.h"
#include "src/core/node/parts.h"
#include "src/core/rpc/request.h"
#include "tests/support/fixture.h"

static const skad_address private_address = {
    .family = SKAD_FAMILY_IPV4, .port = 4000, .ip = {10, 1, 2, 3}};

static test_fixture fixture;
static test_remote *who;

static int begin(void **state)
{
    skad_profile profile = test_fixture_profile();
    (void)state;
    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, 2);
    who = &fixture.remotes[0];
    skad_node_tick(fixture.node, fixture.now);
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_fixture_free(&fixture);
    return 0;
}

static skad_datagram ping(void)
{
    skad_datagram datagram;
    test_fixture_request(&fixture, who, &(skad_message){.kind = SKAD_KIND_PING}, NULL, &datagram);
    return datagram;
}

/* The verdict, and that not a byte of the node has changed. */
static skad_verdict prefilter(const skad_datagram *datagram, const skad_address *from,
                              skad_prefiltered *out)
{
    const size_t bytes = skad_node_parts_of(fixture.node).bytes;
    uint8_t *before = malloc(bytes);
    assert_non_null(before);
    memcpy(before, fixture.node, bytes);
    skad_verdict verdict = skad_prefilter(fixture.node, datagram->bytes, datagram->len, from, out);
    assert_memory_equal(before, fixture.node, bytes);
    free(before);
    return verdict;
}

static void ban(const skad_address *address)
{
    const skad_ban subject = {.address = *address, .prefix_bits = 32};
    assert_int_equal(skad_node_ban(fixture.node, &subject, 600, fixture.now), SKAD_OK);
}

static void the_cheapest_flaw_is_the_reason(void **state)
{
    (void)state;
    skad_prefiltered out;
    skad_datagram datagram = ping();
    ban(&who->address);

    datagram.len = SKAD_DATAGRAM_BYTES_MIN - 1; /* too short, private, no tag */
    assert_int_equal(prefilter(&datagram, &private_address, &out), SKAD_VERDICT_SIZE);
    datagram = ping();
    datagram.bytes[0] ^= 1; /* private, no tag */
    assert_int_equal(prefilter(&datagram, &private_address, &out), SKAD_VERDICT_SOURCE);
    assert_int_equal(prefilter(&datagram, &who->address, &out), SKAD_VERDICT_TAG); /* and banned */
    datagram = ping();
    datagram.bytes[SKAD_TAG_BYTES - 1] ^= 1; /* only half of a tag, and banned */
    assert_int_equal(prefilter(&datagram, &who->address, &out), SKAD_VERDICT_BANNED);
    assert_int_equal(prefilter(&datagram, &fixture.remotes[1].address, &out), SKAD_VERDICT_TAG);
    datagram = ping();
    datagram.bytes[SKAD_TAG_BYTES] = 0xc0; /* no envelope, so no request; and banned */
    test_fixture_retag(&fixture, datagram.bytes, datagram.len);
    assert_int_equal(prefilter(&datagram, &who->address, &out), SKAD_VERDICT_STRUCTURE);
}

static void a_request_belongs_to_nothing_of_ours(void **state)
{
    (void)state;
    skad_prefiltered out;
    const skad_datagram datagram = ping();
    assert_int_equal(prefilter(&datagram, &who->address, &out), SKAD_VERDICT_ACCEPT);
    assert_int_equal(out.envelope.kind, SKAD_KIND_PING);
    assert_null(out.rpc);
    assert_false(out.hello);
    assert_int_equal(prefilter(&datagram, &who->address, &out), SKAD_VERDICT_ACCEPT); /* again */
}

static void a_reply_finds_the_request_that_it_answers_once(void **state)
{
    (void)state;
    skad_prefiltered out;
    skad_datagram request;
    skad_datagram reply;
    (void)test_fixture_drain(&fixture);
    assert_true(
        skad_request_ping(fixture.node, &who->identity.id, &who->address, SKAD_PURPOSE_CHECK));
    assert_true(skad_node_poll_datagram(fixture.node, &request));
    const skad_message pong = {.kind = SKAD_KIND_PONG, .u.reply.observed = who->address};
    test_fixture_answer(&fixture, who, &request, &pong, &reply);
    assert_int_equal(prefilter(&reply, &fixture.remotes[1].address, &out),
                     SKAD_VERDICT_UNSOLICITED);
    assert_int_equal(prefilter(&reply, &who->address, &out), SKAD_VERDICT_ACCEPT);
    assert_non_null(out.rpc);
    assert_memory_equal(&out.rpc->responder, &who->identity.id, sizeof(skad_id));
    assert_int_equal(test_fixture_deliver(&fixture, &who->address, &reply), SKAD_VERDICT_ACCEPT);
    assert_int_equal(prefilter(&reply, &who->address, &out), SKAD_VERDICT_UNSOLICITED);
}

/* A PING of the full length whose tag names no node. */
static void a_hello_is_a_ping_of_exactly_the_first_contacts_length(void **state)
{
    static const uint8_t no_body[] = {0x90};
    static const struct {
        const char *label;
        skad_kind kind;
        size_t bytes;
        skad_verdict verdict;
    } cases[] = {
        {"a hello", SKAD_KIND_PING, 411, SKAD_VERDICT_ACCEPT},
        {"one byte more", SKAD_KIND_PING, 412, SKAD_VERDICT_TAG},
        {"one byte less", SKAD_KIND_PING, 410, SKAD_VERDICT_TAG},
        {"another request", SKAD_KIND_FIND_NODE, 411, SKAD_VERDICT_KIND},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        skad_prefiltered out;
        skad_datagram datagram;
        skad_wire_craft craft =
            test_fixture_craft(&fixture, who, cases[i].kind, (skad_span){no_body, sizeof no_body});
        craft.recipient = (skad_id){{0}};
        test_fixture_craft_write(&fixture, &craft, &datagram);
        craft.pad_bytes = cases[i].bytes - datagram.len;
        test_fixture_craft_write(&fixture, &craft, &datagram);
        if (datagram.len != cases[i].bytes) { /* a longer header for so much padding */
            craft.pad_bytes -= datagram.len - cases[i].bytes;
            test_fixture_craft_write(&fixture, &craft, &datagram);
        }
        assert_int_equal(datagram.len, cases[i].bytes);
        if (prefilter(&datagram, &who->address, &out) != cases[i].verdict) {
            fail_msg("%s", cases[i].label);
        }
        assert_true(cases[i].verdict != SKAD_VERDICT_ACCEPT || out.hello);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_cheapest_flaw_is_the_reason, begin, end),
        cmocka_unit_test_setup_teardown(a_request_belongs_to_nothing_of_ours, begin, end),
        cmocka_unit_test_setup_teardown(a_reply_finds_the_request_that_it_answers_once, begin, end),
        cmocka_unit_test_setup_teardown(a_hello_is_a_ping_of_exactly_the_first_contacts_length,
                                        begin, end),
    };
    return cmocka_run_group_tests_name("prefilter", tests, NULL, NULL);
}
