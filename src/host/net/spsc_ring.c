#include "src/host/net/spsc_ring.h"

#include "crypto/assert.h"

void skad_spsc_ring_init(skad_spsc_ring *ring, size_t slots)
{
    SKAD_ASSERT(slots > 0 && (slots & (slots - 1)) == 0);
    ring->slots = slots;
    ring->taken = 0;
    ring->base = 0;
    atomic_init(&ring->pushed, 0);
    atomic_init(&ring->worked, 0);
}

/* Reads a position that the calling thread itself wrote, which needs no memory order. */
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

static size_t slot_at(const skad_spsc_ring *ring, size_t position)
{
    return (position - ring->base) & (ring->slots - 1);
}

size_t skad_spsc_ring_used(const skad_spsc_ring *ring)
{
    return own(&ring->pushed) - ring->taken;
}

bool skad_spsc_ring_free_slot(const skad_spsc_ring *ring, size_t *slot)
{
    *slot = slot_at(ring, own(&ring->pushed));
    return skad_spsc_ring_used(ring) < ring->slots;
}

void skad_spsc_ring_push(skad_spsc_ring *ring)
{
    SKAD_ASSERT(skad_spsc_ring_used(ring) < ring->slots);
    advance(&ring->pushed);
}

bool skad_spsc_ring_done_slot(const skad_spsc_ring *ring, size_t *slot)
{
    *slot = slot_at(ring, ring->taken);
    return ring->taken != others(&ring->worked);
}

void skad_spsc_ring_take(skad_spsc_ring *ring)
{
    SKAD_ASSERT(ring->taken != own(&ring->worked));
    ring->taken++;
    if (ring->taken == own(&ring->pushed)) {
        ring->base = ring->taken;
    }
}

bool skad_spsc_ring_waiting_slot(const skad_spsc_ring *ring, size_t *slot)
{
    if (own(&ring->worked) == others(&ring->pushed)) {
        return false; /* the pusher may be moving the base */
    }
    *slot = slot_at(ring, own(&ring->worked));
    return true;
}

void skad_spsc_ring_finish(skad_spsc_ring *ring)
{
    advance(&ring->worked);
}
