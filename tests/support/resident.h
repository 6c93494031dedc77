/* How much memory this process has. */
#ifndef SKAD_TESTS_RESIDENT_H
#define SKAD_TESTS_RESIDENT_H

/* KiB of a line of /proc/self/status: "VmRSS", "RssAnon" or "RssFile". */
unsigned long test_resident_kib(const char *what);

#endif
