#include "src/daemon/control/pending_calls.h"

#include "crypto/assert.h"

void skad_pending_calls_add(skad_pending_calls *calls, const skad_pending_call *call)
{
    SKAD_ASSERT(calls->count < SKAD_PENDING_CALLS_MAX);
    calls->entries[calls->count++] = *call;
}

size_t skad_pending_calls_find(const skad_pending_calls *calls, skad_op op)
{
    size_t at = 0;
    while (at < calls->count && calls->entries[at].op != op) {
        at++;
    }
    return at;
}

size_t skad_pending_calls_find_msgid(const skad_pending_calls *calls,
                                     const struct skad_control_client *client, uint32_t msgid)
{
    size_t at = 0;
    while (at < calls->count &&
           (calls->entries[at].client != client || calls->entries[at].msgid != msgid)) {
        at++;
    }
    return at;
}

size_t skad_pending_calls_find_client(const skad_pending_calls *calls,
                                      const struct skad_control_client *client)
{
    size_t at = 0;
    while (at < calls->count && calls->entries[at].client != client) {
        at++;
    }
    return at;
}

skad_pending_call skad_pending_calls_take(skad_pending_calls *calls, size_t at)
{
    SKAD_ASSERT(at < calls->count);
    skad_pending_call taken = calls->entries[at];
    calls->entries[at] = calls->entries[--calls->count];
    return taken;
}
