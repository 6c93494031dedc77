/* Database files whose pages are damaged, as by a power failure: choices flip, overwrite, swap and
 * cut bytes of a sound file of some records, which was not closed. Opening checks it in real child
 * processes, because LMDB may crash there. Only a few child processes salvage, and not one for each
 * crash, as if the system had refused more. Then, with any outcome:
 *
 * - opening succeeds, unless the damage looks like another version, and each record that is
 * returned was put, and is whole;
 * - a file that was not set aside can be used: all records are replaced, found and dropped, and
 *   the whole check finds nothing afterwards. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "fuzz/database.h"
#include "fuzz/fuzz.h"

#define RECORDS     32
#define FILE_BYTES  ((size_t)256 << 10)
#define PAGE_BYTES  4096U
#define DAMAGES_MAX 8
#define CHILDREN    3

static unsigned children;

pid_t __wrap_skad_db_child_start(void (*work)(void *user), void *user, int fd);
pid_t __real_skad_db_child_start(void (*work)(void *user), void *user, int fd);

pid_t __wrap_skad_db_child_start(void (*work)(void *user), void *user, int fd)
{
    return children++ < CHILDREN ? __real_skad_db_child_start(work, user, fd) : -1;
}

static skad_store_record record_number(unsigned number, uint8_t data[SKAD_STORED_BYTES_MAX])
{
    skad_store_record record = {
        .name = {.key = {{(uint8_t)(number * 37)}},
                 .type = (uint8_t)(1 + number % 3),
                 .publisher = {(uint8_t)(number % 5)}},
        .sequence = number,
        .expires_unix_s = FUZZ_DB_NOW_S + 1 + number,
        .group = number % 4,
        .data = data,
        .len = 1 + number * 97 % 600,
    };
    memset(data, (int)number, record.len);
    return record;
}

static skad_store_section section_of(unsigned number)
{
    return number % 6 == 0 ? SKAD_STORE_PUBLICATIONS : SKAD_STORE_REPLICAS;
}

static bool put(const skad_store *store, unsigned number)
{
    uint8_t data[SKAD_STORED_BYTES_MAX];
    const skad_store_record record = record_number(number, data);
    return store->ops->put(store->self, section_of(number), &record, FUZZ_DB_NOW_S) == SKAD_OK;
}

static bool drop(const skad_store *store, unsigned number)
{
    uint8_t data[SKAD_STORED_BYTES_MAX];
    const skad_store_record record = record_number(number, data);
    return store->ops->drop(store->self, section_of(number), &record.name) == SKAD_OK;
}

/* ---- The file ---- */

typedef struct image {
    uint8_t bytes[FILE_BYTES];
    size_t len;
} image;

/* The bytes of the file while a store has it open, so that it was never closed. */
static void make_image(image *out)
{
    skad_store store;
    skad_store_lmdb_report report;
    const char *path = fuzz_db_path();
    FUZZ_REQUIRE(fuzz_db_open_store(FUZZ_DB_BOOT_BEFORE, &store, &report));
    for (unsigned i = 0; i < 2 * RECORDS; i++) {
        FUZZ_REQUIRE(put(&store, i));
    }
    for (unsigned i = RECORDS; i < 2 * RECORDS; i++) {
        FUZZ_REQUIRE(drop(&store, i));
    }
    FILE *file = fopen(path, "r");
    FUZZ_REQUIRE(file != NULL);
    out->len = fread(out->bytes, 1, sizeof out->bytes, file);
    FUZZ_REQUIRE(out->len < sizeof out->bytes && fclose(file) == 0);
    store.ops->free(store.self);
}

static const image *sound_image(void)
{
    static image made;
    if (made.len == 0) {
        make_image(&made);
    }
    return &made;
}

/* ---- Damage ---- */

/* Chooses what to damage on a page: its head, the offsets of its entries, the head of an entry, or
 * any byte. */
static size_t choose_place(const uint8_t *page, fuzz_choices *choices)
{
    uint16_t offset;
    const uint8_t where = fuzz_byte(choices);
    switch (where % 4) {
    case 0:
        return where / 4 % 16;
    case 1:
        return 16 + where / 4;
    case 2:
        memcpy(&offset, page + 16 + (size_t)(where / 4 % 16) * 2, sizeof offset);
        return (offset + fuzz_byte(choices) % 24U) % (PAGE_BYTES - 8);
    default:
        return fuzz_number(choices, 2) % (PAGE_BYTES - 8);
    }
}

