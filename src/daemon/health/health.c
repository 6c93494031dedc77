/* The ring of samples, and the verdict of each check. */
#include "src/daemon/health/health.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define JOIN_PATIENCE_S 60  /* joining may take as long */
#define REQUESTS_S      600 /* a joined node that hears no request for so long may be unreachable */
#define ADDRESS_S       300 /* peers tell it with their first answers */
#define ENDED_BADLY_MIN 3   /* fewer are chance */
#define QUEUE_FULL      50  /* percent */
#define QUEUE_STUCK     90
#define QUEUE_SAMPLES   3    /* in a row */
#define WAITING_MAX     2048 /* half of what refuses puts */
#define EPOCHS_MIN      8    /* datagrams of other epochs; fewer are chance */
#define NONCE_LATE      20   /* the last twentieth of an epoch */

const char *skad_health_verdict_name(skad_health_verdict verdict)
{
    switch (verdict) {
    case SKAD_HEALTH_OK:
        return "ok";
    case SKAD_HEALTH_DEGRADED:
        return "degraded";
    case SKAD_HEALTH_FAILING:
        return "failing";
    }
    return "?";
}

const char *skad_health_check_name(skad_health_check check)
{
    static const char *const names[] = {
#define NAME(name, text) text,
        SKAD_HEALTH_CHECKS(NAME)
#undef NAME
    };
    return check < SKAD_HEALTH_CHECK_COUNT ? names[check] : "?";
}

/* ---- Samples ---- */

static const skad_health_sample *at(const skad_health *self, size_t age)
{
    return &self->samples[(self->first + self->count - 1 - age) % SKAD_HEALTH_SAMPLES];
}

void skad_health_add(skad_health *self, const skad_health_sample *sample)
{
    if (self->count == 0) {
        self->begun_us = sample->mono_us;
    }
    if (self->count == SKAD_HEALTH_SAMPLES) {
        self->first = (self->first + 1) % SKAD_HEALTH_SAMPLES;
        self->count--;
    }
    self->samples[(self->first + self->count++) % SKAD_HEALTH_SAMPLES] = *sample;
    if (!sample->joined) {
        self->joined_us = 0;
    } else if (self->joined_us == 0) {
        self->joined_us = sample->mono_us;
    }
}

static uint64_t seconds(uint64_t from_us, uint64_t to_us)
{
    return to_us > from_us ? (to_us - from_us) / SKAD_US_PER_S : 0;
}

size_t skad_health_probes_due(const skad_health_sample *now, uint64_t probed_us)
{
    if (now->peers == 0 || now->answered_us == 0 ||
        seconds(now->answered_us, now->mono_us) < SKAD_HEALTH_PROBE_AFTER_S ||
        (probed_us != 0 && seconds(probed_us, now->mono_us) < SKAD_HEALTH_PROBE_EVERY_S)) {
        return 0;
    }
    return now->probes == 0 ? 1 : 3; /* one more silent peer is no news, three are */
}

/* ---- Findings ---- */

__attribute__((format(printf, 3, 4))) static void
find(skad_health_finding *out, skad_health_verdict state, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    out->state = state;
    (void)vsnprintf(out->text, sizeof out->text, format, arguments);
    va_end(arguments);
}

static void check_joined(const skad_health *self, skad_health_finding *out)
{
    const skad_health_sample *now = at(self, 0);
    const uint64_t running_s = seconds(self->begun_us, now->mono_us);
    if (now->joined) {
        find(out, SKAD_HEALTH_OK, "joined, %u peers", now->peers);
    } else if (now->joining == SKAD_JOINING_ALONE) {
        find(out, SKAD_HEALTH_DEGRADED,
             "alone: no node to join through, and no node has come so far");
    } else {
        find(out, running_s < JOIN_PATIENCE_S ? SKAD_HEALTH_DEGRADED : SKAD_HEALTH_FAILING,
             "not joined (%s) after %" PRIu64 " s: join.reason in 'skad status' says more",
             skad_joining_name(now->joining), running_s);
    }
}

