/* Handles of hosts: numbers that are never used again, so that a call with the handle of a host
 * that was closed finds nothing. The table is the one thing that the hosts of a process share. */
#ifndef SKAD_HOST_API_HANDLES_H
#define SKAD_HOST_API_HANDLES_H

#include <stdbool.h>

#include "skad/host.h"

#define SKAD_HOSTS_MAX 64

/* Names a host; 0 if there are SKAD_HOSTS_MAX. */
skad_host skad_handle_new(void *host);
/* From now on the handle finds nothing. */
void skad_handle_free(skad_host handle);

/* Returns the host; NULL if the handle names none. */
void *skad_handle_find(skad_host handle);
/* The same, and keeps all handles from being freed until skad_handle_release, so that the host is
 * there meanwhile: for calls from other threads. Release it if NULL was returned, too. */
void *skad_handle_hold(skad_host handle);
void skad_handle_release(void);

#endif
