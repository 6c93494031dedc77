#include "src/core/inbound/give.h"

#include <string.h>

#include "src/core/node/state.h"
#include "src/core/storage/key_places.h"

/* Where an answer with announcements begins. */
typedef struct announced {
    uint64_t draw;  /* for the store's list */
    uint32_t total; /* unexpired ones under the key */
} announced;

/* Begins with the publisher that was asked for, or the next one; otherwise anywhere, so that each
 * is as likely to be given as any other. */
static announced survey_key(skad_node *node, const skad_message *asked)
{
    skad_store_place places[SKAD_KEY_PLACES_MAX];
    announced out = {0};
    size_t before = 0;
    size_t count = node->store.ops->survey(node->store.self, &asked->u.find_value.key,
                                           SKAD_RECORD_ANNOUNCEMENT, places, SKAD_KEY_PLACES_MAX);
    for (size_t i = 0; i < count; i++) {
        if (places[i].expires_unix_s > node->env.now.unix_s) {
            out.total++;
            before +=
                memcmp(places[i].publisher, asked->u.find_value.from, SKAD_PUBLIC_KEY_BYTES) < 0;
        }
    }
    if (asked->u.find_value.has_from) {
        out.draw = before;
    } else {
        skad_random_bytes(&node->env.random, (uint8_t *)&out.draw, sizeof out.draw);
    }
    return out;
}

/* Copies as many of the key's records as one answer may carry, because what the store returns lives
 * only until its next call. The first that does not fit ends the answer, so that the next answer
 * can begin with it. */
static size_t copy_records(skad_node *node, const skad_message *asked, uint64_t draw,
                           uint8_t bytes[static SKAD_BODY_BYTES_MAX],
                           skad_span records[static SKAD_RECORDS_MAX])
{
    skad_store_record found[SKAD_RECORDS_MAX];
    size_t found_count = node->store.ops->list(node->store.self, &asked->u.find_value.key,
                                               (uint8_t)asked->u.find_value.type, draw,
                                               node->env.now.unix_s, found, SKAD_RECORDS_MAX);
    size_t used = 0;
    size_t count = 0;
    while (count < found_count &&
           used + SKAD_BIN16(found[count].len) <= SKAD_BIN16(SKAD_RECORD_BYTES_MAX)) {
        memcpy(bytes + used, found[count].data, found[count].len);
        records[count] = (skad_span){.data = bytes + used, .len = found[count].len};
        used += SKAD_BIN16(found[count].len);
        count++;
    }
    return count;
}

void skad_give_records(skad_node *node, const skad_message *asked,
                       uint8_t bytes[static SKAD_BODY_BYTES_MAX], skad_message *out)
{
    announced list = {0};
    if (asked->u.find_value.type == SKAD_RECORD_ANNOUNCEMENT) {
        list = survey_key(node, asked);
    }
    out->u.reply.u.value.records_count =
        copy_records(node, asked, list.draw, bytes, out->u.reply.u.value.records);
    const bool all = list.total <= out->u.reply.u.value.records_count;
    out->u.reply.u.value.total = all ? 0 : list.total;
}
