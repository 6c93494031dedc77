/* Who may ask: the names under which the gateway answers (against DNS rebinding), the origins whose
 * pages may read its answers (CORS), and the token that allows to write. */
#ifndef SKAD_GATEWAY_HTTP_ACCESS_H
#define SKAD_GATEWAY_HTTP_ACCESS_H

#include "skad/failure.h"
#include "src/gateway/http/web_error.h"

#define SKAD_ACCESS_NAMES_MAX   16
#define SKAD_ACCESS_TOKEN_MIN   16
#define SKAD_ACCESS_TOKEN_BYTES 256

typedef struct skad_access {
    const char *names[SKAD_ACCESS_NAMES_MAX]; /* beside localhost and numeric addresses */
    size_t names_count;
    const char *origins[SKAD_ACCESS_NAMES_MAX]; /* as browsers write them: https://a.example */
    size_t origins_count;
    char token[SKAD_ACCESS_TOKEN_BYTES + 1]; /* filled up with zeros; empty: nothing is written */
} skad_access;

/* Reads the token: the file's first line, 16 to 256 printable characters. The file must belong to
 * this user, and no other may read it. */
bool skad_access_read_token(const char *path, skad_access *out, skad_failure *failure);

/* Whether a name or an origin may be listed; `failure` says what it has to look like. */
bool skad_access_add_name(skad_access *access, const char *name, skad_failure *failure);
bool skad_access_add_origin(skad_access *access, const char *origin, skad_failure *failure);

/* Whether the header Host names us: a numeric address, localhost, or a listed name, each with or
 * without a port. Any other name may have been made to lead here by the page that asks. */
bool skad_access_host(const skad_access *access, const char *host, skad_web_error *error);

/* Whether pages of this origin may read. */
bool skad_access_origin(const skad_access *access, const char *origin);

/* Whether the header Authorization (NULL: none) allows to write. Takes as long for any token. */
bool skad_access_write(const skad_access *access, const char *authorization, skad_web_error *error);

#endif
