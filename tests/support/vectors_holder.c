/* The vectors of what a holder answers to a STORE or an ANNOUNCE, given what it holds. The holder
 * is among the s nodes closest to the key, so that it grants the longest life, and has room. */
#include <string.h>

#include "crypto/assert.h"
#include "proto/message.h"
#include "skad/record.h"
#include "tests/support/identities.h"
#include "tests/support/vectors.h"
#include "tests/support/wire.h"

#define LIFE_S 86400
#define NONE   UINT64_MAX /* no cas; or nothing is held, or no record is sent */

/* One record of the publisher: what of it differs from case to case. An immutable one has the value
 * alone. */
typedef struct edition {
    uint64_t sequence;
    uint32_t ahead_s; /* of its expiry */
    const char *value;
    uint32_t life_s; /* that its STORE asks for */
} edition;

typedef struct holder_case {
    const char *description;
    skad_record_type type;
    edition held;
    edition sent;
    uint64_t cas;
    skad_error_code code; /* NONE: taken */
    uint64_t detail;
    uint32_t life_s;    /* in the answer, where taken */
    const char *answer; /* what is given afterwards: "sent", "held" or "" */
} holder_case;

#define MUTABLE      SKAD_RECORD_MUTABLE
#define ANNOUNCEMENT SKAD_RECORD_ANNOUNCEMENT
#define NOTHING                                                                                    \
    {                                                                                              \
        NONE, 0, "", 0                                                                             \
    }
#define DAY      LIFE_S
#define HOUR     3600
#define OLDER    SKAD_ERROR_OLDER
#define CONFLICT SKAD_ERROR_CONFLICT

