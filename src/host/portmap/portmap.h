/* One mapping at one gateway, as a pure machine: a UDP port of a NAT (IPv4), or a pinhole in a
 * firewall (IPv6). No sockets and no clocks: time, randomness and datagrams come in as arguments.
 *
 *               an answer maps
 *     ASKING ---------------------> MAPPED --+ renewal: at half of the life, at three quarters...
 *       |  ^                          |  ^---+
 *       |  |   its life is over, or the gateway forgot it
 *       |  +--------------------------+
 *       |  ^
 *       |  |   the pause is over
 *       v  |
 *     WAITING    no answer, or an error; the pause grows
 *
 * ASKING begins with PCP, and sends a request again after 3 s, 6 s, 12 s... (RFC 6887, section
 * 8.1.1). For IPv4 it goes on with NAT-PMP (RFC 6886) when the gateway says that it does not know
 * PCP, or says nothing: after 250 ms, 500 ms..., nine times. NAT-PMP has two steps: which address,
 * then the mapping.
 *
 * Of all that comes in only an answer counts that came from the gateway's own address and port, to
 * a request that is out, with our nonce (PCP) and our port. The first one counts; copies do not.
 * What the gateway says about the world is kept for showing it, and believed by no part of the
 * node. The machine sends no more than one datagram a tick. */
#ifndef SKAD_HOST_PORTMAP_PORTMAP_H
#define SKAD_HOST_PORTMAP_PORTMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/types.h"
#include "src/host/portmap/trouble.h"
#include "src/host/portmap/wire.h"

#define SKAD_PORTMAP_LIFETIME_S     3600                 /* what is asked for */
#define SKAD_PORTMAP_LIFETIME_S_MIN 30                   /* less is of no use */
#define SKAD_PORTMAP_LIFETIME_S_MAX 86400                /* more is taken as this */
#define SKAD_PORTMAP_HURRY_US       (60 * SKAD_US_PER_S) /* not hurried more often */

typedef enum skad_portmap_state {
    SKAD_PORTMAP_ASKING = 0,
    SKAD_PORTMAP_MAPPED,
    SKAD_PORTMAP_WAITING,
} skad_portmap_state;

/* What became of a datagram. */
typedef enum skad_portmap_verdict {
    SKAD_PORTMAP_TAKEN = 0,
    SKAD_PORTMAP_DROP_SOURCE,  /* not from the gateway */
    SKAD_PORTMAP_DROP_FORM,    /* no answer that either protocol has */
    SKAD_PORTMAP_DROP_NONCE,   /* not our nonce */
    SKAD_PORTMAP_DROP_MAPPING, /* of another port or protocol */
    SKAD_PORTMAP_DROP_UNASKED, /* no such request is out: a copy, or one that is too late */
    SKAD_PORTMAP_VERDICTS,
} skad_portmap_verdict;

typedef struct skad_portmap {
    skad_address gateway;  /* with its port */
    skad_address internal; /* our address, as the gateway sees it, and our port */
    uint8_t nonce[SKAD_PORTMAP_NONCE_BYTES];

    skad_portmap_state state;
    skad_portmap_kind kind;       /* the request that is sent next, or again */
    skad_portmap_trouble trouble; /* the last; FINE once mapped */
    skad_address external;        /* while MAPPED: as the gateway says */
    bool by_pcp;                  /* while MAPPED */
    uint32_t lifetime_s;          /* of the mapping, when it was given */
    uint32_t restarts;            /* of the gateway, as its epochs show */

    /* The rest is for portmap.c. */
    unsigned out;         /* a bit for each kind of request that is not answered yet */
    bool wished;          /* a mapping was asked for and may exist */
    unsigned tries;       /* by this protocol, in this round */
    unsigned renewals;    /* points of renewal that have passed in this life */
    uint64_t due_us;      /* the next tick */
    uint64_t again_us;    /* from a request to its copy; grows */
    uint64_t pause_us;    /* from a failure to the next round; grows */
    uint64_t sent_us;     /* the last request */
    uint64_t mapped_us;   /* the last answer that mapped */
    skad_address address; /* external, as a step of NAT-PMP told */
    bool any_port;        /* the port that we would like is not to be had */
    bool has_epoch;
    uint32_t epoch_s;  /* the last one, */
    uint64_t epoch_us; /* and when it came */
} skad_portmap;

/* Begins to ask, at once. The nonce is 12 random bytes. */
void skad_portmap_init(skad_portmap *self, const skad_address *gateway,
                       const skad_address *internal,
                       const uint8_t nonce[static SKAD_PORTMAP_NONCE_BYTES], uint64_t now_us);

/* When the next tick is due. */
uint64_t skad_portmap_deadline(const skad_portmap *self);
/* Does what is due. Returns the length of a request that is to be sent; 0: none is. `random` is any
 * number, another one each time; it spreads the times. */
size_t skad_portmap_tick(skad_portmap *self, uint64_t now_us, uint64_t random,
                         uint8_t out[static SKAD_PORTMAP_REQUEST_BYTES]);
/* Takes a datagram in. */
skad_portmap_verdict skad_portmap_receive(skad_portmap *self, const skad_address *from,
                                          const uint8_t *bytes, size_t len, uint64_t now_us,
                                          uint64_t random);
/* The mapping may be gone, or a trouble over: the next request is due now, or a minute after the
 * last one. */
void skad_portmap_hurry(skad_portmap *self, uint64_t now_us);
/* The end: returns the length of a request that removes the mapping; 0: there is none to remove.
 * No answer is awaited. */
size_t skad_portmap_farewell(const skad_portmap *self,
                             uint8_t out[static SKAD_PORTMAP_REQUEST_BYTES]);

/* How long the mapping lasts if it is not renewed; 0 unless MAPPED. */
uint64_t skad_portmap_left_s(const skad_portmap *self, uint64_t now_us);
/* "taken", "source" and so on; stable. */
const char *skad_portmap_verdict_name(skad_portmap_verdict verdict);

#endif
