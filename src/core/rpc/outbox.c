#include "src/core/rpc/outbox.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"

skad_status skad_outbox_init(skad_outbox *outbox, size_t limit, skad_shared *shared)
{
    if (shared != NULL) {
        *outbox = (skad_outbox){.ring = shared->ring, .shared = shared, .limit = shared->limit};
        return SKAD_OK;
    }
    *outbox = (skad_outbox){.limit = limit};
    outbox->ring = calloc(limit, sizeof *outbox->ring);
    return outbox->ring == NULL ? SKAD_ERR_MEMORY : SKAD_OK;
}

void skad_outbox_free(skad_outbox *outbox)
{
    if (outbox->shared == NULL) {
        free(outbox->ring);
    } else if (outbox->shared->user == outbox) {
        outbox->shared->user = NULL;
    }
    *outbox = (skad_outbox){0};
}

skad_status skad_shared_new(uint16_t outbox, skad_shared **out)
{
    *out = NULL;
    if (outbox < SKAD_OUTBOX_MIN || outbox > SKAD_OUTBOX_MAX) {
        return SKAD_ERR_INPUT;
    }
    skad_shared *shared = calloc(1, sizeof *shared);
    skad_outgoing *ring = calloc(outbox, sizeof *ring);
    if (shared == NULL || ring == NULL) {
        free(shared);
        free(ring);
        return SKAD_ERR_MEMORY;
    }
    *shared = (skad_shared){.ring = ring, .limit = outbox};
    *out = shared;
    return SKAD_OK;
}

void skad_shared_free(skad_shared *shared)
{
    if (shared != NULL) {
        SKAD_ASSERT(shared->user == NULL);
        free(shared->ring);
        free(shared);
    }
}

static skad_outgoing *at(const skad_outbox *outbox, size_t index)
{
    return &outbox->ring[(outbox->first + index) % outbox->limit];
}

skad_outgoing *skad_outbox_reserve(skad_outbox *outbox)
{
    SKAD_ASSERT(outbox->shared == NULL || outbox->shared->user == NULL ||
                outbox->shared->user == outbox);
    return outbox->count == outbox->limit ? NULL : at(outbox, outbox->count);
}

void skad_outbox_commit(skad_outbox *outbox)
{
    SKAD_ASSERT(outbox->count < outbox->limit);
    at(outbox, outbox->count)->ready = false;
    outbox->count++;
    if (outbox->shared != NULL) {
        outbox->shared->user = outbox;
    }
}

bool skad_outbox_lend(skad_outbox *outbox, skad_outbox_batch *out)
{
    const skad_draft *waiting[SKAD_MERKLE_LEAVES_MAX];
    size_t count = 0;
    if (outbox->lent == outbox->count) {
        return false;
    }
    while (outbox->lent + count < outbox->count && count < SKAD_MERKLE_LEAVES_MAX) {
        out->drafts[count] = &at(outbox, outbox->lent + count)->draft;
        waiting[count] = out->drafts[count];
        count++;
    }
    out->count = skad_seal_batch_size(waiting, count);
    out->start = (outbox->first + outbox->lent) % outbox->limit;
    outbox->lent += out->count;
    return true;
}

void skad_outbox_return(skad_outbox *outbox, const skad_outbox_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        skad_outgoing *outgoing = &outbox->ring[(batch->start + i) % outbox->limit];
        SKAD_ASSERT(&outgoing->draft == batch->drafts[i] && outgoing->draft.sealed);
        outgoing->ready = true;
    }
}

bool skad_outbox_poll_sealed(skad_outbox *outbox, skad_datagram *out)
{
    const skad_outgoing *head = at(outbox, 0);
    if (outbox->count == 0 || !head->ready) {
        return false;
    }
    out->to = head->to;
    out->local = head->local;
    out->len = head->draft.len;
    out->request = head->draft.request;
    memcpy(out->bytes, head->draft.bytes, head->draft.len);
    outbox->count--;
    outbox->lent--;
    /* An empty ring starts over, so that light traffic stays within a few slots that are in the
     * cache. */
    outbox->first = outbox->count == 0 ? 0 : (outbox->first + 1) % outbox->limit;
    if (outbox->count == 0 && outbox->shared != NULL) {
        outbox->shared->user = NULL;
    }
    return true;
}

bool skad_outbox_poll(skad_outbox *outbox, const skad_sealer *sealer, skad_datagram *out,
                      uint64_t *signatures)
{
    skad_outbox_batch batch;
    if (outbox->lent == 0 && skad_outbox_lend(outbox, &batch)) {
        skad_seal(sealer, batch.drafts, batch.count);
        skad_outbox_return(outbox, &batch);
        (*signatures)++;
    }
    return skad_outbox_poll_sealed(outbox, out);
}
