/* The vectors of file trees that a reader must refuse, each with the rule that it breaks. */
#include <string.h>

#include "crypto/assert.h"
#include "proto/limits.h"
#include "proto/tree.h"
#include "skad/record.h"
#include "tests/support/vectors.h"
#include "tests/support/vectors_spell.h"

/* `words` (vectors_spell.h) are the node. A child's level and size are what its parent says; at
 * level 0 below a root stands a piece. */
typedef struct refused_tree {
    const char *description;
    const char *rule;
    const char *words;
    bool child;
    unsigned level;
    uint64_t size;
} refused_tree;

static const refused_tree CASES[] = {
    {"a map", "form", "x830000c400", false, 0, 0},
    {"two elements", "form", "[2 0 0", false, 0, 0},
    {"four elements", "form", "[4 0 5 #5 -", false, 0, 0},
    {"a byte after it", "form", "[3 0 5 #5 xc0", false, 0, 0},
    {"cut off", "form", "[3 0 5 xc40500010203", false, 0, 0},
    {"the level in two bytes", "form", "[3 xcc00 5 #5", false, 0, 0},
    {"the size in two bytes", "form", "[3 0 xcc05 #5", false, 0, 0},
    {"the size as signed integer", "form", "[3 0 xd005 #5", false, 0, 0},
    {"the data as str", "form", "[3 0 5 xa568656c6c6f", false, 0, 0},
    {"the data with bin 16", "form", "[3 0 5 xc500050001020304", false, 0, 0},
    {"the keys nil", "form", "[3 1 1000 -", false, 0, 0},
    {"level 8", "level", "[3 8 21870000000001 #64", false, 0, 0},
    {"level 2^64 - 1", "level", "[3 18446744073709551615 1000 #32", false, 0, 0},
    {"a root of level 1 whose file fits level 0", "level", "[3 1 992 #32", false, 0, 0},
    {"a root of level 2 whose file fits level 1", "level", "[3 2 30000 #32", false, 0, 0},
    {"a root of level 3 whose file fits level 2", "level", "[3 3 900000 #32", false, 0, 0},
    {"less data than the size", "size", "[3 0 6 #5", false, 0, 0},
    {"more data than the size", "size", "[3 0 4 #5", false, 0, 0},
    {"no data but a size", "size", "[3 0 1 #0", false, 0, 0},
    {"size 0 at level 1", "size", "[3 1 0 #0", false, 0, 0},
    {"size 0 at level 1 with a key", "size", "[3 1 0 #32", false, 0, 0},
    {"30001 bytes at level 1", "size", "[3 1 30001 #960", false, 0, 0},
    {"900001 bytes at level 2", "size", "[3 2 900001 #960", false, 0, 0},
    {"a byte more than the largest file", "size", "[3 7 21870000000001 #960", false, 0, 0},
    {"a key too few", "keys", "[3 1 2001 #64", false, 0, 0},
    {"a key too many", "keys", "[3 1 2000 #96", false, 0, 0},
    {"a byte beyond the keys", "keys", "[3 1 2000 #65", false, 0, 0},
    {"no keys", "keys", "[3 1 1000 #0", false, 0, 0},
    {"31 keys", "keys", "[3 1 30000 #992", false, 0, 0},
    {"a node of level 1 where its parent says 2", "child", "[3 1 30000 #960", true, 2, 30000},
    {"a node of level 2 where its parent says 1", "child", "[3 2 30000 #32", true, 1, 30000},
    {"a node of 29000 bytes where its parent says 30000", "child", "[3 1 29000 #928", true, 1,
     30000},
    {"a node of 30000 bytes where its parent says 7", "child", "[3 1 30000 #960", true, 1, 7},
    {"a root of level 0 below another node", "child", "[3 0 5 #5", true, 1, 5},
    {"a piece of 999 bytes where its parent says 1000", "child", "#996", true, 0, 1000},
    {"a piece of 1000 bytes where its parent says 1", "child", "#997", true, 0, 1},
};

static void write_refused(skad_json *json, const refused_tree *self)
{
    uint8_t node[SKAD_VALUE_BYTES_MAX + 8];
    skad_id key;

    size_t len = skad_spell(self->words, NULL, node, sizeof node);
    SKAD_ASSERT(len <= SKAD_VALUE_BYTES_MAX);
    skad_value_key(node, len, &key);
    skad_json_object(json, NULL);
    skad_json_text(json, "description", self->description);
    skad_json_text(json, "rule", self->rule);
    skad_json_bool(json, "child", self->child);
    if (self->child) {
        skad_json_uint(json, "expected_level", self->level);
        skad_json_uint(json, "expected_size", self->size);
    }
    skad_json_hex(json, "node", node, len);
    skad_json_hex(json, "key", key.bytes, SKAD_ID_BYTES);
    skad_json_object_end(json);
}

/* The right node under a key that is not its hash. */
static void write_other_key(skad_json *json)
{
    uint8_t node[SKAD_VALUE_BYTES_MAX];
    skad_id key;

    size_t len = skad_tree_encode_inline((const uint8_t *)"hello", 5, node, sizeof node);
    skad_value_key(node, len, &key);
    key.bytes[SKAD_ID_BYTES - 1] ^= 1;
    skad_json_object(json, NULL);
    skad_json_text(json, "description", "a node whose hash is not the key");
    skad_json_text(json, "rule", "hash");
    skad_json_bool(json, "child", false);
    skad_json_hex(json, "node", node, len);
    skad_json_hex(json, "key", key.bytes, SKAD_ID_BYTES);
    skad_json_object_end(json);
}

void skad_vectors_trees_refused(skad_json *json)
{
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        write_refused(json, &CASES[i]);
    }
    write_other_key(json);
}
