/* What remote peers send: see harness.h. */
#include <string.h>

#include "fuzz/harness.h"
#include "proto/address.h"
#include "proto/profile.h"
#include "proto/statement.h"
#include "src/core/routing/distance.h"

static skad_id some_key(fuzz_choices *choices)
{
    return (skad_id){{(uint8_t)(fuzz_byte(choices) % HARNESS_KEYS * 0x40)}};
}

/* A record of a remote peer, whole or not. The bytes live until the next call. */
static skad_span some_record(harness *self, fuzz_choices *choices)
{
    static uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    static const skad_address nowhere = {0};
    const test_remote *who = &self->fixture.remotes[fuzz_below(choices, HARNESS_REMOTES)];
    uint8_t what = fuzz_byte(choices);
    uint64_t sequence = what / 4 % 4;
    uint64_t expiry = self->fixture.now.unix_s + fuzz_number(choices, 3) % 200000;
    uint8_t value[SKAD_MUTABLE_VALUE_BYTES_MAX];
    skad_span span = {value, fuzz_byte(choices) % 4 == 0 ? 700 : 8};
    memset(value, fuzz_byte(choices), sizeof value);
    size_t len;
    skad_id key = some_key(choices);
    if (what % 4 == 0) {
        len = skad_record_encode_immutable(value, span.len, bytes, sizeof bytes);
    } else if (what % 4 == 1) {
        len = skad_record_encode_mutable(
            (skad_publisher){&who->identity, *skad_node_network(self->fixture.node)},
            (skad_span){value, 0}, sequence, expiry, span, bytes, sizeof bytes);
    } else {
        span.len = 8;
        len = skad_record_encode_announcement(
            (skad_publisher){&who->identity, *skad_node_network(self->fixture.node)}, &key,
            sequence, expiry, &nowhere, span, bytes, sizeof bytes);
    }
    if (what / 16 == 15) {
        bytes[fuzz_below(choices, len)] ^= 1;
    }
    return (skad_span){bytes, len};
}

static skad_id some_target(const harness *self, fuzz_choices *choices)
{
    switch (fuzz_byte(choices) % 4) {
    case 0:
        return self->fixture.identity.id;
    case 1:
        return self->fixture.remotes[fuzz_below(choices, HARNESS_REMOTES)].identity.id;
    default:
        return some_key(choices);
    }
}

static skad_span record_number(const harness *self, bool mutable, uint8_t which,
                               uint8_t out[static SKAD_RECORD_BYTES_MAX])
{
    const test_remote *who = &self->fixture.remotes[which % HARNESS_REMOTES];
    uint8_t value[8];
    memset(value, which % HARNESS_KEYS, sizeof value);
    const size_t len =
        mutable ? skad_record_encode_mutable(
                      (skad_publisher){&who->identity, *skad_node_network(self->fixture.node)},
                      (skad_span){value, 0}, 1, self->fixture.now.unix_s + 3600,
                      (skad_span){value, sizeof value}, out, SKAD_RECORD_BYTES_MAX)
                : skad_record_encode_immutable(value, sizeof value, out, SKAD_RECORD_BYTES_MAX);
    return (skad_span){out, len};
}

skad_id harness_record_key(const harness *self, bool mutable, uint8_t which)
{
    uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    skad_record record;
    const skad_span span = record_number(self, mutable, which, bytes);
    const bool decodes = skad_record_decode(span.data, span.len, &record);
    FUZZ_REQUIRE(decodes);
    return record.key;
}

/* The record that a FORWARD asks for, if it is one of ours. */
static skad_span wanted_record(const harness *self, const skad_forward *asked)
{
    static uint8_t bytes[SKAD_RECORD_BYTES_MAX];
    const bool mutable = asked->aim == SKAD_FORWARD_MUTABLE;
    skad_span span = {bytes, 1};
    for (uint8_t which = 0; which < HARNESS_REMOTES; which++) {
        skad_record record;
        span = record_number(self, mutable, which, bytes);
        if (skad_record_decode(span.data, span.len, &record) &&
            skad_id_equal(&record.key, &asked->target)) {
            break;
        }
    }
    return span;
}

