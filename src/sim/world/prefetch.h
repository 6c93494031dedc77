/* Large worlds do not fit a cache, and nearly every event is about another node: without
 * prefetching the processor would wait for memory most of the time. But the queue knows the next
 * events: its buckets get smaller as their events come nearer, and each time a bucket is handed
 * down, the memory that its events need next is fetched. A wrong guess costs time but changes no
 * result. */
#ifndef SKAD_SIM_WORLD_PREFETCH_H
#define SKAD_SIM_WORLD_PREFETCH_H

#include <stddef.h>

#include "src/sim/world/queue.h"

/* A skad_sim_soon; the user is the world. */
void skad_prefetch(const void *user, const skad_sim_event *events, size_t count, unsigned stage);

#endif
