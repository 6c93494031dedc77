#include "tests/support/relaying.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include "proto/address.h"
#include "src/core/node/invariants.h"
#include "src/core/routing/distance.h"

test_fixture test_relaying;
skad_datagram
    test_relaying_sent[TEST_SENT_MAX]; /* what the node sent since the last request to it */
size_t test_relaying_sent_count;
static uint8_t record[SKAD_RECORD_BYTES_MAX];

int test_relaying_begin(void **state)
{
    const skad_profile profile = test_fixture_profile();
    (void)state;
    test_fixture_init(&test_relaying, &profile);
    test_fixture_populate(&test_relaying, 20);
    return 0;
}

int test_relaying_end(void **state)
{
    (void)state;
    test_fixture_free(&test_relaying);
    return 0;
}

/* ---- Asking, and what the node sends ---- */

static void poll_all(void)
{
    while (test_relaying_sent_count < TEST_SENT_MAX &&
           skad_node_poll_datagram(test_relaying.node,
                                   &test_relaying_sent[test_relaying_sent_count])) {
        test_relaying_sent_count++;
    }
    assert_null(skad_node_broken(test_relaying.node, test_relaying.now));
}

void test_relaying_pass(uint64_t us)
{
    test_relaying.now.mono_us += us;
    skad_node_tick(test_relaying.node, test_relaying.now);
    poll_all();
}

test_question test_relaying_ask_showing(const test_remote *who, const skad_forward *forward,
                                        bool shows_token)
{
    const skad_message message = {.kind = SKAD_KIND_FORWARD, .u.forward = *forward};
    test_question asked = {.who = who};
    uint8_t token[SKAD_TOKEN_BYTES];
    skad_datagram request;
    skad_envelope envelope;
    (void)test_fixture_drain(&test_relaying);
    test_relaying_sent_count = 0;
    test_fixture_token(&test_relaying, who, token);
    test_fixture_request(&test_relaying, who, &message, shows_token ? token : NULL, &request);
    assert_int_equal(skad_envelope_decode(request.bytes + SKAD_TAG_BYTES,
                                          request.len - SKAD_TAG_BYTES, &envelope),
                     SKAD_VERDICT_ACCEPT);
    skad_envelope_digest(test_relaying.network_key, &test_relaying.identity.id, NULL,
                         envelope.signed_part, asked.digest);
    assert_int_equal(test_fixture_deliver(&test_relaying, &who->address, &request),
                     SKAD_VERDICT_ACCEPT);
    poll_all();
    return asked;
}

test_question test_relaying_ask(const test_remote *who, const skad_forward *forward)
{
    return test_relaying_ask_showing(who, forward, true);
}

skad_message test_relaying_answer_to(const test_question *asked)
{
    for (size_t i = 0; i < test_relaying_sent_count; i++) {
        skad_envelope envelope;
        skad_opened opened;
        if (!test_relaying_sent[i].request &&
            skad_address_equal(&test_relaying_sent[i].to, &asked->who->address)) {
            test_fixture_open(&test_relaying, asked->who, &test_relaying_sent[i], asked->digest,
                              &envelope, &opened);
            return opened.message;
        }
    }
    return (skad_message){.kind = SKAD_KIND_PING};
}

uint32_t test_relaying_refusal_of(const test_question *asked)
{
    const skad_message message = test_relaying_answer_to(asked);
    return message.kind == SKAD_KIND_ERROR ? message.u.reply.u.error.code : SKAD_ERROR_NONE;
}

static const test_remote *remote_at(const skad_address *address)
{
    for (size_t i = 0; i < test_relaying.remotes_count; i++) {
        if (skad_address_equal(&test_relaying.remotes[i].address, address)) {
            return &test_relaying.remotes[i];
        }
    }
    return NULL;
}

