#include "src/core/upkeep/refresh.h"

#include "src/core/node/state.h"
#include "src/core/operations/start.h"
#include "src/core/routing/buckets.h"
#include "src/core/routing/density.h"
#include "src/core/routing/siblings.h"

void skad_refresh_init(skad_node *node)
{
    uint64_t due_us = node->env.now.mono_us + SKAD_REFRESH_INTERVAL_US;
    node->refresh = (skad_refresh_state){.due_us = due_us, .look_us = UINT64_MAX};
    node->refresh.visited = (uint8_t)skad_random_below(&node->env.random, SKAD_PLACES);
    node->refresh.visit_us =
        node->env.now.mono_us + skad_random_below(&node->env.random, SKAD_VISIT_US);
    node->table.buckets[0].refresh_us = due_us;
}

/* ---- Buckets ---- */

void skad_refresh_soon(skad_node *node)
{
    for (size_t i = 0; i < node->table.buckets_count; i++) {
        node->table.buckets[i].refresh_us =
            node->env.now.mono_us + skad_random_below(&node->env.random, SKAD_REFRESH_SOON_US);
    }
    node->refresh.due_us = node->env.now.mono_us;
}

/* Returns a random ID in the range of a bucket: our own ID up to the bucket's bit, that bit flipped
 * (unless it is the last bucket, which covers us), and random bits behind it. */
static skad_id random_id_in(skad_node *node, size_t bucket)
{
    skad_id id;
    skad_random_bytes(&node->env.random, id.bytes, sizeof id.bytes);
    for (size_t bit = 0; bit <= bucket; bit++) {
        uint8_t mask = (uint8_t)(0x80U >> (bit % 8));
        uint8_t own = node->env.identity.id.bytes[bit / 8] & mask;
        bool flip = bit == bucket && bucket + 1 < node->table.buckets_count;
        if (bit == bucket && !flip) {
            break;
        }
        id.bytes[bit / 8] = (uint8_t)((id.bytes[bit / 8] & ~mask) | (flip ? own ^ mask : own));
    }
    return id;
}

/* Whether a bucket gains by a refresh. A bucket that the siblings cover does not: each known peer
 * in its range is a sibling, and an unknown one has looked for us. So a node that has just joined
 * refreshes the buckets that are farther away than its closest neighbours (Kademlia, section 2.3).
 * Later a bucket that is full of living peers does not gain either: its members are checked, and
 * replacements wait for the ones that leave (BEP 5 refreshes a bucket that did not change for long,
 * and an answer of a member is a change). In the last bucket, which covers us, a refresh finds
 * siblings. */
static bool gains_by_refresh(const skad_node *node, size_t bucket)
{
    const skad_table *table = &node->table;
    if (bucket + 1 == table->buckets_count) {
        return true;
    }
    bool settled = node->env.now.mono_us - node->join.joined_us >= SKAD_REFRESH_SETTLE_US;
    size_t members = table->buckets[bucket].members_count;
    bool full = members == table->k && skad_buckets_unresponsive(table, bucket) == members;
    return !(full && settled) && !skad_siblings_cover(table, bucket);
}

/* Refreshes one bucket. Starting the lookup postpones the bucket's next refresh. */
static void refresh_bucket(skad_node *node)
{
    if (node->env.now.mono_us < node->refresh.due_us) {
        return;
    }
    uint64_t next = UINT64_MAX;
    for (size_t i = 0; i < node->table.buckets_count; i++) {
        bool due = node->join.joined && node->table.buckets[i].refresh_us <= node->env.now.mono_us;
        if (due && !gains_by_refresh(node, i)) {
            node->table.buckets[i].refresh_us = node->env.now.mono_us + SKAD_REFRESH_AGAIN_US;
        } else if (due) {
            skad_id target = random_id_in(node, i);
            if (skad_start_own(node, SKAD_OPERATION_REFRESH, &target, NULL) == 0) {
                node->refresh.due_us = node->env.now.mono_us + SKAD_US_PER_S;
                return;
            }
        }
        if (node->table.buckets[i].refresh_us < next) {
            next = node->table.buckets[i].refresh_us;
        }
    }
    uint64_t soonest = node->env.now.mono_us + SKAD_US_PER_S;
    node->refresh.due_us = next > soonest ? next : soonest;
}