/* What a remote peer has forwarded: a record, where to find one of its key, or nodes. */
static void fill_forward(harness *self, fuzz_choices *choices, skad_forward *out)
{
    skad_record record;
    const uint8_t how = fuzz_byte(choices);
    out->want = (uint8_t)(1 + how / 4 % 3);
    out->budget = (uint8_t)fuzz_below(choices, SKAD_FORWARD_BUDGET_MAX + 1);
    out->life_ms = (uint16_t)(1 + fuzz_number(choices, 2) % SKAD_FORWARD_LIFE_MS_MAX);
    out->aim = SKAD_FORWARD_NODES;
    out->target = some_target(self, choices);
    if (how % 4 == 1) {
        const skad_span bytes = some_record(self, choices);
        if (skad_record_decode(bytes.data, bytes.len, &record) &&
            record.type != SKAD_RECORD_ANNOUNCEMENT) {
            out->aim = SKAD_FORWARD_STORE;
            out->record = bytes;
            out->target = record.key;
        }
    } else if (how % 4 > 1) {
        const uint8_t which = fuzz_byte(choices);
        out->aim = how % 4 == 2 ? SKAD_FORWARD_IMMUTABLE : SKAD_FORWARD_MUTABLE;
        out->target = harness_record_key(self, out->aim == SKAD_FORWARD_MUTABLE, which);
    }
}

/* FORWARD, AUDIT and PROVE came later: most bytes still choose the kind that they chose before. */
static skad_kind some_kind(fuzz_choices *choices)
{
    static const skad_kind kinds[] = {SKAD_KIND_PING,     SKAD_KIND_FIND_NODE, SKAD_KIND_FIND_VALUE,
                                      SKAD_KIND_STORE,    SKAD_KIND_ANNOUNCE,  SKAD_KIND_COMPARE,
                                      SKAD_KIND_MATCH,    SKAD_KIND_PROBE,     SKAD_KIND_CALL,
                                      SKAD_KIND_INTRODUCE};
    const uint8_t which = fuzz_byte(choices);
    return which >= 230   ? SKAD_KIND_FORWARD
           : which >= 225 ? SKAD_KIND_PROVE
           : which >= 220 ? SKAD_KIND_AUDIT
                          : kinds[which % (sizeof kinds / sizeof kinds[0])];
}

