/* The committed vectors of a node's conduct: what a holder answers, and what a requester keeps of a
 * reply. Both are put to a whole node, records of a reply to its collection. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/keys.h"
#include "proto/address.h"
#include "skad/record.h"
#include "src/core/forward/result.h"
#include "src/core/lookup/collect.h"
#include "src/core/node/parts.h"
#include "src/core/routing/distance.h"
#include "tests/support/fixture.h"
#include "tests/support/put_script.h"
#include "tests/support/vector_reader.h"

/* ---- The holder ---- */

static test_bytes record_of(const test_vector *self, const char *key)
{
    test_bytes out;
    out.len = test_vector_hex(self, key, out.data, sizeof out.data);
    return out;
}

static void check_verdict(const test_vector *self, test_verdict got)
{
    const char *description = test_vector_text(self, "description");
    if (strcmp(test_vector_text(self, "answer"), "ERROR") == 0) {
        test_assert_refused(description, got, (skad_error_code)test_vector_uint(self, "code"),
                            test_vector_uint(self, "detail"));
    } else if (!got.stored || got.life_s != test_vector_uint(self, "answer_life_s")) {
        fail_msg("%s: stored %d, code %u, for %u s", description, got.stored, got.code,
                 (unsigned)got.life_s);
    }
}

static void every_holder_answers_as_its_vector_says(void **state)
{
    (void)state;
    static test_fixture fixture;
    skad_profile profile = test_fixture_profile();
    profile.memory_kib = skad_profile_builtin("test")->memory_kib; /* the network of the vectors */
    test_vectors file;
    test_vector next;
    size_t count = 0;

    test_vectors_open(&file, SKAD_SOURCE_DIR, "holder.json");
    while (test_vectors_next(&file, &next)) {
        test_fixture_init(&fixture, &profile);
        const test_remote *who = test_fixture_remote(&fixture);
        fixture.now.unix_s = test_vector_uint(&next, "now_unix_s");
        test_bytes held = record_of(&next, "held");
        test_bytes sent = record_of(&next, "sent");
        if (held.len > 0) {
            uint32_t life_s = (uint32_t)test_vector_uint(&next, "held_life_s");
            assert_true(test_bring(&fixture, who, &held, (test_wish){.life_s = life_s}).stored);
        }
        const test_wish wish = {.has_cas = test_vector_has(&next, "cas"),
                                .cas = test_vector_uint(&next, "cas"),
                                .life_s = (uint32_t)test_vector_uint(&next, "life_s")};
        check_verdict(&next, test_bring(&fixture, who, &sent, wish));
        const char *holds = test_vector_text(&next, "holds");
        if (strlen(holds) > 0 &&
            !test_holds(&fixture, strcmp(holds, "sent") == 0 ? &sent : &held)) {
            fail_msg("%s: holds another record", test_vector_text(&next, "description"));
        }
        test_fixture_free(&fixture);
        count++;
    }
    assert_true(count >= 40);
}

/* ---- The requester ---- */

static const skad_message *reply_in_question;

/* The first peer gives the reply in question, all others are silent. */
static bool gives_the_reply(test_fixture *fixture, test_remote *who, const skad_message *request,
                            skad_message *answer)
{
    if (request->kind != SKAD_KIND_FIND_NODE || who != &fixture->remotes[0]) {
        return who == &fixture->remotes[0];
    }
    *answer = *reply_in_question;
    return true;
}

/* Whether the lookup would ask a contact. */
static bool is_candidate(const test_fixture *fixture, skad_op op, const skad_contact *contact)
{
    skad_operation *operation =
        skad_operations_find(skad_node_parts_of(fixture->node).operations, op);
    assert_non_null(operation);
    const skad_candidates *candidates = &operation->lookup->candidates;
    uint16_t index = skad_candidates_first(candidates, &contact->id);
    if (index == SKAD_CANDIDATE_NONE) {
        return false;
    }
    const skad_address *address = &candidates->all[index].address;
    return skad_address_equal(address, &contact->ipv4) ||
           skad_address_equal(address, &contact->ipv6);
}

static void check_contacts(const test_vector *self, const skad_message *reply)
{
    static test_fixture fixture;
    skad_profile profile = test_fixture_profile();
    profile.memory_kib = skad_profile_builtin("test")->memory_kib; /* the network of the vectors */
    const char *kept = test_vector_text(self, "contacts");
    const skad_contact *contacts = reply->u.reply.u.nodes.contacts;
    skad_id id;
    skad_op op;

    test_fixture_init(&fixture, &profile);
    test_fixture_populate(&fixture, 1);
    test_vector_hex(self, "requester", id.bytes, SKAD_ID_BYTES);
    assert_memory_equal(id.bytes, fixture.identity.id.bytes, SKAD_ID_BYTES);
    test_vector_hex(self, "target", id.bytes, SKAD_ID_BYTES);
    reply_in_question = reply;
    fixture.script = gives_the_reply;
    assert_int_equal(skad_node_lookup(fixture.node, &id, fixture.now, &op), SKAD_OK);
    test_fixture_run(&fixture, 10);
    assert_int_equal(strlen(kept), reply->u.reply.u.nodes.contacts_count);
    for (size_t i = 0; kept[i] != '\0'; i++) {
        bool again = false; /* what was named before is no further candidate */
        for (size_t j = 0; j < i; j++) {
            again = again || skad_id_equal(&contacts[i].id, &contacts[j].id);
        }
        if ((is_candidate(&fixture, op, &contacts[i]) && !again) != (kept[i] == '+')) {
            fail_msg("%s: contact %zu", test_vector_text(self, "description"), i);
        }
    }
    test_fixture_free(&fixture);
}