static const holder_case CASES[] = {
    {"immutable, nothing is held",
     SKAD_RECORD_IMMUTABLE,
     NOTHING,
     {0, 0, "a", DAY},
     NONE,
     0,
     0,
     DAY,
     "sent"},
    {"immutable, for an hour",
     SKAD_RECORD_IMMUTABLE,
     NOTHING,
     {0, 0, "a", HOUR},
     NONE,
     0,
     0,
     HOUR,
     "sent"},
    {"immutable, for longer than the profile's life",
     SKAD_RECORD_IMMUTABLE,
     NOTHING,
     {0, 0, "a", 2 * DAY},
     NONE,
     0,
     0,
     DAY,
     "sent"},
    {"immutable, again for a shorter time",
     SKAD_RECORD_IMMUTABLE,
     {0, 0, "a", DAY},
     {0, 0, "a", HOUR},
     NONE,
     0,
     0,
     DAY,
     "sent"},
    {"immutable, again for a longer time",
     SKAD_RECORD_IMMUTABLE,
     {0, 0, "a", HOUR},
     {0, 0, "a", DAY},
     NONE,
     0,
     0,
     DAY,
     "sent"},
    {"immutable, cas is ignored",
     SKAD_RECORD_IMMUTABLE,
     NOTHING,
     {0, 0, "a", DAY},
     7,
     0,
     0,
     DAY,
     "sent"},
    {"nothing is held", MUTABLE, NOTHING, {3, 2 * DAY, "a", DAY}, NONE, 0, 0, DAY, "sent"},
    {"a life that ends with the expiry",
     MUTABLE,
     NOTHING,
     {3, HOUR, "a", DAY},
     NONE,
     0,
     0,
     HOUR,
     "sent"},
    {"expires in a second", MUTABLE, NOTHING, {3, 1, "a", DAY}, NONE, 0, 0, 1, "sent"},
    {"expires now", MUTABLE, NOTHING, {3, 0, "a", DAY}, NONE, SKAD_ERROR_EXPIRED, 0, 0, ""},
    {"expires two lives ahead", MUTABLE, NOTHING, {3, 2 * DAY, "b", DAY}, NONE, 0, 0, DAY, "sent"},
    {"expires a second more than two lives ahead",
     MUTABLE,
     NOTHING,
     {3, 2 * DAY + 1, "a", DAY},
     NONE,
     SKAD_ERROR_TOO_FAR,
     0,
     0,
     ""},
    {"nothing is held, cas 0", MUTABLE, NOTHING, {3, DAY, "a", DAY}, 0, 0, 0, DAY, "sent"},
    {"nothing is held, cas 1", MUTABLE, NOTHING, {3, DAY, "a", DAY}, 1, SKAD_ERROR_CAS, 0, 0, ""},
    {"a higher sequence", MUTABLE, {3, DAY, "a", DAY}, {4, DAY, "b", DAY}, NONE, 0, 0, DAY, "sent"},
    {"a higher sequence with an earlier expiry",
     MUTABLE,
     {3, DAY, "a", DAY},
     {4, HOUR, "b", DAY},
     NONE,
     0,
     0,
     HOUR,
     "sent"},
    {"a higher sequence for a shorter time",
     MUTABLE,
     {3, DAY, "a", DAY},
     {4, DAY, "b", HOUR},
     NONE,
     0,
     0,
     DAY,
     "sent"},
    {"a lower sequence",
     MUTABLE,
     {3, DAY, "a", DAY},
     {2, DAY, "b", DAY},
     NONE,
     OLDER,
     3,
     0,
     "held"},
    {"the same bytes", MUTABLE, {3, DAY, "a", HOUR}, {3, DAY, "a", DAY}, NONE, 0, 0, DAY, "sent"},
    {"the same bytes for a shorter time",
     MUTABLE,
     {3, DAY, "a", DAY},
     {3, DAY, "a", HOUR},
     NONE,
     0,
     0,
     DAY,
     "sent"},
    {"a renewal with a later expiry",
     MUTABLE,
     {3, HOUR, "a", DAY},
     {3, DAY, "a", DAY},
     NONE,
     0,
     0,
     DAY,
     "sent"},
    {"a renewal with an earlier expiry",
     MUTABLE,
     {3, DAY, "a", DAY},
     {3, HOUR, "a", DAY},
     NONE,
     0,
     0,
     DAY,
     "held"},
    {"a renewal with an earlier expiry, of a short life",
     MUTABLE,
     {3, DAY, "a", HOUR},
     {3, 2 * HOUR, "a", DAY},
     NONE,
     0,
     0,
     HOUR,
     "held"},
    {"the same sequence, another value",
     MUTABLE,
     {3, DAY, "a", DAY},
     {3, DAY, "b", DAY},
     NONE,
     CONFLICT,
     3,
     0,
     "held"},
    {"the same sequence, another value, a later expiry",
     MUTABLE,
     {3, HOUR, "a", DAY},
     {3, DAY, "b", DAY},
     NONE,
     CONFLICT,
     3,
     0,
     "held"},
    {"the right cas", MUTABLE, {3, DAY, "a", DAY}, {4, DAY, "b", DAY}, 3, 0, 0, DAY, "sent"},
    {"a wrong cas",
     MUTABLE,
     {3, DAY, "a", DAY},
     {4, DAY, "b", DAY},
     2,
     SKAD_ERROR_CAS,
     3,
     0,
     "held"},
    {"a wrong cas and a lower sequence",
     MUTABLE,
     {3, DAY, "a", DAY},
     {2, DAY, "b", DAY},
     2,
     SKAD_ERROR_CAS,
     3,
     0,
     "held"},
    {"a wrong cas and a conflict",
     MUTABLE,
     {3, DAY, "a", DAY},
     {3, DAY, "b", DAY},
     9,
     SKAD_ERROR_CAS,
     3,
     0,
     "held"},
    {"a wrong cas and a renewal",
     MUTABLE,
     {3, HOUR, "a", DAY},
     {3, DAY, "a", DAY},
     9,
     SKAD_ERROR_CAS,
     3,
     0,
     "held"},
    {"the very bytes with a wrong cas",
     MUTABLE,
     {3, DAY, "a", DAY},
     {3, DAY, "a", DAY},
     9,
     0,
     0,
     DAY,
     "sent"},
    {"the right cas and a lower sequence",
     MUTABLE,
     {3, DAY, "a", DAY},
     {2, DAY, "b", DAY},
     3,
     OLDER,
     3,
     0,
     "held"},
    {"the right cas and a conflict",
     MUTABLE,
     {3, DAY, "a", DAY},
     {3, DAY, "b", DAY},
     3,
     CONFLICT,
     3,
     0,
     "held"},
    {"a wrong cas and an expired record",
     MUTABLE,
     {3, DAY, "a", DAY},
     {4, 0, "b", DAY},
     9,
     SKAD_ERROR_EXPIRED,
     0,
     0,
     "held"},
    {"announcement, nothing is held",
     ANNOUNCEMENT,
     NOTHING,
     {3, 2 * DAY, "a", 0},
     NONE,
     0,
     0,
     DAY,
     "sent"},
    {"announcement, a higher sequence",
     ANNOUNCEMENT,
     {3, DAY, "a", 0},
     {4, DAY, "b", 0},
     NONE,
     0,
     0,
     DAY,
     "sent"},
    {"announcement, a lower sequence",
     ANNOUNCEMENT,
     {3, DAY, "a", 0},
     {2, DAY, "a", 0},
     NONE,
     OLDER,
     3,
     0,
     "held"},
    {"announcement, a renewal with a later expiry",
     ANNOUNCEMENT,
     {3, HOUR, "a", 0},
     {3, DAY, "a", 0},
     NONE,
     0,
     0,
     DAY,
     "sent"},
    {"announcement, a renewal with an earlier expiry",
     ANNOUNCEMENT,
     {3, DAY, "a", 0},
     {3, HOUR, "a", 0},
     NONE,
     0,
     0,
     DAY,
     "held"},
    {"announcement, other metadata",
     ANNOUNCEMENT,
     {3, DAY, "a", 0},
     {3, DAY, "b", 0},
     NONE,
     CONFLICT,
     3,
     0,
     "held"},
    {"announcement, expires now",
     ANNOUNCEMENT,
     NOTHING,
     {3, 0, "a", 0},
     NONE,
     SKAD_ERROR_EXPIRED,
     0,
     0,
     ""},
    {"announcement, expires a second more than two lives ahead",
     ANNOUNCEMENT,
     NOTHING,
     {3, 2 * DAY + 1, "a", 0},
     NONE,
     SKAD_ERROR_TOO_FAR,
     0,
     0,
     ""},
};

