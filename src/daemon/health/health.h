/* Whether a node does its work, from samples that are taken every five seconds: a verdict, and for
 * each check its state and a sentence. Within a minute it shows that no peer answers any more.
 *
 * It is a pure machine: time is in the samples. Some of what it goes by can be forged or be chance
 * (drops for the epoch, a lack of requests), so it informs the operator; the node does not act on
 * it. */
#ifndef SKAD_DAEMON_HEALTH_HEALTH_H
#define SKAD_DAEMON_HEALTH_HEALTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/host/net/joining.h"

#define SKAD_HEALTH_SAMPLE_S   5
#define SKAD_HEALTH_WINDOW_S   600 /* what happened lately */
#define SKAD_HEALTH_SAMPLES    (SKAD_HEALTH_WINDOW_S / SKAD_HEALTH_SAMPLE_S + 1)
#define SKAD_HEALTH_TEXT_BYTES 256

/* A peer is asked for a sign of life when none was heard for so long, and then every ten seconds:
 * an idle node would otherwise not notice for minutes that it is alone. */
#define SKAD_HEALTH_PROBE_AFTER_S 15
#define SKAD_HEALTH_PROBE_EVERY_S 10
#define SKAD_HEALTH_SILENT_S      45 /* no answer for so long: isolated */
#define SKAD_HEALTH_SILENT_PROBES 3  /* and so many signs of life were asked for in vain */

typedef enum skad_health_verdict {
    SKAD_HEALTH_OK = 0,
    SKAD_HEALTH_DEGRADED,
    SKAD_HEALTH_FAILING,
} skad_health_verdict;

/* "ok", "degraded" or "failing"; stable. */
const char *skad_health_verdict_name(skad_health_verdict verdict);

/* X(NAME, "name"). The names are stable. */
#define SKAD_HEALTH_CHECKS(X)                                                                      \
    X(JOINED, "joined")     /* it is part of its network */                                        \
    X(ANSWERS, "answers")   /* peers have answered lately */                                       \
    X(REQUESTS, "requests") /* requests come in, by each family that it listens on */              \
    X(LOOKUPS, "lookups")   /* its own lookups, puts and gets succeed */                           \
    X(QUEUE, "queue")       /* what is received is taken out of the queues */                      \
    X(STORE, "store")       /* records can be written */                                           \
    X(CLOCK, "clock")       /* its clock goes with the epochs of its peers */                      \
    X(NONCE, "nonce")       /* its puzzle is solved, the next one in time */                       \
    X(ADDRESS, "address")   /* peers have told it its own address, and no other has its key */

typedef enum skad_health_check {
#define SKAD_HEALTH_CHECK_ENUM(name, text) SKAD_HEALTH_CHECK_##name,
    SKAD_HEALTH_CHECKS(SKAD_HEALTH_CHECK_ENUM)
#undef SKAD_HEALTH_CHECK_ENUM
        SKAD_HEALTH_CHECK_COUNT
} skad_health_check;

const char *skad_health_check_name(skad_health_check check);

/* Counters are since the start of the node. */
typedef struct skad_health_sample {
    uint64_t mono_us;
    uint64_t unix_s;
    bool joined;
    skad_joining_state joining;
    uint16_t peers;           /* that are known, silent ones included */
    uint64_t answered_us;     /* when a peer answered last, monotonic; 0: none did */
    unsigned probes;          /* signs of life asked for since then */
    unsigned families;        /* a set of skad_family: listened on */
    uint64_t requests[2];     /* received, by IPv4 and IPv6 */
    uint64_t ended_well;      /* lookups, puts and gets of this node */
    uint64_t ended_badly;     /* that timed out */
    unsigned queue_percent;   /* the fullest queue, now */
    uint64_t queue_drops;     /* datagrams that the kernel or a full queue dropped */
    int store_error;          /* errno of the last write; 0 */
    uint64_t store_waiting;   /* writes that do not last yet */
    uint64_t accepted;        /* datagrams */
    uint64_t of_other_epochs; /* datagrams dropped since their puzzle is of another time */
    bool nonce_now;           /* the puzzle of this epoch is solved */
    bool nonce_next;          /* that of the next one */
    uint64_t epoch_s;         /* how long an epoch is */
    bool address_known;
    bool twin; /* another node has its identity */
} skad_health_sample;

typedef struct skad_health {
    skad_health_sample samples[SKAD_HEALTH_SAMPLES]; /* a ring */
    size_t first;
    size_t count;
    uint64_t joined_us; /* since when it has been joined; 0: it is not */
    uint64_t begun_us;  /* of the first sample */
} skad_health;

/* All zero is one without samples. Samples come in the order of their time. */
void skad_health_add(skad_health *self, const skad_health_sample *sample);

/* Whether peers should be asked for a sign of life now: how many; 0: no. `probed_us`: when that was
 * done last, monotonic; 0: never. */
size_t skad_health_probes_due(const skad_health_sample *now, uint64_t probed_us);

typedef struct skad_health_finding {
    skad_health_verdict state;
    char text[SKAD_HEALTH_TEXT_BYTES]; /* a sentence without a full stop; never empty */
} skad_health_finding;

typedef struct skad_health_report {
    skad_health_verdict verdict; /* the worst of all checks */
    skad_health_finding checks[SKAD_HEALTH_CHECK_COUNT];
} skad_health_report;

/* The first of the checks that are as bad as the verdict; false if all is ok. */
bool skad_health_worst(const skad_health_report *report, skad_health_check *out);

/* Judges the latest sample against those of the window. */
void skad_health_judge(const skad_health *self, skad_health_report *out);

#endif
