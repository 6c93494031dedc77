/* Events: what a node reports to its driver, which polls them with skad_node_poll_event
 * (skad/node.h). Pointers in an event are borrowed from the node until the next call that takes the
 * node. */
#ifndef SKAD_EVENT_H
#define SKAD_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/record.h"
#include "skad/types.h"

/* Names an operation until its event was polled, a watch until it is cancelled; 0 is never used. */
typedef uint64_t skad_op;

typedef enum skad_event_kind {
    SKAD_EVENT_JOINED,   /* peers answered and the self-lookup is done */
    SKAD_EVENT_ISOLATED, /* the last living peer is gone; the node tries to rejoin by itself */
    SKAD_EVENT_STEP,     /* something happened to a node in a traced lookup */
    SKAD_EVENT_PING,     /* a skad_node_ping ended */
    SKAD_EVENT_LOOKUP,   /* a skad_node_lookup ended */
    SKAD_EVENT_PUT,      /* a skad_node_put, _store, _publish or _announce ended */
    SKAD_EVENT_GET,      /* a skad_node_get ended */
    SKAD_EVENT_CHANGED,  /* a watched record has appeared or changed */
    SKAD_EVENT_ADOPTED,  /* the network has a newer edition of what we publish, which we keep now */
    SKAD_EVENT_TWIN,     /* another node runs with our identity */
    SKAD_EVENT_PUZZLE_NEEDED, /* solve skad_event.epoch, then call skad_node_add_nonce */
    SKAD_EVENT_REACHABILITY   /* whether strangers reach us was found out, or has changed */
} skad_event_kind;

typedef enum skad_outcome {
    SKAD_OUTCOME_DONE = 0,
    /* get: all close nodes answered, and none has it; put: no holder took it, or more of them
     * refused it for what they hold (older, conflict, cas) than took it */
    SKAD_OUTCOME_NOT_FOUND,
    /* no answer came in time; get: nothing was found, but of the close nodes not all answered, and
     * one that was silent may have it */
    SKAD_OUTCOME_TIMED_OUT,
} skad_outcome;

/* ---- Lookups ---- */

/* The state of one node in a lookup. */
typedef enum skad_step_state {
    SKAD_STEP_HEARD = 0, /* named, never asked */
    SKAD_STEP_ASKED,     /* asked, no answer yet */
    SKAD_STEP_SLOW,      /* no answer within its usual time; overtaken, still awaited */
    SKAD_STEP_ANSWERED,
    SKAD_STEP_FAILED, /* never answered, or its answer was refused */
} skad_step_state;

#define SKAD_STEP_PATH_CLOSING 0xff /* asked in the closing round over all paths */
#define SKAD_STEP_PATH_REGION  0xfe /* asked once more, about a region: in traces only */

typedef struct skad_step {
    skad_id id;
    skad_address address; /* where it was asked */
    uint8_t state;        /* a skad_step_state */
    uint8_t path;         /* 0..d-1, or SKAD_STEP_PATH_CLOSING; meaningless while HEARD */
    uint8_t hop;          /* answers between us and its first mention: 0 for our own contacts */
    bool closest;         /* one of the closest nodes that the lookup returns */
    bool gave_value;
    bool introduced; /* it is guarded; a node that named it was asked to have it call us */
    uint32_t rtt_us; /* while ANSWERED */
} skad_step;

#define SKAD_STEPS_MAX 256

typedef struct skad_lookup_report {
    skad_id target;
    uint32_t duration_us;
    uint16_t rpcs;        /* requests sent */
    uint8_t paths;        /* number of paths */
    uint8_t paths_agreed; /* paths that by themselves knew the closest node found */
    bool dense; /* the closest stand denser than chance allows: maybe an attack on this key */
    uint64_t network_size;       /* estimated from our own neighbourhood; 0 while unknown */
    uint8_t closest_count;       /* living nodes found, at most the profile's s */
    const skad_contact *closest; /* ascending distance */
    uint16_t steps_count;
    const skad_step *steps; /* all nodes that were asked, in that order */
} skad_lookup_report;

/* ---- Puts ---- */

#define SKAD_REFUSALS 15 /* PROTOCOL.md's error codes 1..14; 0 stands for any other */