static void fill_request(harness *self, fuzz_choices *choices, skad_message *out)
{
    memset(out, 0, sizeof *out);
    out->kind = some_kind(choices);
    if (out->kind == SKAD_KIND_FIND_NODE) {
        out->u.find_node.target = some_target(self, choices);
        out->u.find_node.want = (uint8_t)(1 + fuzz_below(choices, 3));
    } else if (out->kind == SKAD_KIND_FIND_VALUE) {
        out->u.find_value.key = some_target(self, choices);
        out->u.find_value.want = (uint8_t)(1 + fuzz_below(choices, 3));
        out->u.find_value.type = (skad_record_type)(1 + fuzz_below(choices, 3));
        out->u.find_value.has_from = out->u.find_value.type == SKAD_RECORD_ANNOUNCEMENT &&
                                     out->u.find_value.key.bytes[0] % 2 != 0;
    } else if (out->kind == SKAD_KIND_STORE) {
        out->u.store.record = some_record(self, choices);
        out->u.store.life_s = (uint32_t)(1 + fuzz_number(choices, 3) % 100000);
        out->u.store.has_cas = fuzz_byte(choices) % 4 == 0;
        out->u.store.cas = out->u.store.has_cas ? fuzz_byte(choices) % 4 : 0;
    } else if (out->kind == SKAD_KIND_ANNOUNCE) {
        out->u.announce.record = some_record(self, choices);
    } else if (out->kind == SKAD_KIND_COMPARE) {
        static uint8_t prints[SKAD_COMPARE_MAX * SKAD_COMPARE_ITEM_BYTES];
        size_t len = (1 + fuzz_below(choices, SKAD_COMPARE_MAX)) * SKAD_COMPARE_ITEM_BYTES;
        fuzz_bytes(choices, prints, SKAD_COMPARE_ITEM_BYTES);
        out->u.compare.held = (skad_span){prints, len};
    } else if (out->kind == SKAD_KIND_MATCH) {
        static uint8_t digests[SKAD_MATCH_BYTES];
        fuzz_bytes(choices, digests, SKAD_MATCH_DIGEST_BYTES);
        out->u.match.bits = (uint8_t)fuzz_below(choices, 8);
        out->u.match.digests = (skad_span){digests, sizeof digests};
    } else if (out->kind == SKAD_KIND_AUDIT || out->kind == SKAD_KIND_PROVE) {
        static uint8_t points[SKAD_AUDIT_POINTS_MAX * SKAD_AUDIT_POINT_BYTES];
        const uint64_t round = self->fixture.now.unix_s / HARNESS_PERIOD_S;
        const uint64_t number = round + (fuzz_byte(choices) % 4 == 0) - (points[0] % 4 == 0);
        const size_t count = 1 + fuzz_below(choices, SKAD_AUDIT_POINTS_MAX);
        points[0] = fuzz_byte(choices);
        if (out->kind == SKAD_KIND_AUDIT) {
            out->u.audit.round = number;
            out->u.audit.challenge = (skad_span){points, SKAD_AUDIT_CHALLENGE_BYTES};
        } else {
            out->u.prove.round = number;
            out->u.prove.points = (skad_span){points, count * SKAD_AUDIT_POINT_BYTES};
        }
    } else if (out->kind == SKAD_KIND_INTRODUCE) {
        out->u.introduce.id = some_target(self, choices);
    } else if (out->kind == SKAD_KIND_CALL) {
        out->u.call.id = some_target(self, choices);
        out->u.call.endpoint = self->fixture.remotes[fuzz_below(choices, HARNESS_REMOTES)].address;
    } else if (out->kind == SKAD_KIND_FORWARD) {
        fill_forward(self, choices, &out->u.forward);
    }
}

static void deliver(harness *self, size_t who, const skad_address *from,
                    const skad_datagram *datagram)
{
    self->last = *datagram;
    self->last_from = who;
    harness_deliver(self, from, datagram);
}

void harness_request(harness *self, fuzz_choices *choices)
{
    skad_message message;
    skad_datagram datagram;
    uint8_t token[SKAD_TOKEN_BYTES] = {0};
    size_t who = fuzz_below(choices, HARNESS_REMOTES);
    const test_remote *remote = &self->fixture.remotes[who];
    uint8_t shown = fuzz_byte(choices) % 4;
    fill_request(self, choices, &message);
    if (shown > 1) {
        test_fixture_token(&self->fixture, remote, token);
    }
    test_fixture_request(&self->fixture, remote, &message, shown > 0 ? token : NULL, &datagram);
    self->validated[who] |= shown > 1;
    self->allowance[who] += SKAD_AMPLIFICATION_MAX * datagram.len;
    deliver(self, who, &remote->address, &datagram);
}

/* ---- Answers ---- */

static size_t some_contacts(const harness *self, fuzz_choices *choices, skad_contact *out)
{
    size_t count = fuzz_below(choices, SKAD_CONTACTS_MAX + 1);
    for (size_t i = 0; i < count; i++) {
        uint8_t what = fuzz_byte(choices);
        const test_remote *named = &self->fixture.remotes[what % HARNESS_REMOTES];
        const test_remote *lives = named;
        if (what >= 240) { /* the wrong address */
            lives = &self->fixture.remotes[fuzz_below(choices, HARNESS_REMOTES)];
        }
        out[i] = (skad_contact){.id = named->identity.id};
        if (lives->address.family == SKAD_FAMILY_IPV4) {
            out[i].ipv4 = lives->address;
        } else {
            out[i].ipv6 = lives->address;
        }
        if (what < 16) { /* an unused ID */
            out[i].id.bytes[0] = 0;
            out[i].id.bytes[1] = fuzz_byte(choices);
        }
    }
    return count;
}

