#include "tests/support/fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/assert.h"
#include "proto/address.h"
#include "proto/profile.h"
#include "proto/seal.h"
#include "src/core/node/invariants.h"
#include "src/core/node/parts.h"
#include "tests/support/identities.h"
#include "tests/support/prng.h"

skad_profile test_fixture_profile(void)
{
    skad_profile profile = *test_plain_profile();
    profile.allow_private = false;
    return profile;
}

static const skad_node_rates no_rates;

static skad_store store_of(uint64_t records_max)
{
    const skad_store_caps caps = {records_max, 1 << 16, 64, 1 << 16};
    skad_store store;
    skad_status status = skad_store_memory_new(&caps, &store);
    SKAD_ASSERT(status == SKAD_OK);
    return store;
}

void test_fixture_init(test_fixture *fixture, const skad_profile *profile)
{
    test_fixture_init_on(fixture, profile, &no_rates, store_of(64));
}

void test_fixture_init_rated(test_fixture *fixture, const skad_profile *profile,
                             const skad_node_rates *rates)
{
    test_fixture_init_on(fixture, profile, rates, store_of(64));
}

void test_fixture_init_roomy(test_fixture *fixture, const skad_profile *profile)
{
    test_fixture_init_on(fixture, profile, &no_rates, store_of(512));
}

skad_role test_fixture_role = SKAD_ROLE_SERVER;
uint64_t test_fixture_audit_period_s;

void test_fixture_init_on(test_fixture *fixture, const skad_profile *profile,
                          const skad_node_rates *rates, skad_store store)
{
    *fixture = (test_fixture){.profile = *profile,
                              .identity = test_identity(profile, 1),
                              .store = store,
                              .now = {.mono_us = SKAD_US_PER_S, .unix_s = TEST_UNIX_S}};
    skad_profile_network_key(profile, fixture->network_key);
    skad_node_config config = {.profile = *profile,
                               .identity = &fixture->identity,
                               .store = fixture->store,
                               .seed = {1},
                               .rates = *rates,
                               .role = test_fixture_role,
                               .audit_period_s = test_fixture_audit_period_s,
                               .families = SKAD_FAMILIES_ALL};
    skad_node_limits_default(&config.limits);
    skad_status status = skad_node_new(&config, fixture->now, &fixture->node);
    SKAD_ASSERT(status == SKAD_OK);
}

void test_fixture_free(test_fixture *fixture)
{
    skad_node_free(fixture->node);
    fixture->store.ops->free(fixture->store.self);
}

test_remote *test_fixture_remote(test_fixture *fixture)
{
    SKAD_ASSERT(fixture->remotes_count < TEST_REMOTES_MAX);
    uint32_t number = (uint32_t)fixture->remotes_count + 2;
    test_remote *who = &fixture->remotes[fixture->remotes_count++];
    *who = (test_remote){.identity = test_identity(&fixture->profile, number),
                         .address = test_prng_address(number)};
    return who;
}

/* ---- Writing ---- */

/* What a remote peer shows: the nonce that it was made with, or later on one of the epoch that it
 * is now. */
static skad_puzzle_nonce nonce_now(const test_fixture *fixture, const test_remote *who)
{
    const uint64_t unix_s = fixture->now.unix_s;
    const skad_puzzle_nonce first = who->identity.nonces[0];
    return skad_profile_epoch_valid(&fixture->profile, unix_s, first.epoch)
               ? first
               : test_nonce(&fixture->profile, &who->identity.id,
                            skad_profile_epoch(&fixture->profile, unix_s));
}

static void write_draft(const test_fixture *fixture, const test_remote *who,
                        const skad_draft_fields *fields, skad_datagram *out)
{
    const skad_puzzle_nonce nonce = nonce_now(fixture, who);
    skad_sealer sealer = {&who->identity, &nonce, fixture->network_key};
    skad_draft draft;
    skad_status status = skad_draft_write(&sealer, fields, &draft);
    SKAD_ASSERT(status == SKAD_OK);
    skad_seal(&sealer, &(skad_draft *){&draft}, 1);
    out->len = draft.len;
    memcpy(out->bytes, draft.bytes, draft.len);
}

