/* Peer files, as they are and with a corrected checksum: an accepted file gives the same bytes when
 * it is written again. */
#include <string.h>

#include "fuzz/fuzz.h"
#include "proto/peer_file.h"

#define AT_PROFILE_HASH (3 + SKAD_PEER_FILE_MAGIC_BYTES + 1 + 2)

static void read_file(const uint8_t *data, size_t len)
{
    static skad_peer_file file;
    static uint8_t again[SKAD_PEER_FILE_BYTES_MAX];
    uint8_t hash[SKAD_HASH_BYTES] = {0};
    if (len >= AT_PROFILE_HASH + sizeof hash) {
        memcpy(hash, data + AT_PROFILE_HASH, sizeof hash);
    }
    skad_status status = skad_peer_file_decode(data, len, hash, &file);
    if (status == SKAD_OK) {
        size_t written = skad_peer_file_encode(&file, hash, again);
        FUZZ_REQUIRE(written == len && memcmp(again, data, len) == 0);
        hash[0] ^= 1;
        FUZZ_REQUIRE(skad_peer_file_decode(data, len, hash, &file) == SKAD_ERR_INPUT);
    } else {
        FUZZ_REQUIRE(file.count == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static uint8_t right[SKAD_PEER_FILE_BYTES_MAX];
    read_file(data, len);
    if (len > SKAD_HASH_BYTES + 2 && len <= sizeof right) {
        memcpy(right, data, len);
        skad_hash_one(SKAD_HASH_FILE, right, len - SKAD_HASH_BYTES - 2,
                      right + len - SKAD_HASH_BYTES);
        read_file(right, len);
    }
    return 0;
}
