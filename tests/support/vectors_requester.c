/* The vectors of what a requester keeps of a reply: its contacts, each usable or ignored, and its
 * records, each of which counts or does not. The requester can send to both families, and its local
 * policy allows no private addresses. */
#include <string.h>

#include "crypto/assert.h"
#include "proto/address.h"
#include "proto/message.h"
#include "proto/profile.h"
#include "skad/record.h"
#include "tests/support/identities.h"
#include "tests/support/vectors.h"
#include "tests/support/wire.h"

#define DAY_S         86400
#define CONTACTS_MOST SKAD_CONTACTS_MAX
#define RECORDS_MOST  5

/* Whose ID a contact has; other numbers are those of identities that fit. */
enum { REQUESTER = 1, UNFIT = 0 };

typedef struct named {
    uint32_t who;
    const char *endpoint;
    const char *ipv6; /* NULL: it has one endpoint */
} named;

/* `kept` has a sign for each contact: + it may be asked, - it is ignored. */
typedef struct contacts_case {
    const char *description;
    const char *kept;
    named contacts[CONTACTS_MOST];
} contacts_case;

static const contacts_case CONTACTS[] = {
    {"no contacts", "", {{0}}},
    {"three contacts",
     "+++",
     {{11, "8.1.1.1:4000", NULL}, {12, "8.2.2.2:4000", NULL}, {13, "8.3.3.3:4000", NULL}}},
    {"contacts of both families",
     "+++",
     {{11, "8.1.1.1:4000", NULL},
      {12, "[2a00:1::1]:4000", NULL},
      {13, "8.3.3.3:4000", "[2a00:2::1]:4000"}}},
    {"the requester itself between two others",
     "+-+",
     {{11, "8.1.1.1:4000", NULL}, {REQUESTER, "8.2.2.2:4000", NULL}, {13, "8.3.3.3:4000", NULL}}},
    {"an ID that does not solve the static puzzle",
     "+-+",
     {{11, "8.1.1.1:4000", NULL}, {UNFIT, "8.2.2.2:4000", NULL}, {13, "8.3.3.3:4000", NULL}}},
    {"an ID that is named twice",
     "++-",
     {{11, "8.1.1.1:4000", NULL}, {12, "8.2.2.2:4000", NULL}, {11, "8.1.1.1:4000", NULL}}},
    {"private addresses",
     "-----+",
     {{11, "10.1.1.1:4000", NULL},
      {12, "127.0.0.1:4000", NULL},
      {13, "192.168.3.3:4000", NULL},
      {14, "[fe80::1]:4000", NULL},
      {15, "[fc00::1]:4000", NULL},
      {16, "8.3.3.3:4000", NULL}}},
    {"an unusable endpoint beside one of the other family",
     "++-",
     {{11, "10.1.1.1:4000", "[2a00:2::1]:4000"},
      {12, "8.2.2.2:4000", "[2001:db8::1]:4000"},
      {13, "192.168.3.3:4000", "[fe80::1]:4000"}}},
    {"addresses that no host can have",
     "---------+",
     {{11, "0.1.1.1:4000", NULL},
      {12, "192.0.2.1:4000", NULL},
      {13, "198.18.0.1:4000", NULL},
      {14, "224.0.0.1:4000", NULL},
      {15, "255.255.255.255:4000", NULL},
      {16, "[2001:db8::1]:4000", NULL},
      {17, "[2002:801:101::1]:4000", NULL},
      {18, "[ff02::1]:4000", NULL},
      {19, "[64:ff9b::801:101]:4000", NULL},
      {20, "8.3.3.3:4000", NULL}}},
};

typedef enum blemish {
    FINE,
    EXPIRED,       /* by a second */
    FORGED,        /* a bit of its signature changed */
    OTHER_NETWORK, /* signed for another network */
    OTHER_KEY,     /* of the right type, held under another key */
    OTHER_TYPE,    /* an immutable record; an announcement where that was asked for */
    GARBAGE,       /* no record */
    ABSENT         /* there are no more records */
} blemish;

