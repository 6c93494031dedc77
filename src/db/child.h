/* A process for reading what may be torn: if it crashes, nobody else does. */
#ifndef SKAD_DB_CHILD_H
#define SKAD_DB_CHILD_H

#include <sys/types.h>

/* Forks; the child does the work and ends, without a word even if it crashes. What it finds out
 * goes through shared memory or a pipe. It closes all descriptors but `fd` (-1: all): if the parent
 * is killed meanwhile, its locks and ports are free for the next one at once. Returns -1 when the
 * system refuses (errno). */
pid_t skad_db_child_start(void (*work)(void *user), void *user, int fd);

/* Waits for its end, however it comes. */
void skad_db_child_wait(pid_t child);

#endif
