/* Encode, decode, encode: typed messages made from the input survive the wire, in any room. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "proto/message.h"
#include "skad/record.h"
#include "tests/support/wire.h"

static const uint8_t RECORD[SKAD_RECORD_BYTES_MAX];

static skad_address some_address(fuzz_choices *choices, skad_family family)
{
    skad_address address = {.family = (uint8_t)family};
    fuzz_bytes(choices, address.ip, family == SKAD_FAMILY_IPV4 ? 4 : 16);
    address.port = (uint16_t)(1 + fuzz_number(choices, 2) % UINT16_MAX);
    if (family == SKAD_FAMILY_IPV6) {
        address.ip[0] |= 0x20; /* never IPv4-mapped, which the wire writes as IPv4 */
    }
    return address;
}

static size_t some_contacts(fuzz_choices *choices, skad_contact *out)
{
    size_t count = fuzz_below(choices, SKAD_CONTACTS_MAX + 1);
    for (size_t i = 0; i < count; i++) {
        unsigned families = 1 + fuzz_byte(choices) % 3;
        out[i] = (skad_contact){0};
        fuzz_bytes(choices, out[i].id.bytes, 4);
        if ((families & SKAD_FAMILY_IPV4) != 0) {
            out[i].ipv4 = some_address(choices, SKAD_FAMILY_IPV4);
        }
        if ((families & SKAD_FAMILY_IPV6) != 0) {
            out[i].ipv6 = some_address(choices, SKAD_FAMILY_IPV6);
        }
        out[i].guarded = (uint16_t)(fuzz_byte(choices) & families);
    }
    return count;
}

static skad_span some_record(fuzz_choices *choices)
{
    return (skad_span){RECORD, 1 + fuzz_below(choices, SKAD_RECORD_BYTES_MAX)};
}

/* To store, it has a record that decodes. */
static void some_forward(fuzz_choices *choices, skad_forward *out)
{
    static const skad_forward_aim aims[] = {SKAD_FORWARD_NODES, SKAD_FORWARD_IMMUTABLE,
                                            SKAD_FORWARD_MUTABLE, SKAD_FORWARD_STORE};
    static uint8_t record[SKAD_RECORD_BYTES_MAX];
    out->aim = aims[fuzz_below(choices, sizeof aims / sizeof aims[0])];
    out->want = (uint8_t)(1 + fuzz_below(choices, 3));
    out->budget = (uint8_t)fuzz_below(choices, SKAD_FORWARD_BUDGET_MAX + 1);
    out->life_ms = (uint16_t)(1 + fuzz_below(choices, SKAD_FORWARD_LIFE_MS_MAX));
    if (out->aim == SKAD_FORWARD_STORE) {
        const size_t len = 1 + fuzz_below(choices, SKAD_VALUE_BYTES_MAX);
        out->record =
            (skad_span){record, skad_record_encode_immutable(RECORD, len, record, sizeof record)};
    } else {
        fuzz_bytes(choices, out->target.bytes, SKAD_ID_BYTES);
    }
}

static void some_request(fuzz_choices *choices, skad_message *out)
{
    if (out->kind == SKAD_KIND_FIND_NODE) {
        fuzz_bytes(choices, out->u.find_node.target.bytes, SKAD_ID_BYTES);
        out->u.find_node.want = (uint8_t)(1 + fuzz_below(choices, 3));
    } else if (out->kind == SKAD_KIND_FIND_VALUE) {
        fuzz_bytes(choices, out->u.find_value.key.bytes, SKAD_ID_BYTES);
        out->u.find_value.want = (uint8_t)(1 + fuzz_below(choices, 3));
        out->u.find_value.type = (skad_record_type)(1 + fuzz_below(choices, 3));
        out->u.find_value.has_from =
            out->u.find_value.type == SKAD_RECORD_ANNOUNCEMENT && fuzz_byte(choices) % 2 != 0;
        if (out->u.find_value.has_from) {
            fuzz_bytes(choices, out->u.find_value.from, SKAD_PUBLIC_KEY_BYTES);
        }
    } else if (out->kind == SKAD_KIND_STORE) {
        out->u.store.record = some_record(choices);
        out->u.store.has_cas = fuzz_byte(choices) % 2 != 0;
        out->u.store.cas = out->u.store.has_cas ? fuzz_number(choices, 8) : 0;
        out->u.store.life_s = (uint32_t)(1 + fuzz_number(choices, 4) % UINT32_MAX);
    } else if (out->kind == SKAD_KIND_ANNOUNCE) {
        out->u.announce.record = some_record(choices);
    } else if (out->kind == SKAD_KIND_COMPARE) {
        size_t count = 1 + fuzz_below(choices, SKAD_COMPARE_MAX);
        out->u.compare.held = (skad_span){RECORD, count * SKAD_COMPARE_ITEM_BYTES};
    } else if (out->kind == SKAD_KIND_MATCH) {
        out->u.match.bits = (uint8_t)fuzz_below(choices, SKAD_MATCH_BITS_MAX + 1);
        out->u.match.digests = (skad_span){RECORD, SKAD_MATCH_BYTES};
    } else if (out->kind == SKAD_KIND_AUDIT) {
        out->u.audit.round = fuzz_number(choices, 8);
        out->u.audit.challenge = (skad_span){RECORD, SKAD_AUDIT_CHALLENGE_BYTES};
    } else if (out->kind == SKAD_KIND_PROVE) {
        const size_t count = 1 + fuzz_below(choices, SKAD_AUDIT_POINTS_MAX);
        out->u.prove.round = fuzz_number(choices, 8);
        out->u.prove.points = (skad_span){RECORD, count * SKAD_AUDIT_POINT_BYTES};
    } else if (out->kind == SKAD_KIND_INTRODUCE) {
        fuzz_bytes(choices, out->u.introduce.id.bytes, SKAD_ID_BYTES);
    } else if (out->kind == SKAD_KIND_CALL) {
        fuzz_bytes(choices, out->u.call.id.bytes, SKAD_ID_BYTES);
        out->u.call.endpoint = some_address(choices, SKAD_FAMILY_IPV6);
    } else if (out->kind == SKAD_KIND_FORWARD) {
        some_forward(choices, &out->u.forward);
    }
}