size_t test_relaying_forwards(test_passed_on out[static TEST_SENT_MAX])
{
    size_t count = 0;
    for (size_t i = 0; i < test_relaying_sent_count; i++) {
        skad_envelope envelope;
        skad_opened opened;
        const test_remote *to =
            test_relaying_sent[i].request ? remote_at(&test_relaying_sent[i].to) : NULL;
        if (to == NULL) {
            continue;
        }
        test_fixture_open(&test_relaying, to, &test_relaying_sent[i], NULL, &envelope, &opened);
        if (opened.message.kind == SKAD_KIND_FORWARD) {
            out[count++] = (test_passed_on){to, &test_relaying_sent[i], opened.message.u.forward};
        }
    }
    return count;
}

void test_relaying_reply(const test_passed_on *to, skad_message *message)
{
    skad_datagram out;
    message->u.reply.observed = test_relaying.remotes[0].address;
    test_fixture_answer(&test_relaying, to->to, to->datagram, message, &out);
    (void)test_fixture_deliver(&test_relaying, &to->to->address, &out);
    poll_all();
}

void test_relaying_reply_error(const test_passed_on *to, skad_error_code code)
{
    skad_message message = {.kind = SKAD_KIND_ERROR};
    message.u.reply.u.error.code = code;
    test_relaying_reply(to, &message);
}

void test_relaying_reply_record(const test_passed_on *to, skad_span bytes)
{
    skad_message message = {.kind = SKAD_KIND_FORWARDED};
    message.u.reply.u.forwarded.record = bytes;
    test_relaying_reply(to, &message);
}

void test_relaying_reply_statement(const test_passed_on *to, const test_remote *signer,
                                   const skad_forward *forward, skad_statement *stated)
{
    uint8_t subject[SKAD_HASH_BYTES];
    uint8_t bytes[SKAD_STATEMENT_BYTES_MAX];
    const skad_publisher publisher = {&signer->identity, *skad_node_network(test_relaying.node)};
    skad_message message = {.kind = SKAD_KIND_FORWARDED};
    stated->aim = forward->aim;
    stated->unix_s = stated->unix_s == 0 ? test_relaying.now.unix_s : stated->unix_s;
    skad_statement_subject(forward, subject);
    message.u.reply.u.forwarded.statement =
        (skad_span){bytes, skad_statement_encode(publisher, subject, stated, bytes)};
    test_relaying_reply(to, &message);
}

/* ---- Targets ---- */

skad_span test_relaying_value(uint8_t number, skad_id *key)
{
    const size_t len = skad_record_encode_immutable(&number, 1, record, sizeof record);
    skad_value_key(&number, 1, key);
    return (skad_span){record, len};
}

bool test_relaying_nearer(const skad_id *target, const skad_id *id)
{
    return skad_distance_compare(target, id, &test_relaying.identity.id) < 0;
}

const test_remote *test_relaying_far_from(const skad_id *target)
{
    const test_remote *farthest = &test_relaying.remotes[0];
    for (size_t i = 1; i < 20; i++) {
        const test_remote *other = &test_relaying.remotes[i];
        if (skad_distance_compare(target, &other->identity.id, &farthest->identity.id) > 0) {
            farthest = other;
        }
    }
    return farthest;
}

/* How many contacts are nearer to the target than the node. */
static size_t nearer_count(const skad_id *target)
{
    size_t count = 0;
    for (size_t i = 0; i < 20; i++) {
        count += test_relaying_nearer(target, &test_relaying.remotes[i].identity.id);
    }
    return count;
}

skad_forward test_relaying_wanted(size_t nearer_min, skad_span *bytes)
{
    skad_forward forward = {
        .aim = SKAD_FORWARD_IMMUTABLE, .want = SKAD_FAMILIES_ALL, .budget = 20, .life_ms = 5000};
    for (unsigned i = 0; i < 256; i++) {
        *bytes = test_relaying_value((uint8_t)i, &forward.target);
        const size_t count = nearer_count(&forward.target);
        if (nearer_min == 0 ? count == 0 : count >= nearer_min) {
            return forward;
        }
    }
    fail_msg("no such value");
    return forward;
}