typedef struct given {
    blemish what;
    uint32_t publisher; /* of announcements */
    uint64_t sequence;
    uint32_t ahead_s;
} given;

/* `kept` has a sign for each record: + it counts, - it is ignored, or another one takes its place.
 */
typedef struct records_case {
    const char *description;
    skad_record_type type;
    const char *kept;
    given records[RECORDS_MOST];
} records_case;

#define END                                                                                        \
    {                                                                                              \
        ABSENT, 0, 0, 0                                                                            \
    }

static const records_case RECORDS[] = {
    {"immutable", SKAD_RECORD_IMMUTABLE, "+", {{FINE, 0, 0, 0}, END}},
    {"immutable, another value first",
     SKAD_RECORD_IMMUTABLE,
     "-+",
     {{OTHER_KEY, 0, 0, 0}, {FINE, 0, 0, 0}, END}},
    {"immutable, an announcement first",
     SKAD_RECORD_IMMUTABLE,
     "-+",
     {{OTHER_TYPE, 4, 1, DAY_S}, {FINE, 0, 0, 0}, END}},
    {"mutable", SKAD_RECORD_MUTABLE, "+", {{FINE, 4, 3, DAY_S}, END}},
    {"mutable, a wrong signature first",
     SKAD_RECORD_MUTABLE,
     "-+",
     {{FORGED, 4, 9, DAY_S}, {FINE, 4, 3, DAY_S}, END}},
    {"mutable, one for another network first",
     SKAD_RECORD_MUTABLE,
     "-+",
     {{OTHER_NETWORK, 4, 9, DAY_S}, {FINE, 4, 3, DAY_S}, END}},
    {"mutable, an expired one first",
     SKAD_RECORD_MUTABLE,
     "-+",
     {{EXPIRED, 4, 9, 0}, {FINE, 4, 3, DAY_S}, END}},
    {"mutable, one of another key first",
     SKAD_RECORD_MUTABLE,
     "-+",
     {{OTHER_KEY, 4, 9, DAY_S}, {FINE, 4, 3, DAY_S}, END}},
    {"mutable, an immutable one first",
     SKAD_RECORD_MUTABLE,
     "-+",
     {{OTHER_TYPE, 0, 0, 0}, {FINE, 4, 3, DAY_S}, END}},
    {"mutable, garbage first",
     SKAD_RECORD_MUTABLE,
     "-+",
     {{GARBAGE, 0, 0, 0}, {FINE, 4, 3, DAY_S}, END}},
    {"mutable, all flaws one after the other",
     SKAD_RECORD_MUTABLE,
     "----+",
     {{GARBAGE, 0, 0, 0},
      {EXPIRED, 4, 9, 0},
      {FORGED, 4, 9, DAY_S},
      {OTHER_KEY, 4, 9, DAY_S},
      {FINE, 4, 3, DAY_S}}},
    {"mutable, the higher sequence last",
     SKAD_RECORD_MUTABLE,
     "-+",
     {{FINE, 4, 3, DAY_S}, {FINE, 4, 4, DAY_S}, END}},
    {"mutable, the higher sequence first",
     SKAD_RECORD_MUTABLE,
     "+-",
     {{FINE, 4, 4, DAY_S}, {FINE, 4, 3, DAY_S}, END}},
    {"mutable, the higher sequence expires sooner",
     SKAD_RECORD_MUTABLE,
     "-+",
     {{FINE, 4, 3, DAY_S}, {FINE, 4, 4, 60}, END}},
    {"mutable, one sequence, the later expiry last",
     SKAD_RECORD_MUTABLE,
     "-+",
     {{FINE, 4, 3, 60}, {FINE, 4, 3, DAY_S}, END}},
    {"mutable, one sequence, the later expiry first",
     SKAD_RECORD_MUTABLE,
     "+-",
     {{FINE, 4, 3, DAY_S}, {FINE, 4, 3, 60}, END}},
    {"announcements of three publishers",
     SKAD_RECORD_ANNOUNCEMENT,
     "+++",
     {{FINE, 4, 3, DAY_S}, {FINE, 5, 1, DAY_S}, {FINE, 6, 2, DAY_S}, END}},
    {"announcements, a wrong signature between two others",
     SKAD_RECORD_ANNOUNCEMENT,
     "+-+",
     {{FINE, 4, 3, DAY_S}, {FORGED, 5, 1, DAY_S}, {FINE, 6, 2, DAY_S}, END}},
    {"announcements, an expired one between two others",
     SKAD_RECORD_ANNOUNCEMENT,
     "+-+",
     {{FINE, 4, 3, DAY_S}, {EXPIRED, 5, 1, 0}, {FINE, 6, 2, DAY_S}, END}},
    {"announcements, one of another key between two others",
     SKAD_RECORD_ANNOUNCEMENT,
     "+-+",
     {{FINE, 4, 3, DAY_S}, {OTHER_KEY, 5, 1, DAY_S}, {FINE, 6, 2, DAY_S}, END}},
    {"announcements, one publisher twice, the higher sequence last",
     SKAD_RECORD_ANNOUNCEMENT,
     "-++",
     {{FINE, 4, 3, DAY_S}, {FINE, 4, 4, DAY_S}, {FINE, 6, 2, DAY_S}, END}},
    {"announcements, one publisher twice, the higher sequence first",
     SKAD_RECORD_ANNOUNCEMENT,
     "+-+",
     {{FINE, 4, 4, DAY_S}, {FINE, 4, 3, DAY_S}, {FINE, 6, 2, DAY_S}, END}},
};