/* Whether a record is among what the collection would return. */
static bool counts(const skad_collection *collection, skad_span record)
{
    if (collection->best_len == record.len &&
        memcmp(collection->best, record.data, record.len) == 0) {
        return true;
    }
    for (size_t i = 0; i < collection->announced_count; i++) {
        const skad_announced *one = &collection->announced[i];
        if (one->len == record.len && memcmp(one->bytes, record.data, record.len) == 0) {
            return true;
        }
    }
    return false;
}

static void check_records(const test_vector *self, const skad_message *reply)
{
    const skad_network_id network = skad_wire_publisher(NULL).network;
    const char *kept = test_vector_text(self, "records");
    const skad_span *records = reply->u.reply.u.value.records;
    uint64_t verifications = 0;
    skad_random random;
    skad_id key;

    test_vector_hex(self, "target", key.bytes, SKAD_ID_BYTES);
    skad_random_init(&random, (const uint8_t[32]){1});
    skad_record_type type = (skad_record_type)test_vector_uint(self, "type");
    skad_collection *collection = skad_collection_new(type, &key, &network);
    const skad_get_answer answer = {
        .from = &key, .records = records, .count = reply->u.reply.u.value.records_count};
    assert_int_equal(strlen(kept), answer.count);
    (void)skad_collection_take(collection, &answer, test_vector_uint(self, "now_unix_s"), &random,
                               &verifications);
    for (size_t i = 0; kept[i] != '\0'; i++) {
        if (counts(collection, records[i]) != (kept[i] == '+')) {
            fail_msg("%s: record %zu", test_vector_text(self, "description"), i);
        }
    }
    skad_collection_free(collection);
}

static void every_requester_keeps_what_its_vector_says(void **state)
{
    (void)state;
    uint8_t body[SKAD_BODY_BYTES_MAX];
    test_vectors file;
    test_vector next;
    size_t count = 0;

    test_vectors_open(&file, SKAD_SOURCE_DIR, "requester.json");
    while (test_vectors_next(&file, &next)) {
        skad_message reply;
        bool value = strcmp(test_vector_text(&next, "kind_name"), "VALUE") == 0;
        size_t len = test_vector_hex(&next, "body", body, sizeof body);
        assert_true(
            skad_message_decode(value ? SKAD_KIND_VALUE : SKAD_KIND_NODES, body, len, &reply));
        if (value) {
            check_records(&next, &reply);
        } else {
            check_contacts(&next, &reply);
        }
        count++;
    }
    assert_true(count >= 28);
}

/* ---- Who asked for something to be forwarded ---- */

static void every_statement_answers_its_forward_or_proves_nothing(void **state)
{
    (void)state;
    static test_fixture fixture;
    skad_profile profile = test_fixture_profile();
    profile.memory_kib = skad_profile_builtin("test")->memory_kib; /* the network of the vectors */
    uint8_t bytes[SKAD_BODY_BYTES_MAX + 100];
    uint8_t record[SKAD_RECORD_BYTES_MAX];
    test_vectors file;
    test_vector next;
    size_t count = 0;

    test_fixture_init(&fixture, &profile);
    fixture.now.unix_s = SKAD_WIRE_UNIX_S;
    skad_node_tick(fixture.node, fixture.now);
    test_vectors_open(&file, SKAD_SOURCE_DIR, "statements.json");
    while (test_vectors_next(&file, &next)) {
        static const skad_result_kind wanted[] = {SKAD_RESULT_NODES, SKAD_RESULT_ABSENT,
                                                  SKAD_RESULT_ABSENT, SKAD_RESULT_NONE,
                                                  SKAD_RESULT_STORED};
        skad_statement stated;
        skad_message answer = {.kind = SKAD_KIND_FORWARDED};
        skad_forward forward = {.aim = (skad_forward_aim)test_vector_uint(&next, "aim")};
        forward.record = (skad_span){record, test_vector_hex(&next, "record", record, 1005)};
        test_vector_hex(&next, "target", forward.target.bytes, SKAD_ID_BYTES);
        const size_t len = test_vector_hex(&next, "statement", bytes, sizeof bytes);
        answer.u.reply.u.forwarded.statement = (skad_span){bytes, len};
        const char *description = test_vector_text(&next, "description");
        const skad_result_kind invalid =
            strstr(description, "too long") != NULL ? SKAD_RESULT_UNTIMELY : SKAD_RESULT_NONE;
        if (skad_result_check(fixture.node, &forward, &answer, &stated) !=
            (next.invalid ? invalid : wanted[forward.aim])) {
            fail_msg("%s", description);
        }
        count++;
    }
    assert_int_equal(count, 9 + 18 + 8 + 10);
    test_fixture_free(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_holder_answers_as_its_vector_says),
        cmocka_unit_test(every_requester_keeps_what_its_vector_says),
        cmocka_unit_test(every_statement_answers_its_forward_or_proves_nothing),
    };
    skad_crypto_init();
    return cmocka_run_group_tests_name("vectors of states", tests, NULL, NULL);
}
