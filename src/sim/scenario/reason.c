#include "src/sim/scenario/reason.h"

#include <stdarg.h>
#include <stdio.h>

bool skad_sim_reason(char reason[static SKAD_SIM_REASON_BYTES], const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(reason, SKAD_SIM_REASON_BYTES, format, arguments);
    va_end(arguments);
    return false;
}