void test_fixture_request(test_fixture *fixture, const test_remote *who,
                          const skad_message *message, const uint8_t *token, skad_datagram *out)
{
    uint8_t rpc_id[SKAD_RPC_ID_BYTES];
    memcpy(rpc_id, &(uint64_t){++fixture->requests}, sizeof rpc_id);
    skad_draft_fields fields = {
        .message = message, .rpc_id = rpc_id, .recipient = &fixture->identity.id, .token = token};
    write_draft(fixture, who, &fields, out);
}

/* What a request of the node says and how an answer has to refer to it, a hello included. */
static void read_request(const test_fixture *fixture, const skad_datagram *request,
                         const skad_id *responder, skad_envelope *envelope,
                         uint8_t digest[static SKAD_HASH_BYTES])
{
    skad_verdict verdict = skad_envelope_decode(request->bytes + SKAD_TAG_BYTES,
                                                request->len - SKAD_TAG_BYTES, envelope);
    SKAD_ASSERT(verdict == SKAD_VERDICT_ACCEPT);
    skad_envelope_digest(fixture->network_key, responder, NULL, envelope->signed_part, digest);
}

void test_fixture_answer(test_fixture *fixture, const test_remote *who,
                         const skad_datagram *request, const skad_message *answer,
                         skad_datagram *out)
{
    static const uint8_t token[SKAD_TOKEN_BYTES] = {0xab, 0xcd};
    static const skad_id anybody = {{0}};
    skad_id addressed = who->identity.id;
    for (size_t i = 0; i < fixture->remotes_count; i++) {
        if (skad_address_equal(&fixture->remotes[i].address, &request->to)) {
            addressed = fixture->remotes[i].identity.id;
        }
    }
    bool hello = !skad_tag_ok(fixture->network_key, &addressed, request->bytes + SKAD_TAG_BYTES,
                              request->len - SKAD_TAG_BYTES, request->bytes);
    skad_envelope envelope;
    uint8_t digest[SKAD_HASH_BYTES];
    read_request(fixture, request, hello ? &anybody : &addressed, &envelope, digest);
    skad_draft_fields fields = {.message = answer,
                                .rpc_id = envelope.rpc_id,
                                .recipient = &fixture->identity.id,
                                .request_digest = digest,
                                .to_hello = hello,
                                .token = token};
    write_draft(fixture, who, &fields, out);
}

skad_wire_craft test_fixture_craft(test_fixture *fixture, const test_remote *who, skad_kind kind,
                                   skad_span body)
{
    static const uint8_t rpc_id[SKAD_RPC_ID_BYTES] = {9, 9, 9};
    const skad_puzzle_nonce *nonce = &who->identity.nonces[0];
    return (skad_wire_craft){
        .sender = &who->identity,
        .recipient = fixture->identity.id,
        .elements = SKAD_ENVELOPE_ELEMENTS,
        .version = SKAD_PROTOCOL_VERSION,
        .kind = kind,
        .rpc_id = {rpc_id, sizeof rpc_id},
        .public_key = {who->identity.public_key, SKAD_PUBLIC_KEY_BYTES},
        .id = {who->identity.id.bytes, skad_kind_is_request(kind) ? SKAD_ID_BYTES : 0},
        .epoch = nonce->epoch,
        .nonce = {nonce->bytes, SKAD_NONCE_BYTES},
        .body = body,
        .signature_bytes = SKAD_SIGNATURE_BYTES,
        .network_key = fixture->network_key,
    };
}

void test_fixture_craft_write(const test_fixture *fixture, const skad_wire_craft *craft,
                              skad_datagram *out)
{
    out->len = skad_wire_craft_write(craft, out->bytes, sizeof out->bytes);
    skad_tag_make(fixture->network_key, &craft->recipient, out->bytes + SKAD_TAG_BYTES,
                  out->len - SKAD_TAG_BYTES, out->bytes);
}

void test_fixture_retag(const test_fixture *fixture, uint8_t *datagram, size_t len)
{
    skad_tag_make(fixture->network_key, &fixture->identity.id, datagram + SKAD_TAG_BYTES,
                  len - SKAD_TAG_BYTES, datagram);
}

/* ---- Reading ---- */

