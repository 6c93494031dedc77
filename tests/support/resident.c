#include "tests/support/resident.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <setjmp.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

unsigned long test_resident_kib(const char *what)
{
    unsigned long kib = 0;
    char line[128];
    FILE *file = fopen("/proc/self/status", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, what, strlen(what)) == 0) {
            kib = strtoul(line + strlen(what) + 1, NULL, 10);
        }
    }
    (void)fclose(file);
    return kib;
}
