/* Lines of the log about a node as a whole. */
#ifndef SKAD_HOST_DRIVE_REPORTS_H
#define SKAD_HOST_DRIVE_REPORTS_H

#include "skad/event.h"
#include "src/host/system/report.h"

/* Another node has its identity (TWIN), or the network has a newer edition of what it publishes
 * (ADOPTED), or whether strangers reach us was found out (REACHABILITY); nothing of other events.
 */
void skad_report_event(skad_log_to log, const skad_event *event);

/* The wall clock was set by more than a minute between two times; nothing otherwise. */
void skad_report_clock(skad_log_to log, skad_time before, skad_time now);

#endif
