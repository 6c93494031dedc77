/* Identity files, as they are and with a corrected checksum: an accepted file gives the same bytes
 * when it is written again. */
#include <string.h>

#include "crypto/hash.h"
#include "crypto/identity_file.h"
#include "fuzz/fuzz.h"

static void read_file(const uint8_t *data, size_t len)
{
    skad_identity identity;
    uint8_t again[SKAD_IDENTITY_FILE_BYTES];
    skad_status status = skad_identity_decode(data, len, &identity);
    FUZZ_REQUIRE(status == SKAD_OK || status == SKAD_ERR_FORMAT || status == SKAD_ERR_VERSION);
    if (status == SKAD_OK) {
        skad_identity_encode(&identity, again);
        FUZZ_REQUIRE(len == sizeof again && memcmp(again, data, len) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    uint8_t right[SKAD_IDENTITY_FILE_BYTES];
    read_file(data, len);
    if (len >= SKAD_IDENTITY_FILE_BYTES) {
        memcpy(right, data, sizeof right);
        skad_hash_one(SKAD_HASH_FILE, right, sizeof right - SKAD_HASH_BYTES,
                      right + sizeof right - SKAD_HASH_BYTES);
        read_file(right, sizeof right);
    }
    return 0;
}
