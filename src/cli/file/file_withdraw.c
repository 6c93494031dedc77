/* A walk over the tree, depth first, one request at a time. It remembers only the keys of the nodes
 * on the way from the root. */
#include "src/cli/file/file_withdraw.h"

#include <string.h>

#include "proto/tree.h"
#include "skad/record.h"

typedef struct open_node {
    uint8_t keys[SKAD_TREE_FANOUT * SKAD_ID_BYTES];
    size_t keys_count;
    size_t next; /* of them */
    unsigned level;
} open_node;

typedef struct walk {
    skad_client *client;
    skad_failure *failure;
    uint64_t *withdrawn;
    open_node open[SKAD_TREE_LEVEL_MAX];
    size_t depth;
} walk;

static skad_exit withdraw(walk *self, const skad_id *key)
{
    skad_control_request request = {.method = SKAD_CONTROL_WITHDRAW, .id = *key};
    skad_answer result;
    skad_exit exit = skad_client_call(self->client, &request, &result, self->failure);
    if (exit == SKAD_EXIT_DONE) {
        *self->withdrawn += skad_answer_uint(result, "withdrawn");
    }
    return exit;
}

/* Fetches a node and goes on below it, unless it is the whole file. */
static skad_exit enter(walk *self, const skad_id *key)
{
    skad_control_request request = {.method = SKAD_CONTROL_GET, .id = *key};
    skad_answer result;
    skad_tree_node node;
    skad_id found;

    skad_exit exit = skad_client_call(self->client, &request, &result, self->failure);
    if (exit != SKAD_EXIT_DONE) {
        return exit;
    }
    skad_span value = skad_answer_bytes(result, "value");
    skad_value_key(value.data, value.len, &found);
    unsigned above = self->depth > 0 ? self->open[self->depth - 1].level : SKAD_TREE_LEVEL_MAX + 1;
    if (memcmp(&found, key, sizeof found) != 0 ||
        !skad_tree_decode(value.data, value.len, self->depth == 0, &node) || node.level >= above) {
        (void)skad_fail(self->failure, "there is a record of this key, but it is not a file");
        return SKAD_EXIT_FAILED;
    }
    if (node.level > 0) {
        open_node *below = &self->open[self->depth++];
        *below = (open_node){.keys_count = node.keys_count, .level = node.level};
        memcpy(below->keys, node.keys, node.keys_count * SKAD_ID_BYTES);
    }
    return SKAD_EXIT_DONE;
}

/* A node is entered first and then withdrawn, so that it can be found while it is needed. */
static skad_exit take(walk *self, const skad_id *key, bool piece)
{
    skad_exit exit = piece ? SKAD_EXIT_DONE : enter(self, key);
    return exit == SKAD_EXIT_DONE ? withdraw(self, key) : exit;
}

skad_exit skad_file_withdraw(skad_client *client, const skad_id *root, uint64_t *withdrawn,
                             skad_failure *failure)
{
    walk self = {.client = client, .failure = failure, .withdrawn = withdrawn};

    *withdrawn = 0;
    skad_exit exit = take(&self, root, false);
    while (exit == SKAD_EXIT_DONE && self.depth > 0) {
        open_node *node = &self.open[self.depth - 1];
        if (node->next == node->keys_count) {
            self.depth--;
            continue;
        }
        skad_id key;
        memcpy(key.bytes, node->keys + node->next * SKAD_ID_BYTES, SKAD_ID_BYTES);
        node->next++;
        exit = take(&self, &key, node->level == 1);
    }
    return exit;
}
