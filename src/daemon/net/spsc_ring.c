#include "src/daemon/net/spsc_ring.h"

#include "crypto/assert.h"

void skad_spsc_ring_init(skad_spsc_ring *ring, size_t slots)
{
    SKAD_ASSERT(slots > 0 && (slots & (slots - 1)) == 0);
    ring->slots = slots;
    ring->taken = 0;
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

size_t skad_spsc_ring_used(const skad_spsc_ring *ring)
{
    return own(&ring->pushed) - ring->taken;
}

bool skad_spsc_ring_free_slot(const skad_spsc_ring *ring, size_t *slot)
{
    *slot = own(&ring->pushed) & (ring->slots - 1);
    return skad_spsc_ring_used(ring) < ring->slots;
}

void skad_spsc_ring_push(skad_spsc_ring *ring)
{
    SKAD_ASSERT(skad_spsc_ring_used(ring) < ring->slots);
    advance(&ring->pushed);
}

bool skad_spsc_ring_done_slot(const skad_spsc_ring *ring, size_t *slot)
{
    *slot = ring->taken & (ring->slots - 1);
    return ring->taken != others(&ring->worked);
}

void skad_spsc_ring_take(skad_spsc_ring *ring)
{
    SKAD_ASSERT(ring->taken != own(&ring->worked));
    ring->taken++;
}

bool skad_spsc_ring_waiting_slot(const skad_spsc_ring *ring, size_t *slot)
{
    *slot = own(&ring->worked) & (ring->slots - 1);
    return own(&ring->worked) != others(&ring->pushed);
}

void skad_spsc_ring_finish(skad_spsc_ring *ring)
{
    advance(&ring->worked);
}