/* ---- Other places ---- */

/* Begins to hurry where our own place is disputed. */
static void begin_hurry(skad_node *node)
{
    skad_refresh_state *refresh = &node->refresh;
    const uint64_t now_us = node->env.now.mono_us;
    if (now_us < refresh->dispute_us) {
        return;
    }
    bool disputed = skad_density_disputed(&node->table, node->env.profile.siblings);
    if (disputed && node->join.joined) {
        refresh->hurried = SKAD_PLACES - 1;
        refresh->visit_us = now_us;
    }
    refresh->dispute_us = now_us + (disputed ? SKAD_HURRY_AGAIN_US : SKAD_HURRY_US);
}

static void visit(skad_node *node)
{
    skad_refresh_state *refresh = &node->refresh;
    begin_hurry(node);
    if (node->env.now.mono_us < refresh->visit_us) {
        return;
    }
    skad_id target;
    uint8_t sixteenth = skad_places_after(refresh->visited, &node->env.identity.id);
    skad_random_bytes(&node->env.random, target.bytes, sizeof target.bytes);
    target.bytes[0] = (uint8_t)(sixteenth << 4 | (target.bytes[0] & 0x0f));
    if (node->join.joined && skad_start_own(node, SKAD_OPERATION_REFRESH, &target, NULL) != 0) {
        refresh->visited = sixteenth;
    }
    if (refresh->hurried > 0) {
        refresh->hurried--;
    }
    refresh->visit_us =
        node->env.now.mono_us +
        skad_env_about_us(&node->env, refresh->hurried > 0 ? SKAD_HURRY_US : SKAD_VISIT_US);
}

/* ---- Our own neighbourhood ---- */

static void plan_look(skad_node *node, uint64_t pause_us)
{
    uint64_t jitter_us = skad_random_below(&node->env.random, pause_us / 4);
    node->refresh.look_pause_us = pause_us;
    node->refresh.look_us = node->env.now.mono_us + pause_us - jitter_us;
}

void skad_refresh_look_around(skad_node *node)
{
    node->refresh.neighbours_seen = node->table.neighbours_came - 1; /* makes the first look run */
    node->refresh.looks_grow = true;
    plan_look(node, SKAD_LOOK_PAUSE_US_MIN);
}

static void look_around(skad_node *node)
{
    skad_refresh_state *refresh = &node->refresh;
    const skad_table *table = &node->table;
    if (node->env.now.mono_us < refresh->look_us) {
        return;
    }
    bool few =
        table->siblings_count < SKAD_NEIGHBOURS && table->siblings_count < table->siblings_max;
    bool news = refresh->looks_grow && refresh->neighbours_seen != table->neighbours_came;
    refresh->neighbours_seen = table->neighbours_came;
    if ((few || news) && node->join.joined) {
        (void)skad_start_own(node, SKAD_OPERATION_REFRESH, &node->env.identity.id, NULL);
    }
    refresh->looks_grow = refresh->look_pause_us < SKAD_LOOK_PAUSE_US_MAX;
    plan_look(node, refresh->looks_grow ? SKAD_LOOK_PAUSE_FACTOR * refresh->look_pause_us
                                        : SKAD_LOOK_PAUSE_US_MAX);
}

void skad_refresh_tick(skad_node *node)
{
    look_around(node);
    refresh_bucket(node);
    visit(node);
}

uint64_t skad_refresh_deadline(const skad_refresh_state *refresh)
{
    uint64_t first_us = refresh->due_us < refresh->look_us ? refresh->due_us : refresh->look_us;
    return first_us < refresh->visit_us ? first_us : refresh->visit_us;
}
