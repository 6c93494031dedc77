/* The vectors of datagrams that must be dropped because their body is not what their kind demands.
 */
#include "proto/limits.h"
#include "tests/support/vectors_dropped.h"
#include "tests/support/vectors_spell.h"
#include "tests/support/wire.h"

#define CONTACT_WORDS  "[2 #32 #6 "
#define CONTACTS_WORDS CONTACT_WORDS CONTACT_WORDS CONTACT_WORDS CONTACT_WORDS

/* A BIN of an announcement, whose form is right. */
#define SIXTEEN_BYTES "01010101010101010101010101010101"
#define KEY_BYTES     "c420" SIXTEEN_BYTES SIXTEEN_BYTES
#define ANNOUNCEMENT_WORDS                                                                         \
    "xc48e9803" KEY_BYTES KEY_BYTES                                                                \
    "0101c400c400c440" SIXTEEN_BYTES SIXTEEN_BYTES SIXTEEN_BYTES SIXTEEN_BYTES

/* Bodies that are not what their kind demands, spelled out (vectors_spell.h). */
static const struct {
    const char *description;
    skad_kind kind;
    const char *words;
} BODIES[] = {
    {"PING, a byte after the body", SKAD_KIND_PING, "[0 xc0"},
    {"FIND_NODE, target of 31 bytes", SKAD_KIND_FIND_NODE, "[2 #31 3"},
    {"FIND_NODE, want 0", SKAD_KIND_FIND_NODE, "[2 #32 0"},
    {"FIND_NODE, want 4", SKAD_KIND_FIND_NODE, "[2 #32 4"},
    {"FIND_VALUE, type 0", SKAD_KIND_FIND_VALUE, "[3 #32 3 0"},
    {"FIND_VALUE, type 4", SKAD_KIND_FIND_VALUE, "[3 #32 3 4"},
    {"STORE, empty record", SKAD_KIND_STORE, "[3 #0 - 3600"},
    {"STORE, record of 1006 bytes", SKAD_KIND_STORE, "[3 #1006 - 3600"},
    {"STORE, cas as bin", SKAD_KIND_STORE, "[3 #9 #0 3600"},
    {"STORE without cas", SKAD_KIND_STORE, "[2 #9 3600"},
    {"STORE without life_s", SKAD_KIND_STORE, "[2 #9 -"},
    {"STORE, life_s 0", SKAD_KIND_STORE, "[3 #9 - 0"},
    {"STORE, life_s 2^32", SKAD_KIND_STORE, "[3 #9 - 4294967296"},
    {"STORE, life_s in five bytes", SKAD_KIND_STORE, "[3 #9 - xce00000e10"},
    {"STORE, life_s nil", SKAD_KIND_STORE, "[3 #9 - -"},
    {"STORE with a fourth element", SKAD_KIND_STORE, "[4 #9 - 3600 0"},
    {"ANNOUNCE with cas", SKAD_KIND_ANNOUNCE, "[2 #9 -"},
    {"PONG without observed", SKAD_KIND_PONG, "[0"},
    {"PONG, observed empty", SKAD_KIND_PONG, "[1 #0"},
    {"PONG, observed of 7 bytes", SKAD_KIND_PONG, "[1 #7"},
    {"PONG, observed with port 0", SKAD_KIND_PONG, "[1 xc406c63364070000"},
    {"PONG, observed IPv4-mapped", SKAD_KIND_PONG, "[1 xc41200000000000000000000ffffc63364070fa0"},
    {"NODES without contacts", SKAD_KIND_NODES, "[1 #6"},
    {"NODES, 17 contacts", SKAD_KIND_NODES,
     "[2 #6 [17 " CONTACTS_WORDS CONTACTS_WORDS CONTACTS_WORDS CONTACTS_WORDS "[2 #32 #6"},
    {"NODES, contact without endpoint", SKAD_KIND_NODES, "[2 #6 [1 [1 #32"},
    {"NODES, contact with an empty endpoint", SKAD_KIND_NODES, "[2 #6 [1 [2 #32 #0"},
    {"NODES, contact's IPv6 before its IPv4", SKAD_KIND_NODES, "[2 #6 [1 [3 #32 #18 #6"},
    {"NODES, contact with two IPv4 endpoints", SKAD_KIND_NODES, "[2 #6 [1 [3 #32 #6 #6"},
    {"NODES, contact's port 0", SKAD_KIND_NODES, "[2 #6 [1 [2 #32 xc406c63364070000"},
    {"NODES, contact's ID of 31 bytes", SKAD_KIND_NODES, "[2 #6 [1 [2 #31 #6"},
    {"FIND_VALUE, type 1, from a publisher", SKAD_KIND_FIND_VALUE, "[4 #32 3 1 #32"},
    {"FIND_VALUE from a publisher of 31 bytes", SKAD_KIND_FIND_VALUE, "[4 #32 3 3 #31"},
    {"VALUE of two of two records", SKAD_KIND_VALUE, "[4 #6 [2 #1 #1 2 [0"},
    {"VALUE without contacts", SKAD_KIND_VALUE, "[2 #6 [0"},
    {"VALUE, 9 records", SKAD_KIND_VALUE, "[3 #6 [9 #1 #1 #1 #1 #1 #1 #1 #1 #1 [0"},
    {"VALUE, empty record", SKAD_KIND_VALUE, "[3 #6 [1 #0 [0"},
    {"STORED, life_s 2^32", SKAD_KIND_STORED, "[2 #6 4294967296"},
    {"STORED, life_s in five bytes", SKAD_KIND_STORED, "[2 #6 xce00000e10"},
    {"COMPARE of no print", SKAD_KIND_COMPARE, "[1 #0"},
    {"COMPARE of a print of 23 bytes", SKAD_KIND_COMPARE, "[1 #23"},
    {"COMPARE of 41 prints", SKAD_KIND_COMPARE, "[1 #984"},
    {"COMPARED without a bit", SKAD_KIND_COMPARED, "[2 #6 #0"},
    {"COMPARED with 48 bits", SKAD_KIND_COMPARED, "[2 #6 #6"},
    {"MATCH of 63 digests", SKAD_KIND_MATCH, "[2 7 #504"},
    {"MATCH of 128 bits", SKAD_KIND_MATCH, "[2 128 #512"},
    {"MATCH without bits", SKAD_KIND_MATCH, "[1 #512"},
    {"MATCHED, a bin", SKAD_KIND_MATCHED, "[2 #6 #8"},
    {"FORWARD, aim 3", SKAD_KIND_FORWARD, "[5 #32 3 3 8 500"},
    {"FORWARD, aim 5", SKAD_KIND_FORWARD, "[5 #32 5 3 8 500"},
    {"FORWARD, want 0", SKAD_KIND_FORWARD, "[5 #32 0 0 8 500"},
    {"FORWARD, budget 33", SKAD_KIND_FORWARD, "[5 #32 0 3 33 500"},
    {"FORWARD, life_ms 0", SKAD_KIND_FORWARD, "[5 #32 0 3 8 0"},
    {"FORWARD, life_ms 10001", SKAD_KIND_FORWARD, "[5 #32 0 3 8 10001"},
    {"FORWARD, target of 31 bytes", SKAD_KIND_FORWARD, "[5 #31 1 3 8 500"},
    {"FORWARD, target of 33 bytes", SKAD_KIND_FORWARD, "[5 #33 2 3 8 500"},
    {"FORWARD of a record, aim 1", SKAD_KIND_FORWARD, "[5 xc4049201c400 1 3 8 500"},
    {"FORWARD of what is no record", SKAD_KIND_FORWARD, "[5 #32 4 3 8 500"},
    {"FORWARD of an empty value", SKAD_KIND_FORWARD, "[5 xc4049201c400 4 3 8 500"},
    {"FORWARD of an announcement", SKAD_KIND_FORWARD, "[5 " ANNOUNCEMENT_WORDS " 4 3 8 500"},
    {"FORWARD without life_ms", SKAD_KIND_FORWARD, "[4 #32 0 3 8"},
    {"FORWARDED with record and statement", SKAD_KIND_FORWARDED, "[3 #6 #9 #9"},
    {"FORWARDED with neither", SKAD_KIND_FORWARDED, "[3 #6 #0 #0"},
    {"FORWARDED, a record of 1006 bytes", SKAD_KIND_FORWARDED, "[3 #6 #1006 #0"},
    {"FORWARDED, a statement of 1034 bytes", SKAD_KIND_FORWARDED, "[3 #6 #0 #1034"},
    {"FORWARDED without statement", SKAD_KIND_FORWARDED, "[2 #6 #9"},
    {"FORWARDED, the record nil", SKAD_KIND_FORWARDED, "[3 #6 - #9"},
    {"ANNOUNCED with a third element", SKAD_KIND_ANNOUNCED, "[3 #6 3600 0"},
    {"ERROR, code 0", SKAD_KIND_ERROR, "[3 #6 0 0"},
    {"ERROR, code 65536", SKAD_KIND_ERROR, "[3 #6 65536 0"},
    {"ERROR, detail nil", SKAD_KIND_ERROR, "[3 #6 1 -"},
    {"ERROR, detail as signed integer", SKAD_KIND_ERROR, "[3 #6 1 xd001"},
};

void skad_vectors_bodies(skad_json *json, const skad_vector_identities *self)
{
    uint8_t datagram[SKAD_DATAGRAM_BYTES_MAX];
    uint8_t body[SKAD_BODY_BYTES_MAX];

    for (size_t i = 0; i < sizeof BODIES / sizeof BODIES[0]; i++) {
        bool is_reply = skad_kind_is_reply(BODIES[i].kind);
        size_t body_len = skad_spell(BODIES[i].words, NULL, body, sizeof body);
        skad_wire_craft craft;
        skad_wire_craft_init(&craft, &self->sender, &self->receiver.id, BODIES[i].kind,
                             (skad_span){body, body_len});
        craft.request_digest = is_reply ? self->request_digest : NULL;
        size_t len = skad_wire_craft_write(&craft, datagram, sizeof datagram);
        skad_vector_dropped_write(json,
                                  &(skad_vector_dropped){BODIES[i].description, SKAD_VERDICT_BODY,
                                                         &self->receiver.id, craft.request_digest,
                                                         is_reply ? &self->sender.id : NULL},
                                  datagram, len);
    }
}