static void damage_once(image *file, fuzz_choices *choices)
{
    static const uint8_t extremes[] = {0, 1, 2, 4, 8, 16, 0x7f, 0x80, 0xff};
    const size_t pages = file->len / PAGE_BYTES;
    const uint8_t how = fuzz_byte(choices);
    uint8_t *page = file->bytes + fuzz_below(choices, pages) * PAGE_BYTES;
    uint8_t *at = page + choose_place(page, choices);
    const uint8_t value = fuzz_byte(choices);
    switch (how % 8) {
    case 0:
    case 1:
    case 2:
        *at ^= (uint8_t)(1U << value % 8);
        break;
    case 3:
        *at = value;
        break;
    case 4:
        memset(at, extremes[value % sizeof extremes], 1 + value / 64U);
        break;
    case 5: /* as much from the same place of another page */
        memcpy(at, file->bytes + value % pages * PAGE_BYTES + (size_t)(at - page), 8);
        break;
    case 6: /* a page was not written, or where another belongs */
        memset(page, 0, PAGE_BYTES);
        if (value != 0) {
            memcpy(page, file->bytes + value % pages * PAGE_BYTES, PAGE_BYTES);
        }
        break;
    default:
        file->len -= value % 16 == 0 ? (size_t)value * 16 : 0;
        break;
    }
}

static void write_damaged(fuzz_choices *choices)
{
    static image damaged;
    damaged = *sound_image();
    for (unsigned i = 0; i < DAMAGES_MAX && !fuzz_over(choices); i++) {
        damage_once(&damaged, choices);
    }
    FILE *file = fopen(fuzz_db_path(), "w");
    FUZZ_REQUIRE(file != NULL);
    FUZZ_REQUIRE(fwrite(damaged.bytes, 1, damaged.len, file) == damaged.len);
    FUZZ_REQUIRE(fclose(file) == 0);
}

/* ---- What is left ---- */

static void check_section(const skad_store *store, skad_store_section section)
{
    uint8_t data[SKAD_STORED_BYTES_MAX];
    skad_store_name from = {0};
    skad_store_record out;
    while (store->ops->next(store->self, section, &from, &out)) {
        FUZZ_REQUIRE(out.sequence < 2 * (uint64_t)RECORDS);
        const unsigned number = (unsigned)out.sequence;
        const skad_store_record record = record_number(number, data);
        FUZZ_REQUIRE(section == section_of(number));
        FUZZ_REQUIRE(memcmp(&out.name, &record.name, sizeof out.name) == 0);
        FUZZ_REQUIRE(out.expires_unix_s == record.expires_unix_s && out.group == record.group);
        FUZZ_REQUIRE(out.len == record.len && memcmp(out.data, data, out.len) == 0);
    }
}

static void use_everything(const skad_store *store)
{
    uint8_t data[SKAD_STORED_BYTES_MAX];
    skad_store_totals fill;
    skad_store_record out;
    for (unsigned i = 0; i < 2 * RECORDS; i++) {
        FUZZ_REQUIRE(put(store, i));
    }
    for (unsigned i = 0; i < 2 * RECORDS; i++) {
        const skad_store_record record = record_number(i, data);
        FUZZ_REQUIRE(
            store->ops->find(store->self, section_of(i), &record.name, FUZZ_DB_NOW_S, &out));
        FUZZ_REQUIRE(out.len == record.len && memcmp(out.data, data, out.len) == 0);
        FUZZ_REQUIRE(i % 2 == 0 || drop(store, i));
    }
    store->ops->totals(store->self, &fill);
    FUZZ_REQUIRE(fill.records + fill.published == RECORDS && fill.failures == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    fuzz_choices choices = {data, len, 0};
    skad_store store;
    skad_store_lmdb_report report;
    write_damaged(&choices);
    children = 0;
    if (!fuzz_db_open_store(FUZZ_DB_BOOT, &store, &report)) {
        return 0; /* what was damaged is the version: the file stays */
    }
    check_section(&store, SKAD_STORE_REPLICAS);
    check_section(&store, SKAD_STORE_PUBLICATIONS);
    const bool used = report.text[0] == '\0';
    if (used) {
        use_everything(&store);
    }
    store.ops->free(store.self);
    children = 0;
    if (used) {
        FUZZ_REQUIRE(fuzz_db_is_sound());
    }
    return 0;
}
