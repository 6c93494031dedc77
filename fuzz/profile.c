/* Profile files: the result is a valid profile, or a failure with a sentence that holds no control
 * characters. */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "proto/profile.h"
#include "src/host/state/profile_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static skad_profile_text out;
    skad_failure failure = {{0}};
    char *text = malloc(len + 1);
    FUZZ_REQUIRE(text != NULL);
    memcpy(text, data, len);
    text[len] = 0;
    if (skad_profile_text_read(text, len, &out, &failure)) {
        FUZZ_REQUIRE(skad_profile_valid(&out.profile));
        FUZZ_REQUIRE(memchr(out.psk_file, 0, sizeof out.psk_file) != NULL);
    } else {
        size_t said = strnlen(failure.text, sizeof failure.text);
        FUZZ_REQUIRE(said > 0 && said < sizeof failure.text);
    }
    free(text);
    return 0;
}
