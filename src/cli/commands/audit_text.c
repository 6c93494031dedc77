#include "src/cli/commands/audit_text.h"

#include <inttypes.h>
#include <stdio.h>

#include "crypto/assert.h"
#include "proto/reader.h"
#include "proto/writer.h"
#include "src/client/json.h"
#include "src/daemon/control/results.h"

#define RESULT_BYTES_MAX 16384
#define RESULT_ITEMS     (64 + 13 * SKAD_AUDIT_VOTERS_MAX + 5 * SKAD_AUDIT_PROOFS_MAX)

static void print_hex(const uint8_t *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        printf("%02x", bytes[i]);
    }
}

static const char *standing(const skad_audit_voter *voter)
{
    return voter->agrees ? "agrees" : voter->confirmed ? "denied" : "unconfirmed";
}

void skad_audit_print(const skad_audit_round *round, const skad_audit_result *result)
{
    printf("round %" PRIu64 " of %" PRIu64 " s, anchor ", round->number, round->period_s);
    print_hex(result->anchor.bytes, sizeof result->anchor.bytes);
    printf("\n%zu voters, %zu confirmed, %zu agree, %zu blamed\n", result->voters_count,
           result->confirmed, result->agreeing, result->blamed_count);
    printf("won: ");
    if (result->winner < 0) {
        printf("none");
    } else {
        print_hex(result->voters[result->winner].key, SKAD_PUBLIC_KEY_BYTES);
    }
    puts("");
    for (size_t i = 0; i < result->voters_count; i++) {
        const skad_audit_voter *voter = &result->voters[i];
        printf("%-12s %2u:%-2u ", standing(voter), voter->agree, voter->against);
        print_hex(voter->key, sizeof voter->key);
        puts("");
    }
    for (size_t i = 0; i < result->blamed_count; i++) {
        printf("blamed       ");
        print_hex(result->blamed[i].key, sizeof result->blamed[i].key);
        printf(" %s\n", skad_audit_fault_name(result->blamed[i].fault));
    }
}

static void write_voter(skad_writer *writer, const skad_audit_voter *voter)
{
    skad_write_map(writer, 6);
    skad_result_public_key(writer, "public_key", voter->key);
    skad_result_id(writer, "id", &voter->id);
    skad_result_bool(writer, "confirmed", voter->confirmed);
    skad_result_bool(writer, "agrees", voter->agrees);
    skad_result_uint(writer, "agree", voter->agree);
    skad_result_uint(writer, "against", voter->against);
}

void skad_audit_print_json(const skad_audit_round *round, const skad_audit_result *result)
{
    static uint8_t bytes[RESULT_BYTES_MAX];
    static skad_item items[RESULT_ITEMS];
    skad_writer writer;
    size_t count = 0;
    size_t consumed = 0;
    skad_writer_init(&writer, bytes, sizeof bytes);
    skad_write_map(&writer, 7);
    skad_result_uint(&writer, "round", round->number);
    skad_result_uint(&writer, "period_s", round->period_s);
    skad_result_id(&writer, "anchor", &result->anchor);
    if (result->winner >= 0) {
        skad_result_public_key(&writer, "won", result->voters[result->winner].key);
    } else {
        skad_result_key(&writer, "won");
        skad_write_nil(&writer);
    }
    skad_result_key(&writer, "voters");
    skad_write_array(&writer, result->voters_count);
    for (size_t i = 0; i < result->voters_count; i++) {
        write_voter(&writer, &result->voters[i]);
    }
    skad_result_key(&writer, "blamed");
    skad_write_array(&writer, result->blamed_count);
    for (size_t i = 0; i < result->blamed_count; i++) {
        skad_write_map(&writer, 2);
        skad_result_public_key(&writer, "public_key", result->blamed[i].key);
        skad_result_str(&writer, "fault", skad_audit_fault_name(result->blamed[i].fault));
    }
    skad_result_uint(&writer, "invalid", result->invalid);
    const skad_cut_result cut =
        skad_cut(bytes, writer.len, SKAD_CUT_LENIENT, items, RESULT_ITEMS, &count, &consumed);
    SKAD_ASSERT(!writer.overflow && cut == SKAD_CUT_OK);
    skad_json_write(stdout, (skad_answer){items, items + count});
    puts("");
}
