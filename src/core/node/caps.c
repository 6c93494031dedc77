/* How full a node's tables and rates are. Changes nothing. */
#include "crypto/assert.h"
#include "src/core/node/state.h"

const char *skad_cap_name(skad_cap cap)
{
    static const char *const names[] = {
#define SKAD_CAP_NAME(name, text) text,
        SKAD_CAPS(SKAD_CAP_NAME)
#undef SKAD_CAP_NAME
    };

    SKAD_ASSERT((unsigned)cap < SKAD_CAP_COUNT);
    return names[cap];
}

static skad_usage usage(size_t used, size_t max)
{
    return (skad_usage){.used = used, .max = max};
}

static skad_usage usage_of_rate(const skad_rate *rate, uint64_t until_us, uint64_t now_us)
{
    const uint64_t ahead_us = until_us > now_us ? until_us - now_us : 0;
    return (skad_usage){.used = ahead_us * rate->per_s / SKAD_US_PER_S,
                        .max = rate->per_s == 0 ? 0 : rate->burst,
                        .per_s = rate->per_s};
}

void skad_node_caps(const skad_node *node, skad_time now, skad_usage out[static SKAD_CAP_COUNT])
{
    const skad_node_limits *limits = &node->limits;
    const skad_admission *admission = &node->admission;
    const uint64_t now_us = now.mono_us;
    out[SKAD_CAP_PEERS] = usage(node->table.peers.count, limits->peers);
    out[SKAD_CAP_PENDING] = usage(skad_pending_count(&node->pending), limits->pending);
    out[SKAD_CAP_OPERATIONS] = usage(node->operations.taken, limits->operations);
    out[SKAD_CAP_OUTBOX] = usage(node->outbox.count, limits->outbox);
    out[SKAD_CAP_EVENTS] = usage(node->events.count, limits->events);
    out[SKAD_CAP_UNVERIFIED] = usage(node->ping_queue.count, SKAD_PING_QUEUE_MAX);
    out[SKAD_CAP_WATCHES] = usage(node->watches.taken, limits->watches);
    out[SKAD_CAP_BANS] = usage(skad_node_bans(node, now, NULL, 0), SKAD_BANS_MAX);
    out[SKAD_CAP_ALLOWED] = usage(node->bans.allowed.count, SKAD_BANS_MAX);
    out[SKAD_CAP_IDENTITIES] =
        usage(node->identities.count, node->identities.entries == NULL ? 0 : limits->identities);
    out[SKAD_CAP_CHECKS_UNVALIDATED] =
        usage_of_rate(&admission->unvalidated_all, admission->unvalidated_until_us, now_us);
    out[SKAD_CAP_CHECKS_VALIDATED] =
        usage_of_rate(&admission->validated_all, admission->validated_until_us, now_us);
    out[SKAD_CAP_PROOFS] =
        usage_of_rate(&admission->identities_all, admission->identities_until_us, now_us);
    out[SKAD_CAP_ANSWER_BYTES] = usage_of_rate(&node->answers.rate, node->answers.until_us, now_us);
}