static const skad_id TARGET = {{0x40}};

static void write_head(skad_json *json, const char *description, const char *kind,
                       const skad_id *target)
{
    const skad_identity requester = test_identity(skad_profile_builtin("test"), REQUESTER);

    skad_json_object(json, NULL);
    skad_json_text(json, "description", description);
    skad_json_text(json, "kind_name", kind);
    skad_json_hex(json, "requester", requester.id.bytes, SKAD_ID_BYTES);
    skad_json_hex(json, "target", target->bytes, SKAD_ID_BYTES);
    skad_json_uint(json, "now_unix_s", TEST_UNIX_S);
}

static void write_body(skad_json *json, const skad_message *message)
{
    uint8_t body[SKAD_BODY_BYTES_MAX];

    size_t len = skad_message_encode(message, body, sizeof body);
    SKAD_ASSERT(len > 0);
    skad_json_hex(json, "body", body, len);
}

/* ---- Contacts ---- */

static void name_contact(const named *self, skad_contact *out)
{
    const skad_profile *profile = skad_profile_builtin("test");
    skad_address endpoint;
    skad_identity unfit;

    memset(out, 0, sizeof *out);
    skad_wire_identity_unfit(3, &unfit);
    out->id = self->who == UNFIT ? unfit.id : test_identity(profile, self->who).id;
    SKAD_ASSERT(skad_address_parse(self->endpoint, &endpoint));
    *(endpoint.family == SKAD_FAMILY_IPV4 ? &out->ipv4 : &out->ipv6) = endpoint;
    SKAD_ASSERT(self->ipv6 == NULL || skad_address_parse(self->ipv6, &out->ipv6));
}

static void write_contacts(skad_json *json, const contacts_case *self)
{
    skad_message message = {.kind = SKAD_KIND_NODES};
    size_t count = strlen(self->kept);

    SKAD_ASSERT(skad_address_parse("8.9.9.9:4000", &message.u.reply.observed));
    message.u.reply.u.nodes.contacts_count = count;
    for (size_t i = 0; i < count; i++) {
        name_contact(&self->contacts[i], &message.u.reply.u.nodes.contacts[i]);
    }
    write_head(json, self->description, "NODES", &TARGET);
    write_body(json, &message);
    skad_json_text(json, "contacts", self->kept);
    skad_json_object_end(json);
}