static void check_answers(const skad_health *self, skad_health_finding *out)
{
    const skad_health_sample *now = at(self, 0);
    const uint64_t silent_s = seconds(now->answered_us, now->mono_us);
    if (now->answered_us == 0) {
        find(out, now->joined ? SKAD_HEALTH_FAILING : SKAD_HEALTH_DEGRADED,
             "no peer has answered so far");
    } else if (silent_s >= SKAD_HEALTH_SILENT_S && now->probes >= SKAD_HEALTH_SILENT_PROBES) {
        find(out, SKAD_HEALTH_FAILING,
             "isolated: no peer has answered for %" PRIu64 " s, %u were asked", silent_s,
             now->probes);
    } else {
        find(out, SKAD_HEALTH_OK, "a peer answered %" PRIu64 " s ago", silent_s);
    }
}

static void check_requests(const skad_health *self, skad_health_finding *out)
{
    static const struct {
        unsigned family;
        const char *name;
    } all[] = {{SKAD_FAMILY_IPV4, "IPv4"}, {SKAD_FAMILY_IPV6, "IPv6"}};
    const skad_health_sample *now = at(self, 0);
    const skad_health_sample *before = at(self, self->count - 1);
    const uint64_t window_s = seconds(before->mono_us, now->mono_us);
    const bool long_joined =
        self->joined_us != 0 && seconds(self->joined_us, now->mono_us) >= REQUESTS_S;
    const char *mute = NULL;
    uint64_t sum = 0;
    for (size_t i = 0; i < 2; i++) {
        const uint64_t came = now->requests[i] - before->requests[i];
        sum += came;
        /* A family without any request since the start may have no peers: that is no fault. */
        if ((now->families & all[i].family) != 0 && came == 0 && now->requests[i] > 0) {
            mute = all[i].name;
        }
    }
    if (long_joined && sum == 0) {
        find(out, SKAD_HEALTH_DEGRADED,
             "no request in %" PRIu64 " s: is the port open in the firewall?", window_s);
    } else if (long_joined && mute != NULL) {
        find(out, SKAD_HEALTH_DEGRADED, "no request over %s in %" PRIu64 " s, as there were before",
             mute, window_s);
    } else {
        find(out, SKAD_HEALTH_OK,
             "%" PRIu64 " over IPv4 and %" PRIu64 " over IPv6 in %" PRIu64 " s",
             now->requests[0] - before->requests[0], now->requests[1] - before->requests[1],
             window_s);
    }
}

static void check_lookups(const skad_health *self, skad_health_finding *out)
{
    const skad_health_sample *now = at(self, 0);
    const skad_health_sample *before = at(self, self->count - 1);
    const uint64_t well = now->ended_well - before->ended_well;
    const uint64_t badly = now->ended_badly - before->ended_badly;
    const uint64_t window_s = seconds(before->mono_us, now->mono_us);
    if (badly >= ENDED_BADLY_MIN && badly > well) {
        find(out, well == 0 ? SKAD_HEALTH_FAILING : SKAD_HEALTH_DEGRADED,
             "%" PRIu64 " of %" PRIu64 " lookups, puts and gets timed out in %" PRIu64 " s", badly,
             well + badly, window_s);
    } else {
        find(out, SKAD_HEALTH_OK,
             "%" PRIu64 " lookups, puts and gets ended in %" PRIu64 " s, %" PRIu64 " timed out",
             well + badly, window_s, badly);
    }
}

/* The lowest fill of the last samples: a burst that is over is no trouble. */
static unsigned lasting_fill(const skad_health *self)
{
    unsigned least = 100;
    for (size_t age = 0; age < QUEUE_SAMPLES; age++) {
        const unsigned fill = age < self->count ? at(self, age)->queue_percent : 0;
        least = fill < least ? fill : least;
    }
    return least;
}

static void check_queue(const skad_health *self, skad_health_finding *out)
{
    const skad_health_sample *now = at(self, 0);
    const skad_health_sample *before = at(self, self->count < 13 ? self->count - 1 : 12);
    const unsigned fill = lasting_fill(self);
    const uint64_t drops = now->queue_drops - before->queue_drops;
    if (fill >= QUEUE_STUCK) {
        find(out, SKAD_HEALTH_FAILING, "the queues stay %u %% full: more comes than it can take",
             fill);
    } else if (fill >= QUEUE_FULL || drops > 0) {
        find(out, SKAD_HEALTH_DEGRADED,
             "the queues are %u %% full, and %" PRIu64 " datagrams were dropped in %" PRIu64 " s",
             now->queue_percent, drops, seconds(before->mono_us, now->mono_us));
    } else {
        find(out, SKAD_HEALTH_OK, "the queues are %u %% full", now->queue_percent);
    }
}

