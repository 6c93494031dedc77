/* The thread that writes the log, so that its reader never makes the loop wait: a pipe that is
 * full, a terminal that was stopped, a slow disk. Without the thread lines are written at once.
 *
 * Up to SKAD_LOG_WAITING_MAX lines wait. Beyond that they are dropped and counted; the next line
 * that is written is preceded by one that says how many. */
#ifndef SKAD_DAEMON_SYSTEM_LOG_THREAD_H
#define SKAD_DAEMON_SYSTEM_LOG_THREAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "src/host/system/report.h"

#define SKAD_LOG_WAITING_MAX 256

/* Starts the thread; false: there is none, and lines are written at once, as before. */
bool skad_log_thread_start(void);

/* Ends the thread when it has written what waits, but waits for it for a second at most: then the
 * rest is lost, and lines are dropped. */
void skad_log_thread_stop(void);

/* Hands over a line. False: there is no thread, and the caller writes it. */
bool skad_log_thread_take(const char *line, size_t len);

/* Lines that were dropped since the start. */
uint64_t skad_log_dropped(void);

#endif