void test_fixture_open(const test_fixture *fixture, const test_remote *who,
                       const skad_datagram *datagram, const uint8_t *request_digest,
                       skad_envelope *envelope, skad_opened *opened)
{
    skad_verdict verdict = skad_envelope_decode(datagram->bytes + SKAD_TAG_BYTES,
                                                datagram->len - SKAD_TAG_BYTES, envelope);
    SKAD_ASSERT(verdict == SKAD_VERDICT_ACCEPT);
    skad_open_context context = {.profile = &fixture->profile,
                                 .unix_s = (uint64_t)envelope->nonce.epoch *
                                           fixture->profile.epoch_s, /* whatever it is for us */
                                 .prove = true,
                                 .self = who->identity.id,
                                 .network_key = fixture->network_key};
    skad_open_awaited awaited = {request_digest,
                                 envelope->id != NULL ? NULL : &fixture->identity.id};
    bool hello =
        !skad_tag_ok(fixture->network_key, &who->identity.id, datagram->bytes + SKAD_TAG_BYTES,
                     datagram->len - SKAD_TAG_BYTES, datagram->bytes);
    verdict =
        skad_open(&context, envelope, hello, request_digest != NULL ? &awaited : NULL, opened);
    SKAD_ASSERT(verdict == SKAD_VERDICT_ACCEPT);
}

/* ---- Playing ---- */

skad_verdict test_fixture_deliver(test_fixture *fixture, const skad_address *from,
                                  const skad_datagram *datagram)
{
    return skad_node_receive(fixture->node, datagram->bytes, datagram->len, from, fixture->now);
}

size_t test_fixture_drain(test_fixture *fixture)
{
    skad_datagram datagram;
    size_t count = 0;
    while (skad_node_poll_datagram(fixture->node, &datagram)) {
        count++;
    }
    return count;
}

/* A remote peer takes a datagram of the node: it answers requests and is content with answers. */
static void play(test_fixture *fixture, test_remote *who, const skad_datagram *datagram)
{
    skad_envelope envelope;
    skad_opened opened;
    skad_verdict verdict = skad_envelope_decode(datagram->bytes + SKAD_TAG_BYTES,
                                                datagram->len - SKAD_TAG_BYTES, &envelope);
    SKAD_ASSERT(verdict == SKAD_VERDICT_ACCEPT);
    if (!skad_kind_is_request(envelope.kind)) {
        return;
    }
    test_fixture_open(fixture, who, datagram, NULL, &envelope, &opened);
    who->asked++;
    skad_message answer = {.kind = (skad_kind)(envelope.kind + SKAD_KIND_REPLY_OFFSET)};
    answer.u.reply.observed = test_prng_address(1);
    if (answer.kind == SKAD_KIND_COMPARED) { /* they know no record */
        static const uint8_t all[] = {0xff, 0xff, 0xff, 0xff, 0xff};
        size_t count = opened.message.u.compare.held.len / SKAD_COMPARE_ITEM_BYTES;
        answer.u.reply.u.compared.lacking = (skad_span){all, (count + 7) / 8};
    }
    if (answer.kind == SKAD_KIND_MATCHED) { /* nothing differs, unless a script says so */
        answer.u.reply.u.matched.differs = 0;
    }
    if (fixture->script != NULL && !fixture->script(fixture, who, &opened.message, &answer)) {
        return;
    }
    skad_datagram reply;
    test_fixture_answer(fixture, who, datagram, &answer, &reply);
    fixture->now.mono_us++; /* who is heard later was heard meanwhile */
    (void)test_fixture_deliver(fixture, &who->address, &reply);
}

void test_fixture_play(test_fixture *fixture)
{
    skad_datagram datagram;
    while (skad_node_poll_datagram(fixture->node, &datagram)) {
        bool found = false;
        for (size_t i = 0; i < fixture->remotes_count && !found; i++) {
            found = skad_address_equal(&fixture->remotes[i].address, &datagram.to);
            if (found) {
                play(fixture, &fixture->remotes[i], &datagram);
            }
        }
        fixture->lost += !found;
    }
}

void test_fixture_exchange(test_fixture *fixture, const test_remote *who, const skad_address *from,
                           test_exchange *out)
{
    assert_int_equal(test_fixture_deliver(fixture, from, &out->request), SKAD_VERDICT_ACCEPT);
    assert_true(skad_node_poll_datagram(fixture->node, &out->answer));
    assert_int_equal(test_fixture_drain(fixture), 0);
    assert_true(skad_address_equal(&out->answer.to, from));
    skad_envelope asked;
    assert_int_equal(skad_envelope_decode(out->request.bytes + SKAD_TAG_BYTES,
                                          out->request.len - SKAD_TAG_BYTES, &asked),
                     SKAD_VERDICT_ACCEPT);
    uint8_t digest[SKAD_HASH_BYTES];
    skad_envelope_digest(fixture->network_key, &fixture->identity.id, NULL, asked.signed_part,
                         digest);
    test_fixture_open(fixture, who, &out->answer, digest, &out->envelope, &out->opened);
}

