#include "tests/support/put_script.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "src/core/storage/store_admission.h"
#include "tests/support/identities.h"
#include "tests/support/record_script.h"

test_bytes test_mutable_of(uint32_t publisher, uint64_t sequence, uint64_t expiry,
                           const char *value)
{
    skad_profile profile = test_fixture_profile();
    skad_identity identity = test_identity(&profile, 1000 + publisher);
    test_bytes out;
    out.len =
        skad_record_encode_mutable(test_plain_publisher(&identity), test_text("salt"), sequence,
                                   expiry, test_text(value), out.data, sizeof out.data);
    assert_true(out.len > 0);
    return out;
}

test_bytes test_announcement_of(uint32_t publisher, uint8_t key, uint64_t sequence, uint64_t expiry)
{
    skad_profile profile = test_fixture_profile();
    skad_identity identity = test_identity(&profile, 1000 + publisher);
    const skad_id id = {{key}};
    const skad_address none = {0};
    test_bytes out;
    out.len =
        skad_record_encode_announcement(test_plain_publisher(&identity), &id, sequence, expiry,
                                        &none, test_text("data"), out.data, sizeof out.data);
    assert_true(out.len > 0);
    return out;
}

test_bytes test_immutable_of(uint32_t number, size_t len)
{
    uint8_t value[SKAD_VALUE_BYTES_MAX] = {(uint8_t)(number >> 8), (uint8_t)number, 7};
    test_bytes out;
    out.len = skad_record_encode_immutable(value, len, out.data, sizeof out.data);
    assert_true(out.len > 0);
    return out;
}

test_verdict test_bring(test_fixture *fixture, const test_remote *who, const test_bytes *record,
                        test_wish asked)
{
    skad_record decoded;
    skad_message message = {.kind = SKAD_KIND_STORE};
    bool decodes = skad_record_decode(record->data, record->len, &decoded);
    if (decodes && decoded.type == SKAD_RECORD_ANNOUNCEMENT) {
        message.kind = SKAD_KIND_ANNOUNCE;
        message.u.announce.record = (skad_span){record->data, record->len};
    } else {
        message.u.store.record = (skad_span){record->data, record->len};
        message.u.store.has_cas = asked.has_cas;
        message.u.store.cas = asked.cas;
        message.u.store.life_s = asked.life_s == 0 ? DAY_S : asked.life_s;
    }
    uint8_t token[SKAD_TOKEN_BYTES];
    test_exchange exchange;
    test_fixture_token(fixture, who, token);
    test_fixture_ask(fixture, who, &message, token, &exchange);
    const skad_message *answer = &exchange.opened.message;
    if (answer->kind == SKAD_KIND_ERROR) {
        return (test_verdict){.code = answer->u.reply.u.error.code,
                              .detail = answer->u.reply.u.error.detail};
    }
    assert_int_equal(answer->kind, message.kind + SKAD_KIND_REPLY_OFFSET);
    return (test_verdict){.stored = true, .life_s = answer->u.reply.u.stored.life_s};
}

void test_assert_refused(const char *label, test_verdict got, skad_error_code code, uint64_t detail)
{
    if (got.stored || got.code != code || got.detail != detail) {
        fail_msg("%s: stored %d, code %u (%s) instead of %u, detail %llu", label, got.stored,
                 got.code, skad_error_name((skad_error_code)got.code), code,
                 (unsigned long long)got.detail);
    }
}

bool test_held(const test_fixture *fixture, const test_bytes *record, skad_store_record *out)
{
    skad_record decoded;
    assert_true(skad_record_decode(record->data, record->len, &decoded));
    const skad_store_name name = skad_record_store_name(&decoded);
    return fixture->store.ops->find(fixture->store.self, SKAD_STORE_REPLICAS, &name,
                                    fixture->now.unix_s, out);
}

bool test_holds(const test_fixture *fixture, const test_bytes *record)
{
    skad_store_record found;
    return test_held(fixture, record, &found) && found.len == record->len &&
           memcmp(found.data, record->data, found.len) == 0;
}
