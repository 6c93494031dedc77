/* The vectors of statements: those that answer a FORWARD, and those that do not, because of their
 * form, of their signature, or of what they say. What breaks the form is signed correctly, so that
 * nothing but the flaw can be the reason. Identity 4 is the signer. */
#include <string.h>

#include "crypto/assert.h"
#include "crypto/keys.h"
#include "proto/address.h"
#include "proto/statement.h"
#include "skad/record.h"
#include "src/core/routing/distance.h"
#include "tests/support/vectors.h"
#include "tests/support/vectors_spell.h"
#include "tests/support/wire.h"

#define SIGNER       4
#define STRANGER     5
#define HALF_A_DAY_S 43200

_Static_assert(SKAD_WIRE_UNIX_S == 895190400ULL, "the time that FORMS and FORGERIES state");

/* What is asked for: always the same target, and the same record to store. */
static skad_forward question(skad_forward_aim aim)
{
    static uint8_t record[SKAD_RECORD_BYTES_MAX];
    static const uint8_t value[] = "to be stored";
    skad_forward forward = {.aim = aim};

    skad_wire_fill(forward.target.bytes, SKAD_ID_BYTES, 0x90);
    if (aim == SKAD_FORWARD_STORE) {
        const size_t len =
            skad_record_encode_immutable(value, sizeof value - 1, record, sizeof record);
        forward.record = (skad_span){record, len};
        skad_value_key(value, sizeof value - 1, &forward.target);
    }
    return forward;
}

/* ---- What a statement says ---- */

/* How the list differs from a correct one. */
typedef enum list_flaw {
    LIST_FINE,
    LIST_REVERSED,
    LIST_TWICE,      /* the first contact is there twice */
    LIST_UNFIT,      /* the last ID does not solve the static puzzle */
    LIST_UNREACHABLE /* an endpoint that no node can have */
} list_flaw;

typedef struct stated_case {
    const char *description;
    skad_forward_aim asked; /* by the FORWARD, whose subject is signed */
    skad_forward_aim aim;   /* stated */
    int64_t later_s;        /* than the receiver's clock */
    uint8_t holders;
    size_t contacts_count;
    list_flaw flaw;
} stated_case;

static const stated_case GOOD[] = {
    {"nodes, none known", SKAD_FORWARD_NODES, SKAD_FORWARD_NODES, 0, 0, 0, LIST_FINE},
    {"nodes, three known", SKAD_FORWARD_NODES, SKAD_FORWARD_NODES, 0, 0, 3, LIST_FINE},
    {"nodes, as many as there may be", SKAD_FORWARD_NODES, SKAD_FORWARD_NODES, 0, 0, 16, LIST_FINE},
    {"no such value", SKAD_FORWARD_IMMUTABLE, SKAD_FORWARD_IMMUTABLE, 0, 0, 0, LIST_FINE},
    {"no such mutable record", SKAD_FORWARD_MUTABLE, SKAD_FORWARD_MUTABLE, 0, 0, 0, LIST_FINE},
    {"stored by 1 node", SKAD_FORWARD_STORE, SKAD_FORWARD_STORE, 0, 1, 0, LIST_FINE},
    {"stored by 127 nodes", SKAD_FORWARD_STORE, SKAD_FORWARD_STORE, 0, 127, 0, LIST_FINE},
    {"nodes, of twelve hours before", SKAD_FORWARD_NODES, SKAD_FORWARD_NODES, -HALF_A_DAY_S, 0, 1,
     LIST_FINE},
    {"nodes, of twelve hours after", SKAD_FORWARD_NODES, SKAD_FORWARD_NODES, HALF_A_DAY_S, 0, 1,
     LIST_FINE},
};

