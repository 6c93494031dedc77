/* What tests of the wire share: identities and messages that are the same in every run, datagrams
 * with one deliberate flaw, and a receiver that takes a datagram through tag, envelope and open.
 * Everything is of the profile "test" and the epoch SKAD_WIRE_EPOCH. */
#ifndef SKAD_TESTS_WIRE_H
#define SKAD_TESTS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/open.h"
#include "proto/seal.h"

#define SKAD_WIRE_EPOCH 740
#define SKAD_WIRE_UNIX_S                                                                           \
    (740 * 1209600ULL + 86400) /* a day into it: the last epoch's count yet                        \
                                */

/* All kinds, requests first. */
#define SKAD_WIRE_KINDS 27
extern const skad_kind skad_wire_kinds[SKAD_WIRE_KINDS];
const char *skad_wire_kind_name(skad_kind kind);

/* The identity number `label`: fits both puzzles, its nonces are of the epochs around ours. */
void skad_wire_identity(uint8_t label, skad_identity *out);

/* One that fails the static puzzle; its nonces solve the dynamic one. */
void skad_wire_identity_unfit(uint8_t label, skad_identity *out);

/* `len` bytes counting up from `first`. */
void skad_wire_fill(uint8_t *out, size_t len, uint8_t first);

/* A plain message of a kind. Its records lie in static memory. */
void skad_wire_message(skad_kind kind, skad_message *out);

/* A FORWARD that stores a record. */
void skad_wire_forward_store(skad_message *out);

/* Signs records as an identity in the network of a profile; of the profile `test`. */
skad_publisher test_publisher(const skad_profile *profile, const skad_identity *identity);
skad_publisher skad_wire_publisher(const skad_identity *identity);

/* The key of the profile's network tags. */
void skad_wire_network_key(uint8_t out[static SKAD_HASH_BYTES]);

/* Every field of a datagram, to be set to what a correct sender would never put there. What it
 * makes is signed and tagged, so that nothing but the flaw can be the reason to drop it. */
typedef struct skad_wire_craft {
    const skad_identity *sender;
    skad_id recipient;
    const uint8_t *request_digest; /* NULL: a request */
    size_t elements;
    uint64_t version;
    uint64_t kind;
    skad_span rpc_id;
    skad_span public_key;
    skad_span id; /* empty: none */
    uint64_t epoch;
    skad_span nonce;
    skad_span token;
    skad_span body;
    size_t pad_bytes;
    uint8_t pad_last; /* the last byte of the padding */
    uint64_t index;
    skad_span path;
    size_t signature_bytes;
    const uint8_t *network_key; /* that the digest is made with; NULL: ours */
    skad_span after;            /* appended to the envelope */
} skad_wire_craft;

/* A correct datagram with this body. The spans borrow from `sender` and `body`. */
void skad_wire_craft_init(skad_wire_craft *self, const skad_identity *sender,
                          const skad_id *recipient, skad_kind kind, skad_span body);

/* Returns the length. */
size_t skad_wire_craft_write(const skad_wire_craft *self, uint8_t *out, size_t cap);

/* Puts the tag for a recipient in front of an envelope that was tampered with. */
void skad_wire_retag(uint8_t *datagram, size_t len, const skad_id *recipient);

/* Takes a datagram through every check that needs no state, and the proof of its sender's identity.
 * `self` is the receiver's ID. */
skad_verdict skad_wire_receive(const uint8_t *datagram, size_t len, const skad_id *self,
                               uint64_t unix_s, const skad_open_awaited *awaited,
                               skad_opened *opened);

#endif
