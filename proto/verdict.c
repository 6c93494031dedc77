/* The names of the verdicts. */
#include "skad/verdict.h"

#include "crypto/assert.h"

const char *skad_verdict_name(skad_verdict verdict)
{
    static const char *const names[] = {
#define SKAD_VERDICT_NAME(name, text) text,
        SKAD_VERDICTS(SKAD_VERDICT_NAME)
#undef SKAD_VERDICT_NAME
    };

    SKAD_ASSERT((unsigned)verdict < SKAD_VERDICT_COUNT);
    return names[verdict];
}
