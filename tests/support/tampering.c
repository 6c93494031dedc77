#include "tests/support/tampering.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "src/core/node/invariants.h"
#include "src/core/node/parts.h"

#define PIECES 64

typedef struct snapshot {
    struct {
        void *at;
        size_t len;
        uint8_t *bytes;
    } pieces[PIECES];
    size_t count;
} snapshot;

static void save(snapshot *sound, void *at, size_t len)
{
    if (at == NULL || len == 0) {
        return;
    }
    assert_in_range(sound->count, 0, PIECES - 1);
    uint8_t *bytes = malloc(len);
    assert_non_null(bytes);
    memcpy(bytes, at, len);
    sound->pieces[sound->count].at = at;
    sound->pieces[sound->count].len = len;
    sound->pieces[sound->count].bytes = bytes;
    sound->count++;
}

static void save_table(snapshot *sound, const skad_table *table)
{
    save(sound, table->peers.peers, table->peers.capacity * sizeof(skad_peer));
    save(sound, table->peers.prefixes, table->peers.capacity * sizeof(uint32_t));
    save(sound, table->buckets, table->buckets_capacity * sizeof(skad_bucket));
    save(sound, table->runs, 2 * table->k * table->buckets_capacity * sizeof(skad_peer_slot));
}

static void save_pending(snapshot *sound, const skad_pending *pending)
{
    save(sound, pending->rpcs, pending->capacity * sizeof(skad_pending_rpc));
    save(sound, pending->due_us, pending->capacity * sizeof(uint64_t));
    save(sound, pending->free_slots, pending->capacity * sizeof(uint16_t));
}

static void save_operation(snapshot *sound, skad_operation *operation)
{
    save(sound, operation, sizeof *operation);
    save(sound, operation->holders, SKAD_HOLDERS_MAX * sizeof(skad_holder));
    save(sound, operation->forwarding, sizeof *operation->forwarding);
    if (operation->lookup != NULL) {
        skad_candidates *candidates = &operation->lookup->candidates;
        save(sound, operation->lookup, sizeof *operation->lookup);
        save(sound, candidates->all, candidates->capacity * sizeof(skad_candidate));
    }
}

static void save_all(snapshot *sound, skad_node *node)
{
    const skad_node_parts parts = skad_node_parts_of(node);
    save(sound, node, parts.bytes);
    save_table(sound, parts.table);
    save(sound, parts.relays->all, SKAD_RELAYS_MAX * sizeof(skad_relay));
    save(sound, parts.balances->accounts, SKAD_BALANCES_MAX * sizeof(skad_account));
    save_pending(sound, parts.pending);
    save(sound, parts.outbox->ring, parts.outbox->limit * sizeof(skad_outgoing));
    save(sound, parts.reports->ended, parts.operations->count * sizeof(skad_op));
    save(sound, parts.store_retries->all, SKAD_STORE_RETRIES_MAX * sizeof(skad_store_retry));
    for (size_t i = 0; i < parts.operations->count; i++) {
        if (parts.operations->slots[i].operation != NULL) {
            save_operation(sound, parts.operations->slots[i].operation);
        }
    }
    for (size_t i = 0; parts.watches->slots != NULL && i < parts.watches->count; i++) {
        save(sound, parts.watches->slots[i], sizeof(skad_watched));
    }
}

static void restore(const snapshot *sound)
{
    for (size_t i = 0; i < sound->count; i++) {
        memcpy(sound->pieces[i].at, sound->pieces[i].bytes, sound->pieces[i].len);
    }
}

static void discard(snapshot *sound)
{
    for (size_t i = 0; i < sound->count; i++) {
        free(sound->pieces[i].bytes);
    }
}

static void check(const test_tampering *made, const char *broken)
{
    if (broken == NULL ? made->broken != NULL
                       : made->broken == NULL || strcmp(broken, made->broken) != 0) {
        fail_msg("%s: %s", made->label, broken != NULL ? broken : "sound");
    }
}

void test_tamper(skad_node *node, const test_tampering *cases, size_t count, skad_time now)
{
    snapshot sound = {0};
    save_all(&sound, node);
    for (size_t i = 0; i < count; i++) {
        assert_null(skad_node_broken(node, now));
        cases[i].tamper(node);
        check(&cases[i], skad_node_broken(node, now));
        restore(&sound);
    }
    discard(&sound);
}
