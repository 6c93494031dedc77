/* A small process that connects to the daemon's socket for the gateway. The gateway is in a sandbox
 * that opens no Unix sockets, because the sockets of its user's other programs would be open to a
 * page or a bug that takes it over. So this process, made before the sandbox is entered, connects
 * to this one socket whenever it is asked, and hands the descriptor over. */
#ifndef SKAD_GATEWAY_LINK_OPENER_H
#define SKAD_GATEWAY_LINK_OPENER_H

#include <stdbool.h>
#include <sys/types.h>

#include "skad/failure.h"

typedef struct skad_opener {
    int fd; /* to the process; it ends when this is closed */
    pid_t pid;
} skad_opener;

/* Call it while there is one thread, and few descriptors are open. */
bool skad_opener_start(const char *socket_path, skad_opener *out, skad_failure *failure);
void skad_opener_stop(skad_opener *opener);

/* A connected socket that does not block; or -1 with errno set. Waits two seconds at most. */
int skad_opener_connect(const skad_opener *opener);

#endif
