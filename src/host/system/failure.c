/* Sentences about failures. */
#include "src/host/system/failure.h"

#include <stdarg.h>
#include <stdio.h>

bool skad_fail(skad_failure *failure, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(failure->text, sizeof failure->text, format, arguments);
    va_end(arguments);
    return false;
}
