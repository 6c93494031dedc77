#include "src/core/routing/rtt.h"

#define SAMPLE_US_MAX (60 * SKAD_US_PER_S)

static void widen(skad_rtt *rtt)
{
    const uint32_t least = SKAD_RTT_SPREAD_US / 4;
    uint32_t deviation = rtt->deviation_us < least ? least : rtt->deviation_us;
    rtt->deviation_us = deviation < SKAD_RTO_MAX_US ? deviation + deviation / 4 : deviation;
}

void skad_rtt_sample(skad_rtt *rtt, uint64_t sample_us)
{
    if (sample_us == SKAD_RTT_UNSURE) {
        if (rtt->smoothed_us != 0) {
            widen(rtt);
        }
        return;
    }
    if (sample_us > SAMPLE_US_MAX) {
        sample_us = SAMPLE_US_MAX;
    }
    uint32_t sample = sample_us == 0 ? 1 : (uint32_t)sample_us;
    if (rtt->smoothed_us == 0) {
        rtt->smoothed_us = sample; /* (2.2) */
        rtt->deviation_us = sample / 2;
        return;
    }
    /* (2.3) with alpha = 1/8 and beta = 1/4; 60 s * 7 stays far below 2^32. */
    uint32_t apart =
        sample > rtt->smoothed_us ? sample - rtt->smoothed_us : rtt->smoothed_us - sample;
    rtt->deviation_us = (3 * rtt->deviation_us + apart) / 4;
    rtt->smoothed_us = (7 * rtt->smoothed_us + sample) / 8;
    if (rtt->smoothed_us == 0) {
        rtt->smoothed_us = 1;
    }
}

/* Returns how long an answer takes at most, as a rule. */
static uint64_t usual_us(const skad_rtt *rtt)
{
    uint64_t spread = 4ULL * rtt->deviation_us;
    uint64_t usual = rtt->smoothed_us + (spread < SKAD_RTT_SPREAD_US ? SKAD_RTT_SPREAD_US : spread);
    return usual > SKAD_RTO_MAX_US ? SKAD_RTO_MAX_US : usual;
}

uint64_t skad_rtt_timeout_us(const skad_rtt *rtt)
{
    if (rtt->smoothed_us == 0) {
        return SKAD_RTO_INITIAL_US;
    }
    uint64_t timeout = usual_us(rtt);
    return timeout < SKAD_RTO_MIN_US ? SKAD_RTO_MIN_US : timeout;
}

uint64_t skad_rtt_hard_us(uint64_t soft_us)
{
    uint64_t hard_us = SKAD_RTO_OVERDUE_FACTOR * soft_us;
    return hard_us < SKAD_RTO_HARD_MIN_US ? SKAD_RTO_HARD_MIN_US : hard_us;
}

uint64_t skad_rtt_resend_us(const skad_rtt *rtt)
{
    if (rtt->smoothed_us == 0) {
        return SKAD_RESEND_INITIAL_US;
    }
    return usual_us(rtt);
}
