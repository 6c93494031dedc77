/* The points through which a node joins: numeric addresses, and names that have to be looked up.
 * Addresses that the node cannot use are skipped, and each is named in the log once.
 *
 * Names are asked for side by side, each in a thread, all addresses of each family; each is used as
 * soon as it is known. As long as the node has not joined this is repeated with back-off, since the
 * network or the name server may come up after us. Each lookup reads the system's settings anew. */
#ifndef SKAD_HOST_NET_RESOLVE_H
#define SKAD_HOST_NET_RESOLVE_H

#include <stdbool.h>
#include <stddef.h>

#include "skad/status.h"
#include "skad/types.h"
#include "src/host/loop/loop.h"
#include "src/host/system/failure.h"
#include "src/host/system/report.h"

#define SKAD_JOIN_POINTS_MAX 32  /* that an operator may name; a node uses as many addresses */
#define SKAD_HOST_BYTES_MAX  255 /* RFC 1035, section 2.3.4 */

/* One --join: exactly one of the two is set. */
typedef struct skad_join_point {
    skad_address address;               /* family NONE where it is a name */
    uint32_t interface;                 /* of a link-local address; otherwise 0 */
    char host[SKAD_HOST_BYTES_MAX + 1]; /* empty where it is an address */
    uint16_t port;                      /* of the name */
} skad_join_point;

/* "192.0.2.1:4700", "[2001:db8::1]:4700", "[fe80::1%eth0]:4700" or "node.example.org:4700". */
SKAD_MUST_CHECK bool skad_join_point_parse(const char *text, skad_join_point *out,
                                           skad_failure *failure);

/* All link-local addresses of a node are at one interface: adds that of the points to *interface, 0
 * for none. False if there are two. */
SKAD_MUST_CHECK bool skad_join_points_interface(const skad_join_point *points, size_t count,
                                                uint32_t *interface, skad_failure *failure);

typedef struct skad_resolver skad_resolver;

typedef struct skad_resolver_config {
    skad_loop *loop;
    const skad_join_point *places; /* borrowed for the call */
    size_t places_count;
    unsigned families;  /* the node can send on */
    bool allow_private; /* of the profile */
    skad_log_to log;
    /* Called on the loop with all usable addresses known: at each start, and whenever they change.
     */
    void (*found)(void *user, const skad_address *addresses, size_t count);
    void *user;
} skad_resolver_config;

SKAD_MUST_CHECK skad_status skad_resolver_new(const skad_resolver_config *config,
                                              skad_resolver **out);
void skad_resolver_free(skad_resolver *resolver); /* NULL is allowed */

/* Starts looking up, with the shortest back-off. What is known is handed over at once, numeric
 * addresses at least. */
void skad_resolver_start(skad_resolver *resolver);
/* The node has joined: no more lookups until the next start. */
void skad_resolver_stop(skad_resolver *resolver);

typedef struct skad_resolver_state {
    size_t places;     /* as given */
    size_t awaited;    /* names that nothing is known of since the start, */
    const char *waits; /* the first of them; NULL: there is none. Borrowed from the resolver */
    size_t unresolved; /* names that do not resolve */
    size_t usable;     /* addresses */
    size_t skipped;    /* addresses that cannot be used */
} skad_resolver_state;

void skad_resolver_state_get(const skad_resolver *resolver, skad_resolver_state *out);

/* The first address that was handed over; NULL: none was. Borrowed until the next call. */
const skad_address *skad_resolver_first(const skad_resolver *resolver);

/* A point, or one of its addresses, that cannot be used now. */
typedef struct skad_join_flaw {
    char place[SKAD_HOST_BYTES_MAX + 8]; /* "NAME:PORT" or an address */
    const char *why;                     /* static */
} skad_join_flaw;

/* Lists them, `most` at most; returns how many. */
size_t skad_resolver_flaws(const skad_resolver *resolver, skad_join_flaw *out, size_t most);

#endif
