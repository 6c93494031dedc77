#include "tests/support/audit_script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "src/core/node/parts.h"
#include "src/core/storage/responsibility.h"
#include "tests/support/identities.h"

#define PERIOD_US (AUDIT_PERIOD_S * SKAD_US_PER_S)

test_fixture audit_fixture;
audit_manner audit_how[TEST_REMOTES_MAX];
audit_seen audit_saw;

/* What a peer has committed to, the last that was asked. */
static audit_words provers[TEST_REMOTES_MAX];

static bool holds(audit_manner how, uint32_t record)
{
    return how == AUDIT_LACKS_A_LITTLE ? record % 8 != 0
           : how == AUDIT_LACKS_MOST   ? record % 8 == 0
                                       : true;
}

static void commit(size_t peer, const skad_message *request, skad_message *answer)
{
    const audit_manner how = audit_how[peer];
    audit_words *words = &provers[peer];
    const uint8_t *key =
        audit_fixture.remotes[how == AUDIT_COPIES ? peer + 1 : peer].identity.public_key;
    memset(words, 0, sizeof *words);
    words->prover = audit_fixture.remotes[peer].identity;
    words->of.round = audit_state()->round;
    words->of.round.number = request->u.audit.round;
    words->of.verifier = audit_fixture.identity.id;
    memcpy(words->of.challenge, request->u.audit.challenge.data, sizeof words->of.challenge);
    memcpy(words->of.prover, key, sizeof words->of.prover); /* for the leaves */
    for (uint32_t i = 0; i < AUDIT_RECORDS && how != AUDIT_INVENTS_A_ROOT; i++) {
        const skad_record record = audit_record(i);
        uint8_t *leaf = words->leaves.bytes[words->leaves.count];
        words->leaves.count = (uint16_t)(words->leaves.count + holds(how, i));
        skad_audit_leaf(&words->of, &record, leaf);
        if (how == AUDIT_FORGES_LEAVES) {
            memset(leaf + SKAD_AUDIT_POINT_BYTES, 0x55, 16);
        }
    }
    memcpy(words->of.prover, words->prover.public_key, sizeof words->of.prover);
    words->commitment.bits = how == AUDIT_SAYS_FAR_LESS ? 3 : 0;
    words->commitment.count = words->leaves.count;
    skad_audit_root(&words->leaves, words->commitment.root);
    words->commitment.root[0] ^= how == AUDIT_INVENTS_A_ROOT;
    audit_words_sign(words);
    words->committed[60] ^= how == AUDIT_SIGNS_WRONGLY;
    answer->u.reply.u.audited.commitment = (skad_span){words->committed, sizeof words->committed};
}

static void reveal(size_t peer, const skad_message *request, skad_message *answer)
{
    const audit_manner how = audit_how[peer];
    audit_words *words = &provers[peer];
    size_t count = request->u.prove.points.len / SKAD_AUDIT_POINT_BYTES;
    memcpy(words->points, request->u.prove.points.data, request->u.prove.points.len);
    for (size_t i = 0; i < count; i++) {
        uint8_t *opening = words->openings + i * SKAD_AUDIT_OPENING_BYTES;
        skad_audit_open(&words->leaves, words->points + i * SKAD_AUDIT_POINT_BYTES, opening);
        if (how == AUDIT_INVENTS_A_ROOT) {
            memset(opening, 0, 2);
            memcpy(opening + 2, words->points + i * SKAD_AUDIT_POINT_BYTES, 16);
        }
    }
    count -= how == AUDIT_REVEALS_FEWER;
    audit_words_sign_reveal(words, count);
    words->signature[0] ^= how == AUDIT_REVEALS_WRONGLY;
    if (how == AUDIT_COMMITS_TWICE) {
        words->commitment.count--;
        audit_words_sign(words);
    }
    answer->u.reply.u.proven.commitment = (skad_span){words->committed, sizeof words->committed};
    answer->u.reply.u.proven.openings =
        (skad_span){words->openings, count * SKAD_AUDIT_OPENING_BYTES};
    answer->u.reply.u.proven.signature = (skad_span){words->signature, sizeof words->signature};
}

static void refuse(skad_error_code code, skad_message *answer)
{
    answer->kind = SKAD_KIND_ERROR;
    answer->u.reply.u.error.code = code;
    answer->u.reply.u.error.detail = 0;
}

static bool act_audit(size_t peer, const skad_message *request, skad_message *answer)
{
    const audit_manner how = audit_how[peer];
    audit_saw.first_us = audit_saw.audits == 0 ? audit_fixture.now.mono_us : audit_saw.first_us;
    audit_saw.last_us = audit_fixture.now.mono_us;
    audit_saw.audits++;
    if (how == AUDIT_WANTS_TOKENS) {
        refuse(SKAD_ERROR_TOKEN, answer);
    } else if (how != AUDIT_SILENT) {
        commit(peer, request, answer);
    }
    return how != AUDIT_SILENT;
}

static bool act_prove(size_t peer, const skad_message *request, skad_message *answer)
{
    const audit_manner how = audit_how[peer];
    audit_saw.proves++;
    if (how == AUDIT_REFUSES) {
        refuse(SKAD_ERROR_BUSY, answer);
    } else if (how != AUDIT_WITHHOLDS) {
        reveal(peer, request, answer);
    }
    return how != AUDIT_WITHHOLDS;
}

static void keep(skad_span record, uint8_t *out, size_t *len)
{
    memcpy(out, record.data, record.len);
    *len = record.len;
}

