/* The list of vector files, and the vectors of hashes, puzzles, tags, batches and profiles. */
#include "tests/support/vectors.h"

#include <string.h>

#include "crypto/assert.h"
#include "crypto/hard_hash.h"
#include "crypto/hash.h"
#include "crypto/merkle.h"
#include "crypto/tag.h"
#include "proto/profile.h"
#include "tests/support/wire.h"

static void write_hash(skad_json *json, skad_hash_domain domain, const char *personal, size_t len)
{
    uint8_t input[100];
    uint8_t hash[SKAD_HASH_BYTES];

    skad_wire_fill(input, len, 0);
    skad_hash_one(domain, input, len, hash);
    skad_json_object(json, NULL);
    skad_json_text(json, "description", "BLAKE2b-256 of one domain, without key");
    skad_json_text(json, "personalisation", personal);
    skad_json_hex(json, "input", input, len);
    skad_json_hex(json, "hash", hash, sizeof hash);
    skad_json_object_end(json);
}

static void vectors_hashes(skad_json *json)
{
    static const struct {
        skad_hash_domain domain;
        const char *personal;
    } domains[] = {
#define DOMAIN_ROW(name, personal) {SKAD_HASH_##name, personal},
        SKAD_HASH_DOMAINS(DOMAIN_ROW)
#undef DOMAIN_ROW
    };
    for (size_t i = 0; i < sizeof domains / sizeof domains[0]; i++) {
        if (domains[i].domain == SKAD_HASH_FILE) {
            continue; /* of identity files, never on the wire */
        }
        write_hash(json, domains[i].domain, domains[i].personal, 0);
        write_hash(json, domains[i].domain, domains[i].personal, 100);
    }
}

static void write_puzzle(skad_json *json, const skad_identity *identity,
                         const skad_puzzle_nonce *nonce)
{
    uint8_t hash[SKAD_HASH_BYTES];
    uint8_t solution[SKAD_ID_BYTES + 8 + SKAD_NONCE_BYTES] = {0};

    skad_hash_one(SKAD_HASH_STATIC, identity->id.bytes, SKAD_ID_BYTES, hash);
    skad_json_object(json, NULL);
    skad_json_text(json, "description", "both puzzles of one identity in one epoch");
    skad_json_hex(json, "public_key", identity->public_key, SKAD_PUBLIC_KEY_BYTES);
    skad_json_uint(json, "memory_kib", identity->memory_kib);
    skad_json_hex(json, "node_id", identity->id.bytes, SKAD_ID_BYTES);
    skad_json_hex(json, "static_hash", hash, sizeof hash);
    skad_json_uint(json, "static_zero_bits", skad_leading_zero_bits(hash, sizeof hash));
    memcpy(solution, identity->id.bytes, SKAD_ID_BYTES);
    for (size_t i = 0; i < 8; i++) {
        solution[SKAD_ID_BYTES + i] = (uint8_t)((uint64_t)nonce->epoch >> (56 - 8 * i));
    }
    memcpy(solution + SKAD_ID_BYTES + 8, nonce->bytes, SKAD_NONCE_BYTES);
    skad_status status =
        skad_hard_hash(SKAD_HASH_DYNAMIC, identity->memory_kib, solution, sizeof solution, hash);
    SKAD_ASSERT(status == SKAD_OK);
    skad_json_uint(json, "epoch", nonce->epoch);
    skad_json_hex(json, "nonce", nonce->bytes, SKAD_NONCE_BYTES);
    skad_json_hex(json, "dynamic_hash", hash, sizeof hash);
    skad_json_uint(json, "dynamic_zero_bits", skad_leading_zero_bits(hash, sizeof hash));
    skad_json_object_end(json);
}

static void vectors_puzzles(skad_json *json)
{
    for (uint8_t label = 1; label <= 3; label++) {
        skad_identity identity;
        skad_wire_identity(label, &identity);
        for (size_t i = 0; i < identity.nonces_count; i++) {
            write_puzzle(json, &identity, &identity.nonces[i]);
        }
    }
}

