#include "src/daemon/net/lane.h"

#include "crypto/assert.h"

void skad_lane_init(skad_lane *lane, size_t slots)
{
    SKAD_ASSERT(slots > 0 && (slots & (slots - 1)) == 0);
    lane->slots = slots;
    lane->taken = 0;
    atomic_init(&lane->pushed, 0);
    atomic_init(&lane->worked, 0);
}

/* What its own thread wrote needs no order. */
static size_t own(const atomic_size_t *position)
{
    return atomic_load_explicit(position, memory_order_relaxed);
}

static size_t others(const atomic_size_t *position)
{
    return atomic_load_explicit(position, memory_order_acquire);
}

static void advance(atomic_size_t *position)
{
    atomic_store_explicit(position, own(position) + 1, memory_order_release);
}

size_t skad_lane_fill(const skad_lane *lane)
{
    return own(&lane->pushed) - lane->taken;
}

bool skad_lane_free_slot(const skad_lane *lane, size_t *slot)
{
    *slot = own(&lane->pushed) & (lane->slots - 1);
    return skad_lane_fill(lane) < lane->slots;
}

void skad_lane_push(skad_lane *lane)
{
    SKAD_ASSERT(skad_lane_fill(lane) < lane->slots);
    advance(&lane->pushed);
}

bool skad_lane_done_slot(const skad_lane *lane, size_t *slot)
{
    *slot = lane->taken & (lane->slots - 1);
    return lane->taken != others(&lane->worked);
}

void skad_lane_take(skad_lane *lane)
{
    SKAD_ASSERT(lane->taken != own(&lane->worked));
    lane->taken++;
}

bool skad_lane_waiting_slot(const skad_lane *lane, size_t *slot)
{
    *slot = own(&lane->worked) & (lane->slots - 1);
    return own(&lane->worked) != others(&lane->pushed);
}

void skad_lane_finish(skad_lane *lane)
{
    advance(&lane->worked);
}