void test_fixture_ask(test_fixture *fixture, const test_remote *who, const skad_message *message,
                      const uint8_t *token, test_exchange *out)
{
    test_fixture_request(fixture, who, message, token, &out->request);
    test_fixture_exchange(fixture, who, &who->address, out);
}

void test_fixture_run(test_fixture *fixture, uint64_t duration_us)
{
    uint64_t end_us = fixture->now.mono_us + duration_us;
    for (;;) {
        test_fixture_play(fixture);
        uint64_t due_us = skad_node_deadline(fixture->node);
        if (due_us > end_us) {
            break;
        }
        if (due_us > fixture->now.mono_us) {
            fixture->now.mono_us = due_us;
        }
        fixture->now.unix_s = TEST_UNIX_S + fixture->ahead_s + fixture->now.mono_us / SKAD_US_PER_S;
        skad_node_tick(fixture->node, fixture->now);
    }
    if (fixture->now.mono_us < end_us) {
        fixture->now.mono_us = end_us;
    }
    fixture->now.unix_s = TEST_UNIX_S + fixture->ahead_s + fixture->now.mono_us / SKAD_US_PER_S;
    const char *broken = skad_node_broken(fixture->node, fixture->now);
    if (broken != NULL) {
        print_error("the node no longer keeps to: %s\n", broken);
    }
    SKAD_ASSERT(broken == NULL);
}

void test_fixture_token(const test_fixture *fixture, const test_remote *who,
                        uint8_t token[static SKAD_TOKEN_BYTES])
{
    skad_token_make(skad_node_parts_of(fixture->node).env->token_key, &who->address,
                    &who->identity.id, fixture->now.mono_us, token);
}

void test_fixture_knock(test_fixture *fixture, const test_remote *who)
{
    const skad_message ping = {.kind = SKAD_KIND_PING};
    skad_datagram datagram;
    uint8_t token[SKAD_TOKEN_BYTES];
    test_fixture_token(fixture, who, token);
    test_fixture_request(fixture, who, &ping, token, &datagram);
    skad_verdict verdict = test_fixture_deliver(fixture, &who->address, &datagram);
    SKAD_ASSERT(verdict == SKAD_VERDICT_ACCEPT);
}

const skad_peer *test_fixture_peer(const test_fixture *fixture, const test_remote *who)
{
    const skad_peers *peers = &skad_node_parts_of(fixture->node).table->peers;
    skad_peer_slot slot = skad_peers_find(peers, &who->identity.id);
    return slot == SKAD_PEER_NONE ? NULL : &peers->peers[slot];
}

void test_fixture_populate(test_fixture *fixture, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        test_fixture_knock(fixture, test_fixture_remote(fixture));
        test_fixture_run(fixture, SKAD_US_PER_S);
    }
    test_fixture_run(fixture, 30 * SKAD_US_PER_S); /* refreshes after joining */
    skad_node_stats stats;
    skad_node_stats_get(fixture->node, fixture->now, &stats);
    SKAD_ASSERT(stats.joined && stats.peers == count && stats.pending == 0);
    for (size_t i = 0; i < fixture->remotes_count; i++) {
        fixture->remotes[i].asked = 0;
    }
}

skad_node_stats test_fixture_stats(const test_fixture *fixture)
{
    skad_node_stats stats;
    skad_node_stats_get(fixture->node, fixture->now, &stats);
    return stats;
}

int test_fixture_begin(void **state)
{
    test_fixture *fixture = malloc(sizeof *fixture);
    SKAD_ASSERT(fixture != NULL);
    skad_profile profile = test_fixture_profile();
    test_fixture_init(fixture, &profile);
    test_fixture_populate(fixture, TEST_PEERS);
    *state = fixture;
    return 0;
}

int test_fixture_end(void **state)
{
    test_fixture *fixture = *state;
    test_fixture_free(fixture);
    free(fixture);
    return 0;
}
