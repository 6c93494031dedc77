/* Scanning. Pages are as src/db/pages.c describes them; nothing of a page is read beyond its end.
 */
#define _GNU_SOURCE /* memmem */
#include "src/db/scan.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "src/db/database.h"
#include "src/db/row.h"

#define HEADER_BYTES 16
#define AT_FLAGS     10
#define AT_LOWER     12
#define PAGE_LEAF    2U
#define HEAD_BYTES   8 /* of an entry: length of the value, flags, length of the key */

typedef bool visit_page(void *user, const uint8_t *page, size_t len);

/* Visits pages until one says that it was the last. */
static void scan(const char *path, visit_page *visit, void *user)
{
    const long page_bytes = sysconf(_SC_PAGESIZE);
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    uint8_t *page = page_bytes > 0 ? malloc((size_t)page_bytes) : NULL;
    if (fd >= 0 && page != NULL) {
        ssize_t got;
        do {
            got = read(fd, page, (size_t)page_bytes);
        } while (got > HEADER_BYTES && visit(user, page, (size_t)got));
    }
    free(page);
    if (fd >= 0) {
        (void)close(fd);
    }
}

/* ---- Origin ---- */

typedef struct search {
    const uint8_t *network;
    bool found;
} search;

static bool search_page(void *user, const uint8_t *page, size_t len)
{
    search *self = user;
    self->found = skad_db_states_origin((skad_span){page, len}, self->network);
    return !self->found;
}

bool skad_db_scan_is_ours(const char *path, const uint8_t network[static 32])
{
    search self = {.network = network};
    scan(path, search_page, &self);
    return self.found;
}

/* ---- Rows ---- */

typedef struct rows {
    void (*visit)(void *user, skad_span key, skad_span row);
    void *user;
} rows;

static void visit_entry(const rows *self, const uint8_t *page, size_t len, size_t at)
{
    uint32_t value_bytes;
    uint16_t flags;
    uint16_t key_bytes;
    if (at < HEADER_BYTES || at + HEAD_BYTES + SKAD_DB_ROW_KEY_BYTES > len) {
        return;
    }
    memcpy(&value_bytes, page + at, sizeof value_bytes);
    memcpy(&flags, page + at + 4, sizeof flags);
    memcpy(&key_bytes, page + at + 6, sizeof key_bytes);
    const size_t begin = at + HEAD_BYTES + SKAD_DB_ROW_KEY_BYTES;
    if (flags != 0 || key_bytes != SKAD_DB_ROW_KEY_BYTES || value_bytes > len - begin) {
        return;
    }
    skad_store_record record;
    const skad_span key = {page + at + HEAD_BYTES, SKAD_DB_ROW_KEY_BYTES};
    const skad_span row = {page + begin, value_bytes};
    if (skad_db_row_read(key, row, &record) && skad_db_row_intact(key, row)) {
        self->visit(self->user, key, row);
    }
}

static bool visit_leaf(void *user, const uint8_t *page, size_t len)
{
    uint16_t flags;
    uint16_t lower;
    memcpy(&flags, page + AT_FLAGS, sizeof flags);
    memcpy(&lower, page + AT_LOWER, sizeof lower);
    if ((flags & PAGE_LEAF) != 0 && lower <= len) {
        for (size_t i = HEADER_BYTES; i + 2 <= lower; i += 2) {
            uint16_t at;
            memcpy(&at, page + i, sizeof at);
            visit_entry(user, page, len, at);
        }
    }
    return true;
}

void skad_db_scan_rows(const char *path, void (*visit)(void *user, skad_span key, skad_span row),
                       void *user)
{
    rows self = {visit, user};
    scan(path, visit_leaf, &self);
}
