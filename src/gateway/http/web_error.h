/* What a request is refused with: a status of HTTP, and an error as the control protocol has them
 * (docs/control.md, "Errors"), with the same codes and one more, `unavailable`: the daemon cannot
 * be asked. */
#ifndef SKAD_GATEWAY_HTTP_WEB_ERROR_H
#define SKAD_GATEWAY_HTTP_WEB_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#include "src/client/answer.h"

typedef struct skad_web_error {
    unsigned status; /* of HTTP */
    char code[16];
    char message[320];
    char parameter[32]; /* the name of what is wrong; empty: none is known to be */
    char expected[160]; /* what would be right; empty: not told */
    char piece[72];     /* of a file: the record that is missing; empty: none */
} skad_web_error;

/* Fills in a refusal and returns false, for `return skad_web_refuse(...)`. Cut if too long. */
__attribute__((format(printf, 4, 5))) bool
skad_web_refuse(skad_web_error *error, unsigned status, const char *code, const char *format, ...);

/* The same for a parameter: 400, `params`, and a message that names it. Returns false. */
bool skad_web_blame(skad_web_error *error, const char *parameter, const char *expected);

/* The error of a daemon. A code that is not known becomes 502. */
void skad_web_from_daemon(skad_answer error, skad_web_error *out);

/* The error as a line of JSON. Returns its length; at most `cap` - 1 bytes are written. */
#define SKAD_WEB_ERROR_BYTES 4096
size_t skad_web_error_write(const skad_web_error *error, char out[static SKAD_WEB_ERROR_BYTES]);

#endif