static void check_store(const skad_health *self, skad_health_finding *out)
{
    const skad_health_sample *now = at(self, 0);
    if (now->store_error != 0) {
        find(out, SKAD_HEALTH_DEGRADED, "records cannot be written: %s",
             strerror(now->store_error));
    } else if (now->store_waiting > WAITING_MAX) {
        find(out, SKAD_HEALTH_DEGRADED, "%" PRIu64 " writes wait for the disk, which is too slow",
             now->store_waiting);
    } else {
        find(out, SKAD_HEALTH_OK, "records can be written");
    }
}

static void check_clock(const skad_health *self, skad_health_finding *out)
{
    const skad_health_sample *now = at(self, 0);
    const skad_health_sample *before = at(self, self->count - 1);
    const uint64_t others = now->of_other_epochs - before->of_other_epochs;
    const uint64_t accepted = now->accepted - before->accepted;
    if ((others >= EPOCHS_MIN && others > accepted) || now->joining == SKAD_JOINING_CLOCK) {
        find(out, SKAD_HEALTH_FAILING,
             "%" PRIu64 " datagrams are of another epoch: is the clock of this machine right?",
             others);
    } else {
        find(out, SKAD_HEALTH_OK, "the peers' epochs are ours");
    }
}

static void check_nonce(const skad_health *self, skad_health_finding *out)
{
    const skad_health_sample *now = at(self, 0);
    const uint64_t epoch_s = now->epoch_s == 0 ? 1 : now->epoch_s;
    const uint64_t left_s = epoch_s - now->unix_s % epoch_s;
    if (!now->nonce_now) {
        find(out, SKAD_HEALTH_FAILING, "the puzzle of this epoch is not solved: peers refuse us");
    } else if (!now->nonce_next && left_s < epoch_s / NONCE_LATE) {
        find(out, SKAD_HEALTH_DEGRADED,
             "the puzzle of the next epoch, in %" PRIu64 " s, is not solved yet", left_s);
    } else {
        find(out, SKAD_HEALTH_OK, "the next epoch is in %" PRIu64 " s, its puzzle is %s", left_s,
             now->nonce_next ? "solved" : "not due");
    }
}

static void check_address(const skad_health *self, skad_health_finding *out)
{
    const skad_health_sample *now = at(self, 0);
    const uint64_t joined_s = self->joined_us == 0 ? 0 : seconds(self->joined_us, now->mono_us);
    if (now->twin) {
        find(out, SKAD_HEALTH_DEGRADED,
             "another node runs with this identity: twin in 'skad status' says where");
    } else if (!now->address_known && joined_s >= ADDRESS_S) {
        find(out, SKAD_HEALTH_DEGRADED, "no peer has told our address in %" PRIu64 " s", joined_s);
    } else {
        find(out, SKAD_HEALTH_OK, now->address_known ? "known" : "not told yet");
    }
}

void skad_health_judge(const skad_health *self, skad_health_report *out)
{
    static void (*const checks[])(const skad_health *, skad_health_finding *) = {
        [SKAD_HEALTH_CHECK_JOINED] = check_joined,     [SKAD_HEALTH_CHECK_ANSWERS] = check_answers,
        [SKAD_HEALTH_CHECK_REQUESTS] = check_requests, [SKAD_HEALTH_CHECK_LOOKUPS] = check_lookups,
        [SKAD_HEALTH_CHECK_QUEUE] = check_queue,       [SKAD_HEALTH_CHECK_STORE] = check_store,
        [SKAD_HEALTH_CHECK_CLOCK] = check_clock,       [SKAD_HEALTH_CHECK_NONCE] = check_nonce,
        [SKAD_HEALTH_CHECK_ADDRESS] = check_address,
    };
    out->verdict = SKAD_HEALTH_OK;
    for (size_t i = 0; i < SKAD_HEALTH_CHECK_COUNT; i++) {
        if (self->count == 0) {
            find(&out->checks[i], SKAD_HEALTH_DEGRADED, "it has just begun");
        } else {
            checks[i](self, &out->checks[i]);
        }
        out->verdict = out->checks[i].state > out->verdict ? out->checks[i].state : out->verdict;
    }
}

bool skad_health_worst(const skad_health_report *report, skad_health_check *out)
{
    for (size_t i = 0; i < SKAD_HEALTH_CHECK_COUNT; i++) {
        if (report->checks[i].state == report->verdict) {
            *out = (skad_health_check)i;
            return report->verdict != SKAD_HEALTH_OK;
        }
    }
    return false;
}
