/* Events for clients that subscribed to them: what happened to the node, not to an operation. */
#ifndef SKAD_DAEMON_CONTROL_NOTICE_RESULT_H
#define SKAD_DAEMON_CONTROL_NOTICE_RESULT_H

#include "proto/control.h"
#include "skad/node.h"
#include "src/daemon/health/health.h"

/* The kind determines which of the rest count. All is borrowed for the call. */
typedef struct skad_notice {
    skad_control_kind kind;
    uint64_t peers;                   /* JOINED */
    const skad_ban *ban;              /* BAN, UNBAN */
    const char *error;                /* STORE_FAILURE */
    uint64_t failures;                /* STORE_FAILURE, STORE_RECOVERED */
    const char *changed;              /* RELOAD: names of settings */
    const char *refused;              /* RELOAD: why the old ones stay; NULL: they do not */
    skad_address twin;                /* TWIN */
    const skad_health_report *health; /* HEALTH */
    skad_health_verdict before;       /* HEALTH */
    uint64_t count;                   /* LOST */
} skad_notice;

/* Writes the value of the notification. */
void skad_notice_result(const skad_notice *notice, skad_time now, skad_writer *writer);

#endif