static const stated_case UNPROVEN[] = {
    {"nodes, of a second too long before", SKAD_FORWARD_NODES, SKAD_FORWARD_NODES,
     -HALF_A_DAY_S - 1, 0, 1, LIST_FINE},
    {"nodes, of a second too long after", SKAD_FORWARD_NODES, SKAD_FORWARD_NODES, HALF_A_DAY_S + 1,
     0, 1, LIST_FINE},
    {"no such value, where nodes were asked for", SKAD_FORWARD_NODES, SKAD_FORWARD_IMMUTABLE, 0, 0,
     0, LIST_FINE},
    {"no nodes, where a value was asked for", SKAD_FORWARD_IMMUTABLE, SKAD_FORWARD_NODES, 0, 0, 0,
     LIST_FINE},
    {"no such value, where a mutable record was asked for", SKAD_FORWARD_MUTABLE,
     SKAD_FORWARD_IMMUTABLE, 0, 0, 0, LIST_FINE},
    {"stored by no node", SKAD_FORWARD_STORE, SKAD_FORWARD_STORE, 0, 0, 0, LIST_FINE},
    {"nodes, the farthest first", SKAD_FORWARD_NODES, SKAD_FORWARD_NODES, 0, 0, 3, LIST_REVERSED},
    {"nodes, one of them twice", SKAD_FORWARD_NODES, SKAD_FORWARD_NODES, 0, 0, 3, LIST_TWICE},
    {"nodes, one whose ID does not solve the static puzzle", SKAD_FORWARD_NODES, SKAD_FORWARD_NODES,
     0, 0, 3, LIST_UNFIT},
    {"nodes, one at a multicast address", SKAD_FORWARD_NODES, SKAD_FORWARD_NODES, 0, 0, 3,
     LIST_UNREACHABLE},
};

static void sort(const skad_id *target, skad_contact *contacts, size_t count, bool reversed)
{
    for (size_t i = 0; i < count; i++) {
        for (size_t j = i + 1; j < count; j++) {
            const int order = skad_distance_compare(target, &contacts[j].id, &contacts[i].id);
            if (reversed ? order > 0 : order < 0) {
                const skad_contact swapped = contacts[i];
                contacts[i] = contacts[j];
                contacts[j] = swapped;
            }
        }
    }
}

static void make_contacts(const stated_case *self, const skad_id *target, skad_contact *out)
{
    for (size_t i = 0; i < self->contacts_count; i++) {
        const bool unfit = self->flaw == LIST_UNFIT && i + 1 == self->contacts_count;
        skad_identity identity;
        (unfit ? skad_wire_identity_unfit : skad_wire_identity)((uint8_t)(10 + i), &identity);
        out[i] = (skad_contact){.id = identity.id};
        SKAD_ASSERT(skad_address_parse(self->flaw == LIST_UNREACHABLE && i == 0 ? "224.1.1.1:4000"
                                                                                : "8.1.1.1:4000",
                                       &out[i].ipv4));
        out[i].ipv4.ip[3] = (uint8_t)i;
    }
    if (self->flaw == LIST_TWICE) {
        out[1] = out[0];
    }
    sort(target, out, self->contacts_count, self->flaw == LIST_REVERSED);
}

static void write_question(skad_json *json, const skad_forward *forward)
{
    uint8_t subject[SKAD_HASH_BYTES];
    skad_statement_subject(forward, subject);
    skad_json_uint(json, "aim", forward->aim);
    skad_json_hex(json, "target", forward->target.bytes, SKAD_ID_BYTES);
    skad_json_hex(json, "record", forward->record.data, forward->record.len);
    skad_json_hex(json, "subject", subject, sizeof subject);
}

static skad_statement stated_of(const stated_case *self, const skad_forward *forward)
{
    skad_statement stated = {
        .aim = self->aim,
        .unix_s = (uint64_t)((int64_t)SKAD_WIRE_UNIX_S + self->later_s),
        .holders = self->holders,
        .contacts_count = self->contacts_count,
    };
    make_contacts(self, &forward->target, stated.contacts);
    return stated;
}

static void write_stated(skad_json *json, const stated_case *self, const char *flaw)
{
    const skad_forward forward = question(self->asked);
    const skad_statement stated = stated_of(self, &forward);
    const skad_network_id network = skad_wire_publisher(NULL).network;
    uint8_t subject[SKAD_HASH_BYTES];
    uint8_t digest[SKAD_HASH_BYTES];
    uint8_t bytes[SKAD_STATEMENT_BYTES_MAX];
    skad_identity signer;
    skad_statement opened;

    skad_wire_identity(SIGNER, &signer);
    skad_statement_subject(&forward, subject);
    const size_t len = skad_statement_encode(skad_wire_publisher(&signer), subject, &stated, bytes);
    SKAD_ASSERT(skad_statement_open(&network, subject, (skad_span){bytes, len}, &opened));
    const size_t signed_bytes = len - SKAD_BIN8(SKAD_SIGNATURE_BYTES);
    const skad_span parts[] = {
        {network.bytes, sizeof network.bytes}, {subject, sizeof subject}, {bytes, signed_bytes}};
    skad_hash(SKAD_HASH_STATEMENT, NULL, parts, 3, digest, sizeof digest);
    skad_json_object(json, NULL);
    skad_json_text(json, "description", self->description);
    if (flaw != NULL) {
        skad_json_text(json, "flaw", flaw);
    }
    write_question(json, &forward);
    skad_json_hex(json, "seed", signer.secret_key, 32);
    skad_json_hex(json, "public_key", signer.public_key, SKAD_PUBLIC_KEY_BYTES);
    skad_json_uint(json, "stated_unix_s", stated.unix_s);
    skad_json_uint(json, "holders", stated.holders);
    skad_json_uint(json, "contacts", opened.contacts_count);
    skad_json_hex(json, "digest", digest, sizeof digest);
    skad_json_hex(json, "statement", bytes, len);
    skad_json_object_end(json);
}

