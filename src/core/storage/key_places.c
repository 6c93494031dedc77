#include "src/core/storage/key_places.h"

#include <string.h>

#include "crypto/assert.h"
#include "src/core/node/state.h"

#define SURVEY_MAX (SKAD_KEY_PLACES_MAX + SKAD_KEY_GONE_MAX)

/* Living announcements in the order of their groups, in which a wider group is a stretch, too. */
typedef struct ordered {
    uint64_t groups[SURVEY_MAX];
    uint16_t indexes[SURVEY_MAX];
    size_t count;
} ordered;

/* A stretch of them: begin..end-1. */
typedef struct stretch {
    size_t begin;
    size_t end;
} stretch;

/* Merges two runs next to each other, begin..middle-1 and middle..end-1, into another array. */
static void merge(const ordered *from, size_t begin, size_t middle, size_t end, ordered *to)
{
    size_t left = begin;
    size_t right = middle;
    for (size_t at = begin; at < end; at++) {
        bool takes_left =
            right == end || (left < middle && from->groups[left] <= from->groups[right]);
        size_t taken = takes_left ? left++ : right++;
        to->groups[at] = from->groups[taken];
        to->indexes[at] = from->indexes[taken];
    }
}

/* Sorts by merging, so that no order that an attacker may choose costs more than another. */
static void put_in_order(ordered *out, const skad_store_place *living, size_t count)
{
    ordered other;
    SKAD_ASSERT(count <= SURVEY_MAX);
    out->count = count;
    for (size_t i = 0; i < count; i++) {
        out->groups[i] = living[i].group;
        out->indexes[i] = (uint16_t)i;
    }
    for (size_t width = 1; width < count; width *= 2) {
        for (size_t begin = 0; begin < count; begin += 2 * width) {
            size_t middle = begin + width < count ? begin + width : count;
            size_t end = middle + width < count ? middle + width : count;
            merge(out, begin, middle, end, &other);
        }
        memcpy(out->groups, other.groups, count * sizeof *out->groups);
        memcpy(out->indexes, other.indexes, count * sizeof *out->indexes);
    }
}

/* Returns the group of a level around one of level 0, or the widest that its family has below. */
static uint64_t group_at(uint64_t group, unsigned level)
{
    while (level > 0 && skad_group_around(group, level) == 0) {
        level--;
    }
    return skad_group_around(group, level);
}

/* Returns the stretch of the same group of a level that begins at a place. */
static stretch run_at(const ordered *all, stretch within, size_t begin, unsigned level)
{
    uint64_t group = group_at(all->groups[begin], level);
    size_t end = begin + 1;
    while (end < within.end && group_at(all->groups[end], level) == group) {
        end++;
    }
    return (stretch){begin, end};
}

/* Returns the stretch of a newcomer's group of a level; it may be empty. */
static stretch run_of(const ordered *all, stretch within, uint64_t group, unsigned level)
{
    uint64_t wanted = group_at(group, level);
    for (size_t at = within.begin; at < within.end;) {
        stretch run = run_at(all, within, at, level);
        if (group_at(all->groups[at], level) == wanted) {
            return run;
        }
        at = run.end;
    }
    return (stretch){0, 0};
}

static size_t size_of(stretch of)
{
    return of.end - of.begin;
}

/* Returns the largest group of a level within a stretch; of equal ones, one by lot. */
static stretch largest(const ordered *all, stretch within, unsigned level, skad_random *random)
{
    stretch found = {0, 0};
    uint32_t equals = 0;
    for (size_t at = within.begin; at < within.end;) {
        stretch run = run_at(all, within, at, level);
        if (size_of(run) > size_of(found)) {
            found = run;
            equals = 1;
        } else if (size_of(run) == size_of(found) && skad_random_below(random, ++equals) == 0) {
            found = run;
        }
        at = run.end;
    }
    return found;
}

/* Finds the narrowest stretch around a newcomer that is full. *level: its level, or
 * SKAD_GROUP_LEVELS for the whole key. */
static bool find_full(const ordered *all, uint64_t group, bool limited, stretch *full,
                      unsigned *level)
{
    const stretch whole = {0, all->count};
    for (*level = 0; limited && group != 0 && *level < SKAD_GROUP_LEVELS; ++*level) {
        size_t max = (size_t)SKAD_KEY_PLACES_GROUP_MAX * skad_group_factor(group, *level);
        *full = run_of(all, whole, group, *level);
        if (max != 0 && size_of(*full) >= max) {
            return true;
        }
    }
    *level = SKAD_GROUP_LEVELS;
    *full = whole;
    return all->count >= SKAD_KEY_PLACES_MAX;
}

