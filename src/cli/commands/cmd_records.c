/* skad records: what the node holds for the network, or publishes itself. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "skad/types.h"
#include "src/cli/client/client.h"
#include "src/cli/client/text.h"
#include "src/cli/commands/commands.h"
#include "src/client/json.h"

static const char *const TYPES[] = {"value", "record", "announcement"};
#define TYPES_COUNT (sizeof TYPES / sizeof TYPES[0])

typedef struct listing {
    bool json;
    uint64_t printed;
    uint64_t counts[TYPES_COUNT];
    uint64_t bytes[TYPES_COUNT];
} listing;

static void count(listing *self, skad_answer record)
{
    skad_span type = skad_answer_bytes(record, "type");
    for (size_t i = 0; i < TYPES_COUNT; i++) {
        if (type.len == strlen(TYPES[i]) && memcmp(type.data, TYPES[i], type.len) == 0) {
            self->counts[i]++;
            self->bytes[i] += skad_answer_uint(record, "bytes");
        }
    }
}

static void print_header(void)
{
    printf("%-64s  %-12s  %-12s %8s %6s %8s %8s  %s\n", "key", "type", "publisher", "sequence",
           "bytes", "age", "expires", "role");
}

static void print_record(skad_answer record)
{
    char key[SKAD_ANSWER_TEXT_BYTES];
    char type[SKAD_ANSWER_TEXT_BYTES];
    char publisher[SKAD_TEXT_BYTES];
    char age[SKAD_TEXT_BYTES];
    char expires[SKAD_TEXT_BYTES];

    skad_text_of(record, "key", key);
    skad_text_of(record, "type", type);
    skad_text_short_id(record, "publisher", publisher);
    skad_text_duration(skad_answer_uint(record, "stored_s") * SKAD_US_PER_S, age);
    skad_text_duration(skad_answer_uint(record, "expires_s") * SKAD_US_PER_S, expires);
    printf("%-64s  %-12s  %-12s %8" PRIu64 " %6" PRIu64 " %8s %8s  %s\n", key, type, publisher,
           skad_answer_uint(record, "sequence"), skad_answer_uint(record, "bytes"), age, expires,
           skad_answer_bool(record, "cached") ? "cached" : "");
}

static void print_page(listing *self, skad_answer records)
{
    for (size_t i = 0; i < skad_answer_count(records); i++) {
        skad_answer record = skad_answer_at(records, i);
        count(self, record);
        if (self->json) {
            (void)fputs(self->printed == 0 ? "" : ",", stdout);
            skad_json_write(stdout, record);
        } else {
            print_record(record);
        }
        self->printed++;
    }
}

static void print_summary(const listing *self)
{
    printf("%" PRIu64 " in all", self->printed);
    for (size_t i = 0; i < TYPES_COUNT; i++) {
        char bytes[SKAD_TEXT_BYTES];
        skad_text_bytes(self->bytes[i], bytes);
        printf(", %" PRIu64 " %s%s (%s)", self->counts[i], TYPES[i],
               self->counts[i] == 1 ? "" : "s", bytes);
    }
    puts("");
}

/* Moves the request to the next page; false when there is none. */
static bool turn_page(skad_answer result, skad_control_request *request)
{
    skad_span next = skad_answer_bytes(result, "next");
    if (next.len != sizeof request->cursor) {
        return false;
    }
    request->has_cursor = true;
    memcpy(request->cursor, next.data, next.len);
    return true;
}

static skad_exit print_pages(const skad_options *options, skad_client *client, listing *self,
                             skad_failure *failure)
{
    skad_control_request request = {.method = SKAD_CONTROL_RECORDS,
                                    .published = options->published};
    skad_answer result;
    do {
        skad_exit exit = skad_client_call(client, &request, &result, failure);
        if (exit != SKAD_EXIT_DONE) {
            return exit;
        }
        print_page(self, skad_answer_get(result, "records"));
    } while (turn_page(result, &request));
    return SKAD_EXIT_DONE;
}

static skad_exit run(const skad_options *options)
{
    listing self = {.json = options->json};
    skad_failure failure;
    skad_client client;

    skad_exit exit = skad_client_open(options, &client, &failure);
    if (exit != SKAD_EXIT_DONE) {
        return skad_complain(exit, &failure);
    }
    if (options->json) {
        (void)fputs("{\"records\":[", stdout);
    } else {
        print_header();
    }
    exit = print_pages(options, &client, &self, &failure);
    skad_client_close(&client);
    if (exit != SKAD_EXIT_DONE) {
        return skad_complain(exit, &failure);
    }
    if (options->json) {
        puts("]}");
    } else {
        print_summary(&self);
    }
    return skad_printed();
}

const skad_command skad_command_records = {
    .name = "records",
    .usage = "records [--published] [--json] [--socket PATH] [--timeout SECONDS]",
    .summary = "List the records that this node holds for the network",
    .details =
        "Values are immutable, records signed and replaceable, announcements say who is to be\n"
        "found under a key; cached are copies that may give way to others. With --published\n"
        "what the node itself re-announces is listed; age is then since the last time.",
    .options = SKAD_OPTIONS_CLIENT | SKAD_OPTION_JSON | SKAD_OPTION_PUBLISHED,
    .run = run,
};