void skad_vectors_statements(skad_json *json)
{
    for (size_t i = 0; i < sizeof GOOD / sizeof GOOD[0]; i++) {
        write_stated(json, &GOOD[i], NULL);
    }
}

/* ---- Form and signature ---- */

/* `words` (vectors_spell.h) are the statement up to before its signature. */
typedef struct spelled_case {
    const char *description;
    skad_forward_aim asked;
    const char *words;
    size_t signature_bytes;
} spelled_case;

#define FOUR_CONTACTS "[2 #32 #6 [2 #32 #6 [2 #32 #6 [2 #32 #6 "

static const spelled_case FORMS[] = {
    {"five elements", SKAD_FORWARD_NODES, "[5 p 0 895190400 0", 64},
    {"seven elements", SKAD_FORWARD_NODES, "[7 p 0 895190400 0 [0 0", 64},
    {"public key of 31 bytes", SKAD_FORWARD_NODES, "[6 #31 0 895190400 0 [0", 64},
    {"aim 3", SKAD_FORWARD_NODES, "[6 p 3 895190400 0 [0", 64},
    {"aim 5", SKAD_FORWARD_NODES, "[6 p 5 895190400 0 [0", 64},
    {"aim nil", SKAD_FORWARD_NODES, "[6 p - 895190400 0 [0", 64},
    {"aim in two bytes", SKAD_FORWARD_NODES, "[6 p xcc00 895190400 0 [0", 64},
    {"time as signed integer", SKAD_FORWARD_NODES, "[6 p 0 xd2355b8580 0 [0", 64},
    {"holders of nodes", SKAD_FORWARD_NODES, "[6 p 0 895190400 1 [0", 64},
    {"holders of a value", SKAD_FORWARD_IMMUTABLE, "[6 p 1 895190400 1 [0", 64},
    {"128 holders", SKAD_FORWARD_STORE, "[6 p 4 895190400 128 [0", 64},
    {"contacts for a value", SKAD_FORWARD_IMMUTABLE, "[6 p 1 895190400 0 [1 [2 #32 #6", 64},
    {"contacts of what is stored", SKAD_FORWARD_STORE, "[6 p 4 895190400 1 [1 [2 #32 #6", 64},
    {"contacts nil", SKAD_FORWARD_NODES, "[6 p 0 895190400 0 -", 64},
    {"a contact without endpoint", SKAD_FORWARD_NODES, "[6 p 0 895190400 0 [1 [1 #32", 64},
    {"17 contacts", SKAD_FORWARD_NODES,
     "[6 p 0 895190400 0 [17 " FOUR_CONTACTS FOUR_CONTACTS FOUR_CONTACTS FOUR_CONTACTS "[2 #32 #6",
     64},
    {"signature of 63 bytes", SKAD_FORWARD_NODES, "[6 p 0 895190400 0 [0", 63},
    {"signature of 65 bytes", SKAD_FORWARD_NODES, "[6 p 0 895190400 0 [0", 65},
};

typedef enum forgery { NOT_FORGED, BY_ANOTHER, ELSEWHERE, NOWHERE, AS_RECORD, OF_RECORDS } forgery;

