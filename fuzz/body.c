/* Bodies: a byte chooses the kind, the rest is the body. An accepted body gives the same bytes when
 * it is encoded again. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "proto/message.h"
#include "tests/support/wire.h"

static void check_contacts(const skad_contact *contacts, size_t count)
{
    FUZZ_REQUIRE(count <= SKAD_CONTACTS_MAX);
    for (size_t i = 0; i < count; i++) {
        FUZZ_REQUIRE((contacts[i].ipv4.family | contacts[i].ipv6.family) != SKAD_FAMILY_NONE);
        FUZZ_REQUIRE((contacts[i].ipv4.family & ~(unsigned)SKAD_FAMILY_IPV4) == 0);
        FUZZ_REQUIRE((contacts[i].ipv6.family & ~(unsigned)SKAD_FAMILY_IPV6) == 0);
    }
}

static void check_message(const skad_message *message)
{
    if (skad_kind_is_reply(message->kind)) {
        FUZZ_REQUIRE(message->u.reply.observed.port != 0);
    }
    if (message->kind == SKAD_KIND_FORWARD) {
        const skad_forward *forward = &message->u.forward;
        FUZZ_REQUIRE(forward->life_ms >= 1 && forward->life_ms <= SKAD_FORWARD_LIFE_MS_MAX);
        FUZZ_REQUIRE(forward->budget <= SKAD_FORWARD_BUDGET_MAX && forward->want != 0);
        FUZZ_REQUIRE((forward->record.len > 0) == (forward->aim == SKAD_FORWARD_STORE));
    }
    if (message->kind == SKAD_KIND_FORWARDED) {
        FUZZ_REQUIRE((message->u.reply.u.forwarded.record.len > 0) !=
                     (message->u.reply.u.forwarded.statement.len > 0));
    }
    if (message->kind == SKAD_KIND_NODES) {
        check_contacts(message->u.reply.u.nodes.contacts, message->u.reply.u.nodes.contacts_count);
    }
    if (message->kind == SKAD_KIND_VALUE) {
        FUZZ_REQUIRE(message->u.reply.u.value.records_count <= SKAD_RECORDS_MAX);
        check_contacts(message->u.reply.u.value.contacts, message->u.reply.u.value.contacts_count);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    uint8_t again[SKAD_BODY_BYTES_MAX];
    skad_message message;
    if (len < 1) {
        return 0;
    }
    skad_kind kind = skad_wire_kinds[data[0] % SKAD_WIRE_KINDS];
    if (skad_message_decode(kind, data + 1, len - 1, &message)) {
        FUZZ_REQUIRE(message.kind == kind);
        check_message(&message);
        size_t written = skad_message_encode(&message, again, sizeof again);
        FUZZ_REQUIRE(written == len - 1 && memcmp(again, data + 1, written) == 0);
    }
    return 0;
}
