/* The wall clock may be wrong at the start, and is then set: by hours after a boot without a
 * battery, by years at worst. All that depends on it recovers within an hour once it is right,
 * whether it was ahead or behind:
 *
 *   - What a wrong clock calls expired is not found, but stays until the clock has run for a
 * quarter of an hour without a jump (housekeeping.h), and publications for a day (republish.h).
 *   - Replicas whose life ends later than any node may grant are left as they are. Either they came
 *     while the clock was ahead, or they are right and the clock is behind: it cannot tell. When it
 *     has run for a whole life without a jump, they are dropped: they came before that, so their
 *     life is over by either clock. Until then they count as if they ended a life from now,
 * wherever lives are compared (store_admission.c, offers.c), and what is brought again is given its
 * right end.
 *   - After a jump our publications are announced anew within ten minutes. Those signed for a time
 *     that is too far ahead are signed again (republish.h).
 *
 * Steps of up to a minute, and slewing, are no jumps. */
#ifndef SKAD_UPKEEP_CLOCK_WATCH_H
#define SKAD_UPKEEP_CLOCK_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "skad/node.h"
#include "skad/store.h"

#define SKAD_CLOCK_JUMP_S   60 /* the wall clock against the monotonic one, between two ticks */
#define SKAD_CLOCK_STEP_US  (250 * SKAD_US_PER_MS)
#define SKAD_CLOCK_RECORDS  256                  /* that one step examines */
#define SKAD_CLOCK_AGAIN_US (60 * SKAD_US_PER_S) /* after a store that failed */

/* Small steps add up: by how much a clock may have been set back in a life, an hour of a day. */
#define SKAD_CLOCK_SLACK_S(profile) ((profile)->record_life_s / 24)

typedef struct skad_clock_watch {
    uint64_t since_us; /* the clock has run without a jump since then */
    int64_t ahead_s;   /* of the wall clock before the monotonic one, at the last tick */
    uint64_t step_us;  /* when replicas are examined next; UINT64_MAX: all were */
    skad_store_name from;
} skad_clock_watch;

void skad_clock_watch_init(skad_node *node);
void skad_clock_watch_tick(skad_node *node);
uint64_t skad_clock_watch_deadline(const skad_node *node);

/* Whether the clock has run for so long without a jump. */
bool skad_clock_steady(const skad_node *node, uint64_t us);

#endif
