/* Gives memory back that only the start of a process needed: what malloc keeps of files that were
 * read and puzzles that were solved, and pages of programs and libraries with code that runs once.
 * What is needed after all comes back by itself, from the system's cache of files. */
#ifndef SKAD_DAEMON_SYSTEM_SPARE_H
#define SKAD_DAEMON_SYSTEM_SPARE_H

void skad_spare_memory(void);

#endif
