#include "src/core/outbox.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/assert.h"

skad_status skad_outbox_init(skad_outbox *outbox, size_t slots)
{
    *outbox = (skad_outbox){.slots = slots};
    outbox->ring = calloc(slots, sizeof *outbox->ring);
    return outbox->ring == NULL ? SKAD_ERR_MEMORY : SKAD_OK;
}

void skad_outbox_free(skad_outbox *outbox)
{
    free(outbox->ring);
    *outbox = (skad_outbox){0};
}

static skad_outgoing *at(const skad_outbox *outbox, size_t index)
{
    return &outbox->ring[(outbox->first + index) % outbox->slots];
}

skad_outgoing *skad_outbox_reserve(skad_outbox *outbox)
{
    return outbox->count == outbox->slots ? NULL : at(outbox, outbox->count);
}

void skad_outbox_commit(skad_outbox *outbox)
{
    SKAD_ASSERT(outbox->count < outbox->slots);
    outbox->count++;
}

static void seal_head(skad_outbox *outbox, const skad_sealer *sealer)
{
    const skad_draft *waiting[SKAD_MERKLE_LEAVES_MAX];
    skad_draft *drafts[SKAD_MERKLE_LEAVES_MAX];
    size_t count = 0;
    while (count < outbox->count && count < SKAD_MERKLE_LEAVES_MAX) {
        drafts[count] = &at(outbox, count)->draft;
        waiting[count] = drafts[count];
        count++;
    }
    skad_seal(sealer, drafts, skad_seal_batch_size(waiting, count));
}

bool skad_outbox_poll(skad_outbox *outbox, const skad_sealer *sealer, skad_datagram *out,
                      uint64_t *signatures)
{
    if (outbox->count == 0) {
        return false;
    }
    skad_outgoing *head = at(outbox, 0);
    if (!head->draft.sealed) {
        seal_head(outbox, sealer);
        (*signatures)++;
    }
    out->to = head->to;
    out->len = head->draft.len;
    memcpy(out->bytes, head->draft.bytes, head->draft.len);
    outbox->count--;
    /* An empty ring starts over, so that light traffic stays within a few places of the cache. */
    outbox->first = outbox->count == 0 ? 0 : (outbox->first + 1) % outbox->slots;
    return true;
}
