/* From which of this machine's addresses datagrams leave: to a few peers, and to the rest of the
 * world. When that changes, the machine has moved: it has another lease, another interface is in
 * use, a tunnel is up or down. What comes and goes beside it, such as the interface of a container,
 * is no reason to do anything.
 *
 * A socket is connected to ask the routes. Nothing is sent. */
#ifndef SKAD_HOST_NET_SOURCES_H
#define SKAD_HOST_NET_SOURCES_H

#include <stddef.h>

#include "skad/types.h"

#define SKAD_SOURCES_MAX 8 /* destinations of a family, the rest of the world among them */

typedef struct skad_source {
    skad_address to;
    skad_address from; /* NONE: there is no way */
} skad_source;

typedef struct skad_sources {
    skad_source all[2][SKAD_SOURCES_MAX]; /* IPv4, IPv6 */
    size_t count[2];
} skad_sources;

/* Begins with the rest of the world alone. */
void skad_sources_begin(skad_sources *sources);
/* These peers are the ones that count from now on, as many as there is room for. */
void skad_sources_note(skad_sources *sources, const skad_contact *peers, size_t count);
/* Returns the families, as skad_family bits, of which a source has changed, and takes the new ones
 * for granted. */
unsigned skad_sources_changed(skad_sources *sources);

#endif