static void write_tag(skad_json *json, const char *description, const skad_profile *profile,
                      size_t len)
{
    uint8_t hash[SKAD_HASH_BYTES];
    uint8_t key[SKAD_HASH_BYTES];
    uint8_t tag[SKAD_TAG_BYTES];
    uint8_t envelope[200];
    skad_network_id network;
    skad_id recipient;

    skad_profile_hash(profile, hash);
    skad_profile_network_key(profile, key);
    skad_wire_fill(recipient.bytes, SKAD_ID_BYTES, 0xa0);
    skad_wire_fill(envelope, len, 0);
    skad_tag_make(key, &recipient, envelope, len, tag);
    skad_json_object(json, NULL);
    skad_json_text(json, "description", description);
    skad_json_hex(json, "profile_hash", hash, sizeof hash);
    skad_json_hex(json, "psk", profile->psk, profile->has_psk ? SKAD_PSK_BYTES : 0);
    skad_json_hex(json, "network_key", key, sizeof key);
    skad_profile_network_id(profile, &network);
    skad_json_hex(json, "network_id", network.bytes, sizeof network.bytes);
    skad_json_hex(json, "recipient", recipient.bytes, SKAD_ID_BYTES);
    skad_json_hex(json, "envelope", envelope, len);
    skad_json_hex(json, "tag", tag, sizeof tag);
    skad_json_object_end(json);
}

static void vectors_tags(skad_json *json)
{
    skad_profile private_network = *skad_profile_builtin("test");

    private_network.has_psk = true;
    skad_wire_fill(private_network.psk, SKAD_PSK_BYTES, 0x55);
    write_tag(json, "profile test", skad_profile_builtin("test"), 200);
    write_tag(json, "profile public", skad_profile_builtin("public"), 1);
    write_tag(json, "profile test with a pre-shared key", &private_network, 200);
}

static void write_batch(skad_json *json, size_t count)
{
    uint8_t leaves[SKAD_MERKLE_LEAVES_MAX][SKAD_HASH_BYTES];
    uint8_t path[SKAD_MERKLE_DEPTH_MAX * SKAD_HASH_BYTES];
    skad_merkle tree;

    for (size_t i = 0; i < count; i++) {
        skad_wire_fill(leaves[i], SKAD_HASH_BYTES, (uint8_t)(16 * i + 1));
    }
    skad_merkle_build(&tree, (const uint8_t(*)[SKAD_HASH_BYTES])leaves, count);
    skad_json_object(json, NULL);
    skad_json_text(json, "description", "the root of a batch and the path of each leaf");
    skad_json_uint(json, "depth", tree.depth);
    skad_json_hex(json, "root", skad_merkle_root(&tree), SKAD_HASH_BYTES);
    skad_json_array(json, "leaves");
    for (size_t i = 0; i < count; i++) {
        skad_merkle_path(&tree, i, path);
        skad_json_object(json, NULL);
        skad_json_uint(json, "index", i);
        skad_json_hex(json, "leaf", leaves[i], SKAD_HASH_BYTES);
        skad_json_hex(json, "path", path, tree.depth * SKAD_HASH_BYTES);
        skad_json_object_end(json);
    }
    skad_json_array_end(json);
    skad_json_object_end(json);
}

static void vectors_merkle(skad_json *json)
{
    static const size_t counts[] = {1, 2, 3, 5, 9, 16};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        write_batch(json, counts[i]);
    }
}

