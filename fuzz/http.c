/* Heads of HTTP requests, as they come in pieces: once a request is decided it stays decided the
 * same, whatever follows, and one that is never decided ends at the bound. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "src/daemon/metrics/http_request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    const char *bytes = (const char *)data;
    skad_http_request decided = SKAD_HTTP_MORE;
    if (len > SKAD_HTTP_HEAD_BYTES_MAX) {
        return 0;
    }
    for (size_t part = 0; part <= len; part++) {
        const skad_http_request now = skad_http_request_read(bytes, part);
        FUZZ_REQUIRE(strlen(skad_http_status(now)) > 4);
        FUZZ_REQUIRE(decided == SKAD_HTTP_MORE || now == decided);
        FUZZ_REQUIRE(now != SKAD_HTTP_TOO_LARGE || part == SKAD_HTTP_HEAD_BYTES_MAX);
        decided = now;
    }
    return 0;
}
