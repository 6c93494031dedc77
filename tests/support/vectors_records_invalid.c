/* The vectors of records that must be refused. What breaks the form is signed correctly, so that
 * nothing but the flaw can be the reason. Identity 4 is the publisher. */
#include <string.h>

#include "crypto/keys.h"
#include "proto/limits.h"
#include "skad/record.h"
#include "tests/support/vectors.h"
#include "tests/support/vectors_spell.h"
#include "tests/support/wire.h"

#define PUBLISHER 4
#define STRANGER  5

/* `words` (vectors_spell.h) are the record up to before its signature. */
typedef struct flawed_record {
    const char *description;
    const char *words;
    size_t signature_bytes; /* 0: the record has none */
} flawed_record;

typedef enum signed_network { FOR_OURS, FOR_ANOTHER, FOR_NONE } signed_network;

typedef struct signing {
    skad_hash_domain domain;
    skad_sign_purpose purpose;
    uint8_t signer;
    signed_network network;
} signing;

static const signing AS_RECORD = {SKAD_HASH_RECORD, SKAD_SIGN_RECORD, PUBLISHER, FOR_OURS};
static const signing AS_ANNOUNCEMENT = {SKAD_HASH_ANNOUNCE, SKAD_SIGN_ANNOUNCE, PUBLISHER,
                                        FOR_OURS};

static const flawed_record IMMUTABLES[] = {
    {"immutable, empty value", "[2 1 #0", 0},
    {"immutable, value of 1001 bytes", "[2 1 #1001", 0},
    {"immutable, three elements", "[3 1 #5 -", 0},
    {"immutable, a byte after it", "[2 1 #5 xc0", 0},
    {"immutable, the value a str", "[2 1 xa568656c6c6f", 0},
    {"immutable, the value a bin 16", "[2 1 xc500050001020304", 0},
    {"immutable, type in two bytes", "[2 xcc01 #5", 0},
    {"immutable, cut off", "[2 1 xc4050001", 0},
    {"type 0", "[2 0 #5", 0},
    {"type 4", "[2 4 #5", 0},
};

static const flawed_record MUTABLES[] = {
    {"mutable without salt", "[6 2 p 7 1790000000 #5", 64},
    {"mutable, publisher of 31 bytes", "[7 2 #31 #0 7 1790000000 #5", 64},
    {"mutable, salt of 65 bytes", "[7 2 p #65 7 1790000000 #5", 64},
    {"mutable, salt nil", "[7 2 p - 7 1790000000 #5", 64},
    {"mutable, sequence as signed integer", "[7 2 p #0 xd007 1790000000 #5", 64},
    {"mutable, expiry in nine bytes", "[7 2 p #0 7 xcf000000006ab13b80 #5", 64},
    {"mutable, value of 801 bytes", "[7 2 p #0 7 1790000000 #801", 64},
    {"mutable, signature of 63 bytes", "[7 2 p #0 7 1790000000 #5", 63},
};

static const flawed_record ANNOUNCEMENTS[] = {
    {"announcement, key of 31 bytes", "[8 3 #31 p 3 1790000000 #0 #5", 64},
    {"announcement, endpoint nil", "[8 3 #32 p 3 1790000000 - #5", 64},
    {"announcement, endpoint of 7 bytes", "[8 3 #32 p 3 1790000000 #7 #5", 64},
    {"announcement, port 0", "[8 3 #32 p 3 1790000000 xc406c63364070000 #5", 64},
    {"announcement, endpoint IPv4-mapped",
     "[8 3 #32 p 3 1790000000 xc41200000000000000000000ffffc63364070fa0 #5", 64},
    {"announcement, metadata of 129 bytes", "[8 3 #32 p 3 1790000000 #0 #129", 64},
    {"announcement without metadata", "[7 3 #32 p 3 1790000000 #0", 64},
};

