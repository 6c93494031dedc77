#include "src/core/storage/watches.h"

#include <stdlib.h>

#include "crypto/assert.h"
#include "src/core/base/lazy.h"
#include "src/core/routing/distance.h"

#define NAME_BIT (UINT64_C(1) << 31) /* in the lower half, where operations have their slot */

void skad_watches_init(skad_watches *watches, size_t count)
{
    *watches = (skad_watches){.count = count};
}

void skad_watches_free(skad_watches *watches)
{
    for (size_t i = 0; watches->slots != NULL && i < watches->count; i++) {
        free(watches->slots[i]);
    }
    free(watches->slots);
    *watches = (skad_watches){0};
}

int skad_watches_take(skad_watches *watches)
{
    size_t at = 0;
    watches->slots = skad_lazy_use(watches->slots, watches->count + 1, sizeof(skad_watched *));
    if (watches->slots == NULL) {
        return -1;
    }
    while (at < watches->count && watches->slots[at] != NULL) {
        at++;
    }
    if (at == watches->count) {
        return -1;
    }
    watches->slots[at] = calloc(1, sizeof **watches->slots);
    if (watches->slots[at] == NULL) {
        return -1;
    }
    watches->slots[at]->generation = ++watches->generation;
    watches->taken++;
    return (int)at;
}

void skad_watches_release(skad_watches *watches, size_t index)
{
    SKAD_ASSERT(watches->slots[index] != NULL);
    free(watches->slots[index]);
    watches->slots[index] = NULL;
    watches->taken--;
}

skad_op skad_watches_name(const skad_watches *watches, size_t index)
{
    return (uint64_t)watches->slots[index]->generation << 32 | NAME_BIT | index;
}

int skad_watches_find(const skad_watches *watches, skad_op name)
{
    size_t at = (uint32_t)name & ~(uint32_t)NAME_BIT;
    if ((name & NAME_BIT) == 0 || watches->slots == NULL || at >= watches->count ||
        watches->slots[at] == NULL || watches->slots[at]->generation != name >> 32) {
        return -1;
    }
    return (int)at;
}

void skad_watches_touch(skad_watches *watches, skad_record_type type, const skad_id *key,
                        uint64_t now_us)
{
    for (size_t i = 0; watches->taken > 0 && i < watches->count; i++) {
        skad_watched *watched = watches->slots[i];
        if (watched != NULL && watched->type == type && skad_id_equal(&watched->key, key)) {
            uint64_t soonest_us = watched->began_us + SKAD_WATCH_TOUCH_US;
            bool rests = watched->began_us != 0 && soonest_us > now_us;
            uint64_t due_us = rests ? soonest_us : now_us;
            watched->due_us = due_us < watched->due_us ? due_us : watched->due_us;
        }
    }
}

static bool knows(const skad_watched *watched, uint64_t fingerprint)
{
    for (size_t i = 0; i < watched->known_count; i++) {
        if (watched->known[i] == fingerprint) {
            return true;
        }
    }
    return false;
}

bool skad_watched_news(skad_watched *watched, const uint64_t *fingerprints, size_t count)
{
    bool news = false;
    for (size_t i = 0; i < count; i++) {
        if (knows(watched, fingerprints[i])) {
            continue;
        }
        news = true;
        watched->known[watched->known_next] = fingerprints[i];
        watched->known_next = (watched->known_next + 1) % SKAD_WATCH_KNOWN_MAX;
        watched->known_count += watched->known_count < SKAD_WATCH_KNOWN_MAX;
    }
    return news;
}