static size_t encode(skad_record_type type, const edition *self,
                     uint8_t out[static SKAD_RECORD_BYTES_MAX])
{
    const skad_span value = {(const uint8_t *)self->value, strlen(self->value)};
    const skad_span salt = {(const uint8_t *)"salt", 4};
    const uint64_t expiry = TEST_UNIX_S + self->ahead_s;
    const skad_address none = {0};
    skad_identity publisher;
    skad_id key;

    if (self->sequence == NONE) {
        return 0;
    }
    skad_wire_identity(4, &publisher);
    skad_wire_fill(key.bytes, SKAD_ID_BYTES, 0xc0);
    switch (type) {
    case SKAD_RECORD_IMMUTABLE:
        return skad_record_encode_immutable(value.data, value.len, out, SKAD_RECORD_BYTES_MAX);
    case SKAD_RECORD_MUTABLE:
        return skad_record_encode_mutable(skad_wire_publisher(&publisher), salt, self->sequence,
                                          expiry, value, out, SKAD_RECORD_BYTES_MAX);
    case SKAD_RECORD_ANNOUNCEMENT:
        break;
    }
    return skad_record_encode_announcement(skad_wire_publisher(&publisher), &key, self->sequence,
                                           expiry, &none, value, out, SKAD_RECORD_BYTES_MAX);
}

static void write_answer(skad_json *json, const holder_case *self, bool announcement)
{
    const char *taken = announcement ? "ANNOUNCED" : "STORED";

    skad_json_text(json, "answer", self->code == SKAD_ERROR_NONE ? taken : "ERROR");
    if (self->code == SKAD_ERROR_NONE) {
        skad_json_uint(json, "answer_life_s", self->life_s);
    } else {
        skad_json_uint(json, "code", self->code);
        skad_json_uint(json, "detail", self->detail);
    }
    skad_json_text(json, "holds", self->answer);
}

static void write_case(skad_json *json, const holder_case *self)
{
    const bool announcement = self->type == SKAD_RECORD_ANNOUNCEMENT;
    uint8_t held[SKAD_RECORD_BYTES_MAX];
    uint8_t sent[SKAD_RECORD_BYTES_MAX];

    skad_json_object(json, NULL);
    skad_json_text(json, "description", self->description);
    skad_json_uint(json, "now_unix_s", TEST_UNIX_S);
    skad_json_hex(json, "held", held, encode(self->type, &self->held, held));
    if (!announcement && self->held.sequence != NONE) {
        skad_json_uint(json, "held_life_s", self->held.life_s);
    }
    skad_json_text(json, "rpc", announcement ? "ANNOUNCE" : "STORE");
    skad_json_hex(json, "sent", sent, encode(self->type, &self->sent, sent));
    if (self->cas != NONE) {
        skad_json_uint(json, "cas", self->cas);
    }
    if (!announcement) {
        skad_json_uint(json, "life_s", self->sent.life_s);
    }
    write_answer(json, self, announcement);
    skad_json_object_end(json);
}

void skad_vectors_holder(skad_json *json)
{
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        write_case(json, &CASES[i]);
    }
}