/* Of good form, but not signed by their publisher as what they are. */
static const struct {
    flawed_record record;
    signing how;
} FORGERIES[] = {
    {{"mutable, signed by somebody else", "[7 2 p #0 7 1790000000 #5", 64},
     {SKAD_HASH_RECORD, SKAD_SIGN_RECORD, STRANGER, FOR_OURS}},
    {{"mutable, signed with the prefix of announcements", "[7 2 p #0 7 1790000000 #5", 64},
     {SKAD_HASH_RECORD, SKAD_SIGN_ANNOUNCE, PUBLISHER, FOR_OURS}},
    {{"mutable, its digest that of announcements", "[7 2 p #0 7 1790000000 #5", 64},
     {SKAD_HASH_ANNOUNCE, SKAD_SIGN_RECORD, PUBLISHER, FOR_OURS}},
    {{"announcement, signed by somebody else", "[8 3 #32 p 3 1790000000 #0 #5", 64},
     {SKAD_HASH_ANNOUNCE, SKAD_SIGN_ANNOUNCE, STRANGER, FOR_OURS}},
    {{"mutable, signed for another network", "[7 2 p #0 7 1790000000 #5", 64},
     {SKAD_HASH_RECORD, SKAD_SIGN_RECORD, PUBLISHER, FOR_ANOTHER}},
    {{"mutable, signed without a network", "[7 2 p #0 7 1790000000 #5", 64},
     {SKAD_HASH_RECORD, SKAD_SIGN_RECORD, PUBLISHER, FOR_NONE}},
    {{"announcement, signed for another network", "[8 3 #32 p 3 1790000000 #0 #5", 64},
     {SKAD_HASH_ANNOUNCE, SKAD_SIGN_ANNOUNCE, PUBLISHER, FOR_ANOTHER}},
};

static size_t append_signature(const signing *how, size_t signature_bytes, uint8_t *record,
                               size_t len)
{
    uint8_t digest[SKAD_HASH_BYTES];
    skad_identity signer;

    skad_network_id network = skad_wire_publisher(NULL).network;
    network.bytes[0] ^= how->network == FOR_ANOTHER;
    const skad_span parts[] = {{network.bytes, how->network == FOR_NONE ? 0 : sizeof network.bytes},
                               {record, len}};
    skad_wire_identity(how->signer, &signer);
    skad_hash(how->domain, NULL, parts, 2, digest, sizeof digest);
    record[len] = 0xc4; /* bin 8 */
    record[len + 1] = (uint8_t)signature_bytes;
    skad_sign(how->purpose, digest, signer.secret_key, record + len + 2);
    return len + 2 + signature_bytes;
}

static void write_flawed(skad_json *json, const flawed_record *self, const char *flaw,
                         const signing *how)
{
    uint8_t record[SKAD_RECORD_BYTES_MAX + SKAD_BIN8(SKAD_SIGNATURE_BYTES) + 1];
    skad_identity publisher;

    skad_wire_identity(PUBLISHER, &publisher);
    size_t len = skad_spell(self->words, publisher.public_key, record, SKAD_RECORD_BYTES_MAX + 1);
    if (self->signature_bytes > 0) {
        len = append_signature(how, self->signature_bytes, record, len);
    }
    skad_json_object(json, NULL);
    skad_json_text(json, "description", self->description);
    skad_json_text(json, "flaw", flaw);
    skad_json_hex(json, "record", record, len);
    skad_json_object_end(json);
}

void skad_vectors_records_invalid(skad_json *json)
{
    for (size_t i = 0; i < sizeof IMMUTABLES / sizeof IMMUTABLES[0]; i++) {
        write_flawed(json, &IMMUTABLES[i], "form", NULL);
    }
    for (size_t i = 0; i < sizeof MUTABLES / sizeof MUTABLES[0]; i++) {
        write_flawed(json, &MUTABLES[i], "form", &AS_RECORD);
    }
    for (size_t i = 0; i < sizeof ANNOUNCEMENTS / sizeof ANNOUNCEMENTS[0]; i++) {
        write_flawed(json, &ANNOUNCEMENTS[i], "form", &AS_ANNOUNCEMENT);
    }
    for (size_t i = 0; i < sizeof FORGERIES / sizeof FORGERIES[0]; i++) {
        write_flawed(json, &FORGERIES[i].record, "signature", &FORGERIES[i].how);
    }
}