bool audit_act(test_fixture *made, test_remote *who, const skad_message *request,
               skad_message *answer)
{
    const size_t peer = (size_t)(who - made->remotes);
    if (request->kind == SKAD_KIND_AUDIT) {
        return act_audit(peer, request, answer);
    }
    if (request->kind == SKAD_KIND_PROVE) {
        return act_prove(peer, request, answer);
    }
    if (request->kind == SKAD_KIND_ANNOUNCE) {
        audit_saw.announced++;
        keep(request->u.announce.record, audit_saw.ballot, &audit_saw.ballot_len);
        answer->u.reply.u.stored.life_s = 1000;
    } else if (request->kind == SKAD_KIND_STORE) {
        audit_saw.stored++;
        keep(request->u.store.record, audit_saw.evidence, &audit_saw.evidence_len);
        answer->u.reply.u.stored.life_s = 1000;
    }
    return true;
}

/* The whole key space is one region. */
static void say_region(void)
{
    skad_table *table = skad_node_parts_of(audit_fixture.node).table;
    for (unsigned sixteenth = 0; sixteenth < SKAD_PLACES; sixteenth++) {
        const skad_id target = {{(uint8_t)(sixteenth << 4)}};
        skad_places_visited(&table->places, &audit_fixture.identity.id, &target, UINT64_MAX);
    }
    assert_int_equal(skad_responsibility_bits(table, &audit_fixture.profile), 0);
}

int audit_begin(void **state)
{
    (void)state;
    return audit_begin_with(AUDIT_PEERS);
}

int audit_begin_with(size_t peers)
{
    const skad_profile profile = test_fixture_profile();
    test_fixture_audit_period_s = AUDIT_PERIOD_S;
    test_fixture_init_roomy(&audit_fixture, &profile);
    test_fixture_audit_period_s = 0;
    test_fixture_populate(&audit_fixture, peers);
    memset(audit_how, 0, sizeof audit_how);
    audit_saw = (audit_seen){0};
    audit_fixture.script = audit_act;
    say_region();
    for (uint32_t i = 0; i < AUDIT_RECORDS; i++) {
        audit_hold(i, 0);
    }
    return 0;
}

int audit_end(void **state)
{
    (void)state;
    test_fixture_free(&audit_fixture);
    return 0;
}

void audit_hold(uint32_t number, uint64_t since_s)
{
    const skad_record record = audit_record(number);
    const skad_span bytes = audit_record_bytes(number);
    const uint64_t now_s = audit_fixture.now.unix_s;
    const skad_store_record row = {.name = {.key = record.key, .type = SKAD_RECORD_IMMUTABLE},
                                   .stored_unix_s = now_s - since_s,
                                   .expires_unix_s = now_s + 86400,
                                   .data = bytes.data,
                                   .len = bytes.len};
    assert_int_equal(
        audit_fixture.store.ops->put(audit_fixture.store.self, SKAD_STORE_REPLICAS, &row, now_s),
        SKAD_OK);
}

skad_audits *audit_state(void)
{
    return skad_node_parts_of(audit_fixture.node).audits;
}

skad_node_audit audit_counts(void)
{
    skad_node_audit out;
    skad_node_audit_get(audit_fixture.node, &out);
    return out;
}

const skad_player *audit_player(size_t peer)
{
    const skad_verifier *verifier = &audit_state()->verifier;
    for (size_t i = 0; i < verifier->count; i++) {
        if (memcmp(&verifier->players[i].id, &audit_fixture.remotes[peer].identity.id,
                   sizeof(skad_id)) == 0) {
            return &verifier->players[i];
        }
    }
    return NULL;
}

void audit_run_to(uint64_t tenths)
{
    const uint64_t begin_us = audit_fixture.now.unix_s / AUDIT_PERIOD_S * PERIOD_US -
                              (TEST_UNIX_S + audit_fixture.ahead_s) * SKAD_US_PER_S;
    const uint64_t until_us = begin_us + PERIOD_US / 10 * tenths + SKAD_US_PER_S;
    assert_true(until_us > audit_fixture.now.mono_us);
    test_fixture_run(&audit_fixture, until_us - audit_fixture.now.mono_us);
}

void audit_next_round(void)
{
    audit_run_to(10);
}

skad_message audit_ask(size_t peer, const skad_message *request)
{
    const test_remote *who = &audit_fixture.remotes[peer];
    static test_exchange asked;
    uint8_t token[SKAD_TOKEN_BYTES];
    test_fixture_token(&audit_fixture, who, token);
    (void)test_fixture_drain(&audit_fixture);
    test_fixture_ask(&audit_fixture, who, request, token, &asked);
    return asked.opened.message;
}

skad_message audit_challenge(size_t peer, uint8_t first)
{
    static uint8_t challenge[SKAD_AUDIT_CHALLENGE_BYTES];
    skad_message request = {.kind = SKAD_KIND_AUDIT};
    challenge[0] = first;
    request.u.audit.round = audit_state()->round.number;
    request.u.audit.challenge = (skad_span){challenge, sizeof challenge};
    return audit_ask(peer, &request);
}

skad_message audit_prove(size_t peer, uint32_t first_record, size_t count)
{
    static uint8_t points[SKAD_AUDIT_POINTS_MAX * SKAD_AUDIT_POINT_BYTES];
    skad_message request = {.kind = SKAD_KIND_PROVE};
    for (size_t i = 0; i < count; i++) {
        const skad_record record = audit_record(first_record + (uint32_t)i);
        skad_audit_point(&record, points + i * SKAD_AUDIT_POINT_BYTES);
    }
    request.u.prove.round = audit_state()->round.number;
    request.u.prove.points = (skad_span){points, count * SKAD_AUDIT_POINT_BYTES};
    return audit_ask(peer, &request);
}