/* Of good form, but not signed as what they are. `about`: the aim of the subject that is signed. */
static const struct {
    spelled_case spelled;
    skad_forward_aim about;
    forgery how;
    bool other_target;
} FORGERIES[] = {
    {{"signed by another key", SKAD_FORWARD_NODES, "[6 p 0 895190400 0 [0", 64},
     SKAD_FORWARD_NODES,
     BY_ANOTHER,
     false},
    {{"signed for another network", SKAD_FORWARD_NODES, "[6 p 0 895190400 0 [0", 64},
     SKAD_FORWARD_NODES,
     ELSEWHERE,
     false},
    {{"signed without a network", SKAD_FORWARD_NODES, "[6 p 0 895190400 0 [0", 64},
     SKAD_FORWARD_NODES,
     NOWHERE,
     false},
    {{"signed with the prefix of records", SKAD_FORWARD_NODES, "[6 p 0 895190400 0 [0", 64},
     SKAD_FORWARD_NODES,
     AS_RECORD,
     false},
    {{"its digest that of records", SKAD_FORWARD_NODES, "[6 p 0 895190400 0 [0", 64},
     SKAD_FORWARD_NODES,
     OF_RECORDS,
     false},
    {{"about another target", SKAD_FORWARD_IMMUTABLE, "[6 p 1 895190400 0 [0", 64},
     SKAD_FORWARD_IMMUTABLE,
     NOT_FORGED,
     true},
    {{"about the same target with another aim", SKAD_FORWARD_IMMUTABLE, "[6 p 1 895190400 0 [0",
      64},
     SKAD_FORWARD_MUTABLE,
     NOT_FORGED,
     false},
    {{"about the key of the record, not the record", SKAD_FORWARD_STORE, "[6 p 4 895190400 1 [0",
      64},
     SKAD_FORWARD_NODES,
     NOT_FORGED,
     false},
};

static void digest_as(forgery how, const uint8_t *subject, skad_span signed_part, uint8_t *out)
{
    skad_network_id network = skad_wire_publisher(NULL).network;
    network.bytes[0] ^= how == ELSEWHERE;
    const skad_span parts[] = {{network.bytes, how == NOWHERE ? 0 : sizeof network.bytes},
                               {subject, SKAD_HASH_BYTES},
                               signed_part};
    skad_hash(how == OF_RECORDS ? SKAD_HASH_RECORD : SKAD_HASH_STATEMENT, NULL, parts, 3, out,
              SKAD_HASH_BYTES);
}

/* Signs about `about`, and writes it as an answer to the question of its case. */
static void write_spelled(skad_json *json, const spelled_case *self, const char *flaw, forgery how,
                          const skad_forward *about)
{
    const skad_forward forward = question(self->asked);
    uint8_t bytes[SKAD_BODY_BYTES_MAX] = {0};
    uint8_t subject[SKAD_HASH_BYTES];
    uint8_t digest[SKAD_HASH_BYTES];
    skad_identity stated;
    skad_identity signer;

    skad_wire_identity(SIGNER, &stated);
    skad_wire_identity(how == BY_ANOTHER ? STRANGER : SIGNER, &signer);
    size_t len = skad_spell(self->words, stated.public_key, bytes, sizeof bytes - 67);
    skad_statement_subject(about, subject);
    digest_as(how, subject, (skad_span){bytes, len}, digest);
    bytes[len] = 0xc4; /* bin 8 */
    bytes[len + 1] = (uint8_t)self->signature_bytes;
    skad_sign(how == AS_RECORD ? SKAD_SIGN_RECORD : SKAD_SIGN_STATEMENT, digest, signer.secret_key,
              bytes + len + 2);
    len += 2 + self->signature_bytes;
    skad_json_object(json, NULL);
    skad_json_text(json, "description", self->description);
    skad_json_text(json, "flaw", flaw);
    write_question(json, &forward);
    skad_json_hex(json, "statement", bytes, len);
    skad_json_object_end(json);
}

void skad_vectors_statements_invalid(skad_json *json)
{
    for (size_t i = 0; i < sizeof FORMS / sizeof FORMS[0]; i++) {
        const skad_forward about = question(FORMS[i].asked);
        write_spelled(json, &FORMS[i], "form", NOT_FORGED, &about);
    }
    for (size_t i = 0; i < sizeof FORGERIES / sizeof FORGERIES[0]; i++) {
        skad_forward about = question(FORGERIES[i].about);
        if (FORGERIES[i].spelled.asked == SKAD_FORWARD_STORE) { /* the same target */
            about.target = question(SKAD_FORWARD_STORE).target;
        }
        about.target.bytes[31] ^= FORGERIES[i].other_target;
        write_spelled(json, &FORGERIES[i].spelled, "signature", FORGERIES[i].how, &about);
    }
    for (size_t i = 0; i < sizeof UNPROVEN / sizeof UNPROVEN[0]; i++) {
        write_stated(json, &UNPROVEN[i], "proof");
    }
}