/* The answers of the nodes that should hold a record. */
typedef struct skad_put_report {
    skad_id key;
    uint8_t holders;      /* nodes asked, ourselves included if we are close; more than s where the
                             closest stand dense */
    uint8_t wanted;       /* nodes that should hold it: the profile's s, or as many as the network
                             has, as far as we know; s while we have not joined; 0: too early */
    uint8_t stored;       /* holders that acknowledged */
    uint8_t refused;      /* holders that answered with an error */
    uint8_t unresponsive; /* holders that did not answer */
    uint8_t refusals[SKAD_REFUSALS]; /* the refused, by error code */
    uint64_t sequence_seen; /* the highest that a refusal names as held there, unverified; or 0 */
    uint32_t life_s;        /* at least half of the stored mean to keep it so long */
    uint8_t strata;         /* sixteenths of the key's region in which at least one stored it */
    uint8_t groups;         /* address groups (IPv4 /24, IPv6 /56) of those that stored it */
    bool alone;             /* no node but ourselves has it */
    bool dense;             /* as in skad_lookup_report; it is stored in all of the region, too */
    bool clustered; /* dense, and stored in fewer than four strata: the put failed, since those that
                       stored it look like nodes made for the key */
    bool kept;      /* we re-announce it from now on (skad_store_request) */
} skad_put_report;

/* ---- Gets ---- */

/* The answers of the nodes that were asked for a record. For mutable records and announcements only
 * the s closest count, which should have it. An immutable value ends the search, so all of its few
 * answers count. */
typedef struct skad_tally {
    uint8_t agreed;  /* gave what is returned; announcement: at least one */
    uint8_t empty;   /* had nothing */
    uint8_t stale;   /* gave a lower sequence */
    uint8_t invalid; /* gave something that is not a record of this key, not signed, or expired */
    uint8_t unresponsive; /* did not answer */
} skad_tally;

/* A node that announced itself under a key. */
typedef struct skad_provider {
    uint8_t publisher[SKAD_PUBLIC_KEY_BYTES];
    uint64_t sequence;
    uint64_t expiry_unix_s;
    skad_address endpoint; /* family NONE: none given */
    const uint8_t *metadata;
    size_t metadata_len; /* 0..SKAD_METADATA_BYTES_MAX */
} skad_provider;

#define SKAD_PROVIDERS_MAX 64 /* in one result; of more, a random choice */

typedef struct skad_get_report {
    skad_record_type type; /* the type that was asked for */
    skad_id key;
    uint16_t rpcs;  /* requests sent */
    bool dense;     /* as in skad_lookup_report; not looked at where an immutable value was found */
    skad_id holder; /* the first that gave what is returned; our own ID if we had it */
    skad_tally tally;
    /* Where DONE, immutable and mutable: */
    const uint8_t *value;
    size_t len;
    /* Where DONE, mutable: */
    const uint8_t *publisher; /* 32 bytes */
    uint64_t sequence;
    uint64_t expiry_unix_s;
    bool conflict; /* its publisher also signed another value under the same sequence */
    /* Where DONE, announcements: at least one, different publishers. */
    const skad_provider *providers;
    size_t providers_count;
    uint32_t providers_total; /* that there are, by what the holders say */
} skad_get_report;

/* ---- Events ---- */

typedef struct skad_event {
    skad_event_kind kind;
    skad_op op; /* STEP, PING, LOOKUP, PUT, GET; CHANGED: the watch */
    skad_outcome outcome;
    union {
        uint32_t epoch;    /* PUZZLE_NEEDED */
        skad_address twin; /* TWIN: where it is */
        skad_step step;    /* STEP: as it is now; asked, slow, answered or failed */
        struct {
            skad_id id;
            skad_address address;
            skad_address observed; /* our address as the responder sees it */
            uint32_t rtt_us;
        } ping; /* where DONE */
        struct {
            skad_lookup_report report;
        } lookup;
        skad_put_report put;
        skad_get_report get; /* GET, CHANGED */
        struct {
            skad_id key;
            skad_record_type type;
            uint64_t sequence_before;
            uint64_t sequence;
        } adopted;
        struct {
            uint8_t family;  /* a skad_family */
            uint8_t verdict; /* a skad_reach; UNKNOWN: its address changed, or none can help */
            uint8_t role;    /* what it is from now on, or soon: SKAD_ROLE_SERVER or _CLIENT */
        } reachability;
    } u;
    uint64_t reserved[8]; /* 0 in this version */
} skad_event;

#endif