static void some_reply(fuzz_choices *choices, skad_message *out)
{
    out->u.reply.observed =
        some_address(choices, fuzz_byte(choices) % 2 ? SKAD_FAMILY_IPV4 : SKAD_FAMILY_IPV6);
    if (out->kind == SKAD_KIND_NODES) {
        out->u.reply.u.nodes.contacts_count = some_contacts(choices, out->u.reply.u.nodes.contacts);
    } else if (out->kind == SKAD_KIND_VALUE) {
        size_t count = fuzz_below(choices, SKAD_RECORDS_MAX + 1);
        for (size_t i = 0; i < count; i++) {
            out->u.reply.u.value.records[i] = some_record(choices);
        }
        out->u.reply.u.value.records_count = count;
        out->u.reply.u.value.total =
            fuzz_byte(choices) % 2 != 0 ? (uint32_t)(count + 1 + fuzz_number(choices, 3)) : 0;
        out->u.reply.u.value.contacts_count = some_contacts(choices, out->u.reply.u.value.contacts);
    } else if (out->kind == SKAD_KIND_COMPARED) {
        out->u.reply.u.compared.lacking =
            (skad_span){RECORD, 1 + fuzz_below(choices, SKAD_COMPARED_BYTES_MAX)};
    } else if (out->kind == SKAD_KIND_MATCHED) {
        out->u.reply.u.matched.differs = fuzz_number(choices, 8);
    } else if (out->kind == SKAD_KIND_ERROR) {
        out->u.reply.u.error.code = (uint32_t)(1 + fuzz_number(choices, 2) % UINT16_MAX);
        out->u.reply.u.error.detail = fuzz_number(choices, 8);
    } else if (out->kind == SKAD_KIND_FORWARDED) {
        const bool stated = fuzz_byte(choices) % 2 != 0;
        const skad_span whole = {RECORD, 1 + fuzz_below(choices, SKAD_RECORD_BYTES_MAX)};
        out->u.reply.u.forwarded.record = stated ? (skad_span){RECORD, 0} : whole;
        out->u.reply.u.forwarded.statement = stated ? whole : (skad_span){RECORD, 0};
    } else if (out->kind == SKAD_KIND_PROBED) {
        out->u.reply.u.probed.caller = some_address(choices, SKAD_FAMILY_IPV4);
    } else if (out->kind == SKAD_KIND_AUDITED) {
        out->u.reply.u.audited.commitment = (skad_span){RECORD, SKAD_AUDIT_COMMITMENT_BYTES};
    } else if (out->kind == SKAD_KIND_PROVEN) {
        const size_t count = 1 + fuzz_below(choices, SKAD_AUDIT_POINTS_MAX);
        out->u.reply.u.proven.commitment = (skad_span){RECORD, SKAD_AUDIT_COMMITMENT_BYTES};
        out->u.reply.u.proven.openings = (skad_span){RECORD, count * SKAD_AUDIT_OPENING_BYTES};
        out->u.reply.u.proven.signature = (skad_span){RECORD, SKAD_SIGNATURE_BYTES};
    } else if (out->kind != SKAD_KIND_PONG && out->kind != SKAD_KIND_CALLED &&
               out->kind != SKAD_KIND_INTRODUCED) {
        out->u.reply.u.stored.life_s = (uint32_t)fuzz_number(choices, 4);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    uint8_t bytes[SKAD_BODY_BYTES_MAX];
    uint8_t again[SKAD_BODY_BYTES_MAX];
    skad_message decoded;
    fuzz_choices choices = {data, len, 0};
    skad_message message = {.kind = skad_wire_kinds[fuzz_below(&choices, SKAD_WIRE_KINDS)]};
    size_t cap = SKAD_BODY_BYTES_MAX;
    if (fuzz_byte(&choices) % 4 == 0) {
        cap = fuzz_below(&choices, SKAD_BODY_BYTES_MAX);
    }
    if (skad_kind_is_request(message.kind)) {
        some_request(&choices, &message);
    } else {
        some_reply(&choices, &message);
    }
    size_t written = skad_message_encode(&message, bytes, cap);
    FUZZ_REQUIRE(written <= cap);
    if (written == 0) {
        return 0; /* no room */
    }
    bool decodes = skad_message_decode(message.kind, bytes, written, &decoded);
    FUZZ_REQUIRE(decodes);
    FUZZ_REQUIRE(skad_message_encode(&decoded, again, sizeof again) == written);
    FUZZ_REQUIRE(memcmp(bytes, again, written) == 0);
    return 0;
}