skad_place skad_key_place_for(uint64_t group, bool limited, const skad_store_place *living,
                              size_t count, skad_random *random, size_t *victim)
{
    ordered all;
    stretch within;
    unsigned level;
    bool gives = false; /* `within` is larger than the newcomer's group beside it */
    put_in_order(&all, living, count);
    if (!find_full(&all, group, limited, &within, &level)) {
        return SKAD_PLACE_FREE;
    }
    while (limited && level-- > 0) {
        stretch most = largest(&all, within, level, random);
        stretch own = run_of(&all, within, group, level);
        gives = gives || size_of(most) > size_of(own);
        within = gives ? most : own;
    }
    if (!gives) {
        return SKAD_PLACE_REFUSED;
    }
    *victim = all.indexes[within.begin + skad_random_below(random, (uint32_t)size_of(within))];
    return SKAD_PLACE_OF_ONE;
}

/* ---- In our store ---- */

static void leave(skad_key_leavers *leavers, const skad_store_place *place)
{
    memcpy(leavers->publishers[leavers->count++], place->publisher, SKAD_PUBLIC_KEY_BYTES);
}

bool skad_key_places_find(skad_node *node, const skad_store_name *name, uint64_t group,
                          skad_key_leavers *out)
{
    const skad_store *store = &node->store;
    skad_store_place places[SURVEY_MAX];
    size_t held = store->ops->survey(store->self, &name->key, name->type, places, SURVEY_MAX);
    size_t living = 0;
    out->count = 0;
    for (size_t i = 0; i < held; i++) {
        if (memcmp(places[i].publisher, name->publisher, sizeof name->publisher) == 0) {
            continue; /* the newcomer replaces it */
        }
        if (places[i].expires_unix_s > node->env.now.unix_s) {
            places[living++] = places[i];
        } else if (held >= SKAD_KEY_PLACES_MAX && out->count < SKAD_KEY_GONE_MAX) {
            leave(out, &places[i]);
        }
    }
    size_t victim;
    switch (skad_key_place_for(group, node->env.profile.group_table_max != 0, places, living,
                               &node->env.random, &victim)) {
    case SKAD_PLACE_FREE:
        return true;
    case SKAD_PLACE_OF_ONE:
        if (out->count < SKAD_KEY_GONE_MAX) {
            leave(out, &places[victim]);
        }
        return true;
    case SKAD_PLACE_REFUSED:
        return false;
    }
    return false;
}

bool skad_key_places_may_move(const skad_node *node, const skad_store_name *name, uint64_t from,
                              uint64_t to)
{
    const skad_store *store = &node->store;
    skad_store_place places[SURVEY_MAX];
    if (from == to || from == 0 || to == 0 || node->env.profile.group_table_max == 0) {
        return true;
    }
    size_t held = store->ops->survey(store->self, &name->key, name->type, places, SURVEY_MAX);
    for (unsigned level = 0; level < SKAD_GROUP_LEVELS; level++) {
        const uint64_t here = group_at(from, level);
        const uint64_t there = group_at(to, level);
        size_t neighbours_here = 0;
        size_t neighbours_there = 0;
        for (size_t i = 0; i < held; i++) {
            bool counts = places[i].expires_unix_s > node->env.now.unix_s &&
                          memcmp(places[i].publisher, name->publisher, sizeof name->publisher) != 0;
            neighbours_here += counts && group_at(places[i].group, level) == here;
            neighbours_there += counts && group_at(places[i].group, level) == there;
        }
        if (here != there && neighbours_there > neighbours_here) {
            return false;
        }
    }
    return true;
}

void skad_key_places_leave(skad_node *node, const skad_store_name *name,
                           const skad_key_leavers *leavers)
{
    const skad_store *store = &node->store;
    for (size_t i = 0; i < leavers->count; i++) {
        skad_store_name gone = *name;
        memcpy(gone.publisher, leavers->publishers[i], sizeof gone.publisher);
        (void)store->ops->drop(store->self, SKAD_STORE_REPLICAS, &gone);
    }
}