/* Leaves out what is named twice, and sorts by distance. */
static size_t sort(const skad_id *target, skad_contact *contacts, size_t count)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const skad_contact contact = contacts[i];
        size_t at = kept;
        while (at > 0 && skad_distance_compare(target, &contact.id, &contacts[at - 1].id) < 0) {
            at--;
        }
        if (at == 0 || !skad_id_equal(&contact.id, &contacts[at - 1].id)) {
            memmove(&contacts[at + 1], &contacts[at], (kept - at) * sizeof contact);
            contacts[at] = contact;
            kept++;
        }
    }
    return kept;
}

/* What comes back along a chain: mostly what was asked for. */
static void fill_forwarded(harness *self, fuzz_choices *choices, const skad_forward *asked,
                           skad_message *out)
{
    static uint8_t bytes[SKAD_BODY_BYTES_MAX];
    const uint8_t how = fuzz_byte(choices);
    const test_remote *signer = &self->fixture.remotes[fuzz_below(choices, HARNESS_REMOTES)];
    const bool stores = asked->aim == SKAD_FORWARD_STORE;
    uint8_t subject[SKAD_HASH_BYTES];
    if (how % 4 == 0) {
        const bool right = how < 192 && (asked->aim == SKAD_FORWARD_IMMUTABLE ||
                                         asked->aim == SKAD_FORWARD_MUTABLE);
        const skad_span record = right ? wanted_record(self, asked) : some_record(self, choices);
        memcpy(bytes, record.data, record.len);
        out->u.reply.u.forwarded.record = (skad_span){bytes, record.len};
        return;
    }
    skad_statement stated = {
        .aim = how / 4 % 16 == 15 ? SKAD_FORWARD_NODES : asked->aim,
        .unix_s = self->fixture.now.unix_s - (how == 255 ? 90000 : how),
        .holders = stores ? how % 16 : 0,
    };
    if (stated.aim == SKAD_FORWARD_NODES) {
        stated.contacts_count = some_contacts(self, choices, stated.contacts);
        if (how % 4 != 1) {
            stated.contacts_count = sort(&asked->target, stated.contacts, stated.contacts_count);
        }
    }
    skad_statement_subject(asked, subject);
    const size_t len = skad_statement_encode(
        (skad_publisher){&signer->identity, *skad_node_network(self->fixture.node)}, subject,
        &stated, bytes);
    out->u.reply.u.forwarded.statement = (skad_span){bytes, len};
}