/* ---- Records ---- */

static void key_of(skad_record_type type, blemish what, skad_id *out)
{
    skad_identity publisher;

    skad_wire_identity(4, &publisher);
    *out = TARGET;
    out->bytes[1] = what == OTHER_KEY;
    if (type == SKAD_RECORD_IMMUTABLE) {
        skad_value_key((const uint8_t *)"value", 5, out);
    } else if (type == SKAD_RECORD_MUTABLE) {
        skad_mutable_key(publisher.public_key, (skad_span){NULL, 0}, out);
    }
}

static size_t encode_given(skad_record_type type, const given *self,
                           uint8_t out[static SKAD_RECORD_BYTES_MAX])
{
    const skad_span value = {(const uint8_t *)"value", self->what == OTHER_KEY ? 4 : 5};
    const skad_span salt = {(const uint8_t *)"salt", self->what == OTHER_KEY ? 4 : 0};
    const skad_address none = {0};
    skad_record_type made = type;
    skad_identity identity;
    skad_id key;
    size_t len;

    if (self->what == OTHER_TYPE) {
        made = type == SKAD_RECORD_IMMUTABLE ? SKAD_RECORD_ANNOUNCEMENT : SKAD_RECORD_IMMUTABLE;
    }
    skad_wire_identity((uint8_t)self->publisher, &identity);
    skad_publisher publisher = skad_wire_publisher(&identity);
    publisher.network.bytes[0] ^= self->what == OTHER_NETWORK;
    key_of(type, self->what, &key);
    const uint64_t expiry = TEST_UNIX_S + self->ahead_s - (self->what == EXPIRED);
    if (made == SKAD_RECORD_IMMUTABLE) {
        len = skad_record_encode_immutable(value.data, value.len, out, SKAD_RECORD_BYTES_MAX);
    } else if (made == SKAD_RECORD_MUTABLE) {
        len = skad_record_encode_mutable(publisher, salt, self->sequence, expiry, value, out,
                                         SKAD_RECORD_BYTES_MAX);
    } else {
        len = skad_record_encode_announcement(publisher, &key, self->sequence, expiry, &none, value,
                                              out, SKAD_RECORD_BYTES_MAX);
    }
    SKAD_ASSERT(len > 0);
    out[0] = self->what == GARBAGE ? 0xc1 : out[0];
    out[len - 1] ^= self->what == FORGED;
    return len;
}

static void write_records(skad_json *json, const records_case *self)
{
    static uint8_t bytes[RECORDS_MOST][SKAD_RECORD_BYTES_MAX];
    skad_message message = {.kind = SKAD_KIND_VALUE};
    size_t count = strlen(self->kept);
    skad_id key;

    SKAD_ASSERT(skad_address_parse("8.9.9.9:4000", &message.u.reply.observed));
    message.u.reply.u.value.records_count = count;
    for (size_t i = 0; i < count; i++) {
        size_t len = encode_given(self->type, &self->records[i], bytes[i]);
        message.u.reply.u.value.records[i] = (skad_span){bytes[i], len};
    }
    key_of(self->type, FINE, &key);
    write_head(json, self->description, "VALUE", &key);
    skad_json_uint(json, "type", self->type);
    write_body(json, &message);
    skad_json_text(json, "records", self->kept);
    skad_json_object_end(json);
}

void skad_vectors_requester(skad_json *json)
{
    for (size_t i = 0; i < sizeof CONTACTS / sizeof CONTACTS[0]; i++) {
        write_contacts(json, &CONTACTS[i]);
    }
    for (size_t i = 0; i < sizeof RECORDS / sizeof RECORDS[0]; i++) {
        write_records(json, &RECORDS[i]);
    }
}
