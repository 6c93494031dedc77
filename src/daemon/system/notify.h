/* Tells the service manager how the process is, by the protocol of sd_notify(3): datagrams of
 * "KEY=VALUE" lines to the Unix socket that NOTIFY_SOCKET names. Without that variable nothing is
 * sent. There is one manager for the process, as there is one log.
 *
 * The socket is connected before the sandbox is entered, which allows none to be made later. */
#ifndef SKAD_DAEMON_SYSTEM_NOTIFY_H
#define SKAD_DAEMON_SYSTEM_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>

#define SKAD_NOTIFY_BYTES_MAX 1024 /* a longer message is cut */

/* Connects to the manager. The variables are removed, so that no child takes them for its own.
 * False if there is none or it cannot be reached; then nothing will be sent. */
bool skad_notify_open(void);
void skad_notify_close(void);

/* Sends a message; never waits. What finds no room is lost. */
__attribute__((format(printf, 1, 2))) void skad_notify(const char *format, ...);

/* Sends "STATUS=..." if the sentence is another one than the last. */
__attribute__((format(printf, 1, 2))) void skad_notify_status(const char *format, ...);

/* Asks for more time for what is being started or stopped: so many seconds from now. */
void skad_notify_extend(unsigned seconds, const char *why);

/* Within how many seconds the manager wants a sign of life, WATCHDOG=1; 0: it does not. */
double skad_notify_watchdog_s(void);

#endif