static void vectors_profiles(skad_json *json)
{
    static const char *const names[] = {"public", "test"};

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const skad_profile *profile = skad_profile_builtin(names[i]);
        uint8_t hash[SKAD_HASH_BYTES];
        uint8_t key[SKAD_HASH_BYTES];
        skad_network_id network;

        skad_profile_hash(profile, hash);
        skad_profile_network_key(profile, key);
        skad_json_object(json, NULL);
        skad_json_text(json, "description", names[i]);
        skad_json_text(json, "name", profile->name);
        skad_json_uint(json, "c1", profile->static_bits);
        skad_json_uint(json, "c2", profile->dynamic_bits);
        skad_json_uint(json, "memory_kib", profile->memory_kib);
        skad_json_uint(json, "epoch_s", profile->epoch_s);
        skad_json_uint(json, "k", profile->k);
        skad_json_uint(json, "s", profile->siblings);
        skad_json_uint(json, "d", profile->paths);
        skad_json_uint(json, "alpha", profile->alpha);
        skad_json_uint(json, "life_s", profile->record_life_s);
        skad_json_hex(json, "profile_hash", hash, sizeof hash);
        skad_json_hex(json, "network_key", key, sizeof key);
        skad_profile_network_id(profile, &network);
        skad_json_hex(json, "network_id", network.bytes, sizeof network.bytes);
        skad_json_uint(json, "epoch_of_1790000000", skad_profile_epoch(profile, 1790000000));
        skad_json_object_end(json);
    }
}

const skad_vector_file skad_vector_files[SKAD_VECTOR_FILES] = {
    {"hashes.json", "Domain-separated hashes", vectors_hashes, NULL},
    {"signatures.json", "Signatures over digests", skad_vectors_signatures,
     skad_vectors_signatures_invalid},
    {"torsion.json", "Signatures with components of small order", skad_vectors_torsion, NULL},
    {"puzzles.json", "Node IDs and crypto puzzles", vectors_puzzles, NULL},
    {"tags.json", "Network keys and tags", vectors_tags, NULL},
    {"merkle.json", "Batches of datagrams under one signature", vectors_merkle, NULL},
    {"profiles.json", "The built-in network profiles", vectors_profiles, NULL},
    {"records.json", "Records, their keys and the digests that are signed", skad_vectors_records,
     skad_vectors_records_invalid},
    {"statements.json", "Statements, and which FORWARD they answer", skad_vectors_statements,
     skad_vectors_statements_invalid},
    {"trees.json", "Nodes of file trees", skad_vectors_trees, skad_vectors_trees_refused},
    {"holder.json", "What a holder answers, given what it holds", skad_vectors_holder, NULL},
    {"requester.json", "What a requester keeps of a reply", skad_vectors_requester, NULL},
    {"envelopes.json", "Datagrams that must be accepted", skad_vectors_envelopes, NULL},
    {"invalid.json", "Datagrams that must be dropped, and why", skad_vectors_invalid, NULL},
    {"audits.json", "A case of an audit: the draw, leaves, signed words, and evidence",
     skad_vectors_audit, NULL},
    {"order.json", "Datagrams with two flaws, and which of them is noticed", skad_vectors_order,
     NULL},
};

void skad_vectors_write(const skad_vector_file *file, FILE *out)
{
    skad_json json = {.out = out, .first = true};
    uint8_t key[SKAD_HASH_BYTES];

    skad_crypto_init();
    skad_wire_network_key(key);
    skad_json_object(&json, NULL);
    skad_json_text(&json, "about", file->about);
    skad_json_text(&json, "profile", "test");
    skad_json_hex(&json, "network_key", key, sizeof key);
    skad_json_hex(&json, "network_id", skad_wire_publisher(NULL).network.bytes, SKAD_HASH_BYTES);
    skad_json_uint(&json, "epoch", SKAD_WIRE_EPOCH);
    skad_json_uint(&json, "unix_s", SKAD_WIRE_UNIX_S);
    skad_json_array(&json, "vectors");
    file->vectors(&json);
    skad_json_array_end(&json);
    if (file->invalid != NULL) {
        skad_json_array(&json, "invalid");
        file->invalid(&json);
        skad_json_array_end(&json);
    }
    skad_json_object_end(&json);
}
