/* Seeds of the targets that read databases. */
#include "fuzz/seeds.h"
#include "src/db/row.h"
#include "tests/support/prng.h"

#define SEQUENCES      12
#define SEQUENCE_BYTES 240
#define DAMAGE_BYTES   24

static void write_rows(void)
{
    static const uint8_t data[SKAD_STORED_BYTES_MAX] = "data";
    static const uint8_t no_owner[32];
    static const size_t lens[] = {1, 40, SKAD_STORED_BYTES_MAX};
    uint8_t bytes[SKAD_DB_ROW_KEY_BYTES + SKAD_DB_ROW_BYTES_MAX];
    test_prng prng = {21};
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        const skad_store_record record = {
            .name = {.key = test_prng_id(&prng), .type = (uint8_t)(1 + i), .publisher = {1}},
            .cached = i == 1,
            .sequence = i,
            .stored_unix_s = 1000,
            .expires_unix_s = i == 0 ? UINT64_MAX : 90000,
            .group = i,
            .data = data,
            .len = lens[i],
        };
        skad_db_row_key(i == 0 ? SKAD_STORE_PUBLICATIONS : SKAD_STORE_REPLICAS, &record.name,
                        bytes);
        const size_t len = skad_db_row(bytes, &record, bytes + SKAD_DB_ROW_KEY_BYTES);
        fuzz_seed_write("row", "seed", SKAD_DB_ROW_KEY_BYTES, bytes, SKAD_DB_ROW_KEY_BYTES + len);
        skad_db_expiry_key(&record, bytes);
        fuzz_seed_write("row", "seed", SKAD_DB_EXPIRY_KEY_BYTES, bytes, SKAD_DB_EXPIRY_KEY_BYTES);
        const skad_store_usage usage = {.records = i + 1, .bytes = 100 * i};
        skad_db_counter_key(SKAD_DB_COUNTER_HELD, no_owner, bytes);
        skad_db_counter(&usage, bytes + SKAD_DB_COUNTER_KEY_BYTES);
        fuzz_seed_write("row", "seed", SKAD_DB_COUNTER_KEY_BYTES, bytes,
                        SKAD_DB_COUNTER_KEY_BYTES + SKAD_DB_COUNTER_BYTES);
    }
}

void fuzz_seeds_database(void)
{
    uint8_t bytes[SEQUENCE_BYTES];
    test_prng prng = {22};
    write_rows();
    for (unsigned i = 0; i < SEQUENCES; i++) {
        for (size_t j = 0; j < sizeof bytes; j++) {
            bytes[j] = (uint8_t)test_prng_next(&prng);
        }
        fuzz_seed_write("database", "seed", -1, bytes, sizeof bytes);
        fuzz_seed_write("damage", "seed", -1, bytes, i % 4 * DAMAGE_BYTES / 4);
    }
}
