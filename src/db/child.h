/* A process that reads data that may be torn, so that a crash ends only this process. */
#ifndef SKAD_DB_CHILD_H
#define SKAD_DB_CHILD_H

#include <sys/types.h>

/* Forks. The child does the work and ends, silently even if it crashes. Its findings go through
 * shared memory or a pipe. It closes all descriptors but `fd` (-1: all), so that the locks and
 * ports of a parent that is killed meanwhile are free at once; it is killed along with it. Returns
 * -1 if the system refuses (errno). */
pid_t skad_db_child_start(void (*work)(void *user), void *user, int fd);

/* Waits until the child ends in any way. */
void skad_db_child_wait(pid_t child);

#endif
