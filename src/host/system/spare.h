/* Gives memory back that only the start of a process, or a burst of work, needed: what malloc keeps
 * of what was freed, and pages of programs and libraries with code that seldom runs. What is needed
 * after all comes back by itself, from the system's cache of files. */
#ifndef SKAD_HOST_SYSTEM_SPARE_H
#define SKAD_HOST_SYSTEM_SPARE_H

#include <stddef.h>

void skad_spare_memory(void);

/* Gives the whole pages of a part of the heap back. They read as zeros from now on. */
void skad_spare_pages(void *memory, size_t bytes);

#endif