static void fill_answer(harness *self, fuzz_choices *choices, const skad_message *asked,
                        skad_message *out)
{
    static uint8_t record[SKAD_RECORD_BYTES_MAX];
    memset(out, 0, sizeof *out);
    out->kind = (skad_kind)(asked->kind + SKAD_KIND_REPLY_OFFSET);
    uint8_t how = fuzz_byte(choices);
    if (how >= 224) {
        out->kind = SKAD_KIND_ERROR;
        out->u.reply.u.error.code = 1 + how % 13;
        out->u.reply.u.error.detail = fuzz_byte(choices);
    }
    out->u.reply.observed = self->fixture.remotes[how % 3].address;
    if (out->kind == SKAD_KIND_NODES) {
        out->u.reply.u.nodes.contacts_count =
            some_contacts(self, choices, out->u.reply.u.nodes.contacts);
    } else if (out->kind == SKAD_KIND_VALUE) {
        if (how % 2 == 0) {
            skad_span one = some_record(self, choices);
            memcpy(record, one.data, one.len);
            out->u.reply.u.value.records[0] = (skad_span){record, one.len};
            out->u.reply.u.value.records_count = 1;
        }
        out->u.reply.u.value.total = how % 8 == 2 ? how : 0; /* there is more, it says */
        out->u.reply.u.value.contacts_count =
            some_contacts(self, choices, out->u.reply.u.value.contacts);
    } else if (out->kind == SKAD_KIND_COMPARED) {
        static const uint8_t lacking[SKAD_COMPARED_BYTES_MAX] = {0xff, 0x0f};
        out->u.reply.u.compared.lacking = (skad_span){lacking, 1U + how % SKAD_COMPARED_BYTES_MAX};
    } else if (out->kind == SKAD_KIND_FORWARDED) {
        fill_forwarded(self, choices, &asked->u.forward, out);
    } else if (out->kind == SKAD_KIND_MATCHED) {
        out->u.reply.u.matched.differs = fuzz_number(choices, 8);
    } else if (out->kind == SKAD_KIND_AUDITED || out->kind == SKAD_KIND_PROVEN) {
        static uint8_t words[SKAD_AUDIT_POINTS_MAX * SKAD_AUDIT_OPENING_BYTES];
        const size_t count = 1 + fuzz_below(choices, SKAD_AUDIT_POINTS_MAX);
        fuzz_bytes(choices, words, 8);
        out->u.reply.u.proven.commitment = (skad_span){words, SKAD_AUDIT_COMMITMENT_BYTES};
        out->u.reply.u.proven.openings = (skad_span){words, count * SKAD_AUDIT_OPENING_BYTES};
        out->u.reply.u.proven.signature = (skad_span){words, SKAD_SIGNATURE_BYTES};
    } else if (out->kind == SKAD_KIND_STORED || out->kind == SKAD_KIND_ANNOUNCED) {
        out->u.reply.u.stored.life_s = (uint32_t)fuzz_number(choices, 3);
    }
}

static size_t remote_of(const harness *self, const skad_address *address)
{
    for (size_t i = 0; i < HARNESS_REMOTES; i++) {
        if (skad_address_equal(&self->fixture.remotes[i].address, address)) {
            return i;
        }
    }
    return 0;
}

void harness_answer(harness *self, fuzz_choices *choices)
{
    if (self->asked_count == 0) {
        return;
    }
    uint8_t how = fuzz_byte(choices);
    size_t which = fuzz_below(choices, self->asked_count);
    const skad_datagram request = self->asked[which];
    skad_envelope envelope;
    skad_message asked;
    skad_message message;
    skad_datagram answer;
    FUZZ_REQUIRE(skad_envelope_decode(request.bytes + SKAD_TAG_BYTES, request.len - SKAD_TAG_BYTES,
                                      &envelope) == SKAD_VERDICT_ACCEPT);
    size_t who = remote_of(self, &request.to);
    size_t signer = how % 16 == 0 ? fuzz_below(choices, HARNESS_REMOTES) : who;
    FUZZ_REQUIRE(skad_message_decode(envelope.kind, envelope.body.data, envelope.body.len, &asked));
    fill_answer(self, choices, &asked, &message);
    test_fixture_answer(&self->fixture, &self->fixture.remotes[signer], &request, &message,
                        &answer);
    size_t from = how % 32 == 1 ? fuzz_below(choices, HARNESS_REMOTES) : who;
    deliver(self, who, &self->fixture.remotes[from].address, &answer);
    if (how % 4 != 3) { /* else it may come once more */
        self->asked[which] = self->asked[--self->asked_count];
    }
}

void harness_again(harness *self, fuzz_choices *choices)
{
    skad_datagram datagram = self->last;
    uint8_t how = fuzz_byte(choices);
    if (datagram.len == 0) {
        return;
    }
    if (how % 4 >= 1) {
        datagram.bytes[fuzz_below(choices, datagram.len)] ^= fuzz_byte(choices);
    }
    if (how % 4 >= 2) {
        test_fixture_retag(&self->fixture, datagram.bytes, datagram.len);
    }
    size_t from = how < 128 ? self->last_from : fuzz_below(choices, HARNESS_REMOTES);
    self->allowance[from] += SKAD_AMPLIFICATION_MAX * datagram.len;
    harness_deliver(self, &self->fixture.remotes[from].address, &datagram);
}
