/* Reads pages. A page of entries:
 *
 *     header | offsets of entries, in the order of keys | room | entries, without gaps
 *                                                       ^ lower ^ upper
 *
 * An entry is a head of 8 bytes, a key, and on leaves a value; it takes an even number of bytes. */
#include "src/db/pages.h"

#include <stdlib.h>
#include <string.h>

_Static_assert(MDB_VERSION_MAJOR == 0 && MDB_VERSION_MINOR == 9, "other versions have other pages");

#define FRONT_PAGES 2

/* The use of a page; on disk a page has exactly one of these flags. */
#define PAGE_BRANCH 0x01U
#define PAGE_LEAF   0x02U
#define PAGE_LONG   0x04U

/* Flags of an entry without a value of its own: in its place there is the number of the page where
 * the value begins, or the root of a table. */
#define ENTRY_LONG  0x01U
#define ENTRY_TABLE 0x02U

typedef struct page_header {
    size_t number;
    uint16_t unused;
    uint16_t flags;
    union {
        struct {
            uint16_t lower;
            uint16_t upper;
        } room;
        uint32_t run; /* pages, of a long value */
    } u;
} page_header;

/* The record of a table: in the root's entries, and for LMDB's own tables at the front. */
typedef struct table_record {
    uint32_t unused;
    uint16_t flags;
    uint16_t depth;
    size_t counts[5];
} table_record;

typedef struct front_page {
    page_header header;
    uint32_t magic;
    uint32_t version;
    void *address;
    size_t map_bytes;
    table_record tables[2]; /* LMDB's own */
    size_t last_page;
    size_t txnid;
} front_page;

typedef struct entry_head {
    uint32_t value_bytes; /* on leaves; elsewhere, with the flags, the number of a page */
    uint16_t flags;
    uint16_t key_bytes;
} entry_head;

bool skad_db_pages_init(MDB_env *env, skad_db_pages *out)
{
    MDB_envinfo info;
    MDB_stat about;
    *out = (skad_db_pages){0};
    if (mdb_env_info(env, &info) != 0 || mdb_env_stat(env, &about) != 0 || about.ms_psize == 0) {
        return false;
    }
    out->count = info.me_last_pgno + 1;
    out->bytes = about.ms_psize;
    out->txnid = info.me_last_txnid;
    out->met = calloc(out->count / 8 + 1, 1);
    return out->met != NULL;
}

void skad_db_pages_free(skad_db_pages *pages)
{
    free(pages->met);
    *pages = (skad_db_pages){0};
}

/* ---- One page ---- */

static bool meet(skad_db_pages *pages, size_t page)
{
    if (page < FRONT_PAGES || page >= pages->count) {
        return false;
    }
    const uint8_t bit = (uint8_t)(1U << page % 8);
    const bool first_time = (pages->met[page / 8] & bit) == 0;
    pages->met[page / 8] |= bit;
    return first_time;
}

static const uint8_t *page_of(const skad_db_pages *pages, const uint8_t *within)
{
    return within - (uintptr_t)within % pages->bytes;
}

/* Reads a page's header. The number in it must be that of the page's place. */
static bool read_header(skad_db_pages *pages, const uint8_t *page, unsigned flags, page_header *out)
{
    memcpy(out, page, sizeof *out);
    if (out->number >= pages->count || out->flags != flags) {
        return false;
    }
    if (pages->map == NULL) {
        pages->map = page - out->number * pages->bytes;
    }
    return page == pages->map + out->number * pages->bytes;
}

static bool may_have(MDB_dbi table, unsigned entry_flags)
{
    if (table == SKAD_DB_ROOT) {
        return entry_flags == ENTRY_TABLE;
    }
    return entry_flags == 0 || (table == SKAD_DB_FREE_LIST && entry_flags == ENTRY_LONG);
}

/* How many bytes an entry takes on its page; 0 when it cannot be one. */
static size_t entry_bytes(const uint8_t *at, bool on_leaf, MDB_dbi table)
{
    entry_head head;
    memcpy(&head, at, sizeof head);
    size_t len = sizeof head + head.key_bytes;
    if (on_leaf) {
        if (!may_have(table, head.flags)) {
            return 0;
        }
        len += head.flags == ENTRY_LONG ? sizeof(size_t) : head.value_bytes;
    }
    return len + len % 2;
}

/* Whether the entries fill the page exactly, except for its room. */
static bool is_packed(const skad_db_pages *pages, const uint8_t *page, const page_header *header,
                      MDB_dbi table)
{
    const size_t lower = header->u.room.lower;
    const size_t upper = header->u.room.upper;
    if (lower < sizeof *header || lower % 2 != 0 || upper < lower || upper > pages->bytes) {
        return false;
    }
    size_t left = pages->bytes - upper;
    for (size_t offset = sizeof *header; offset < lower; offset += 2) {
        uint16_t at;
        memcpy(&at, page + offset, sizeof at);
        if (at < upper || at % 2 != 0 || at > pages->bytes - sizeof(entry_head)) {
            return false;
        }
        const size_t len = entry_bytes(page + at, header->flags == PAGE_LEAF, table);
        if (len == 0 || len > left || len > pages->bytes - at) {
            return false;
        }
        left -= len;
    }
    return left == 0;
}

/* ---- All of them ---- */

static bool meet_long_value(skad_db_pages *pages, skad_span value)
{
    page_header header;
    const uint8_t *page = page_of(pages, value.data);
    if (value.data != page + sizeof header || !read_header(pages, page, PAGE_LONG, &header) ||
        header.u.run <= (sizeof header - 1 + value.len) / pages->bytes) {
        return false;
    }
    for (uint32_t i = 0; i < header.u.run; i++) {
        if (!meet(pages, header.number + i)) {
            return false;
        }
    }
    return true;
}

bool skad_db_pages_meet_entry(skad_db_pages *pages, MDB_dbi table, skad_span key, skad_span value)
{
    const uint8_t *leaf = page_of(pages, key.data);
    if (leaf != pages->leaf) {
        page_header header;
        pages->leaf = leaf;
        if (!read_header(pages, leaf, PAGE_LEAF, &header) || !meet(pages, header.number) ||
            !is_packed(pages, leaf, &header, table)) {
            return false;
        }
    }
    return page_of(pages, value.data) == leaf || value.len == 0 || meet_long_value(pages, value);
}

bool skad_db_pages_meet_free(skad_db_pages *pages, size_t page)
{
    return meet(pages, page);
}

/* LMDB compares all flags, one more than it reports, and does so only in a second transaction. */
bool skad_db_pages_is_table(skad_span entry)
{
    table_record record;
    if (entry.len != sizeof record) {
        return false;
    }
    memcpy(&record, entry.data, sizeof record);
    return record.flags == 0;
}

static bool meet_branches(skad_db_pages *pages, uint64_t count)
{
    uint64_t branches = 0;
    for (size_t number = FRONT_PAGES; number < pages->count; number++) {
        if (!meet(pages, number)) {
            continue;
        }
        page_header header;
        const uint8_t *page = pages->map + number * pages->bytes;
        if (!read_header(pages, page, PAGE_BRANCH, &header) ||
            !is_packed(pages, page, &header, SKAD_DB_ROOT)) {
            return false;
        }
        branches++;
    }
    return branches == count;
}

/* Whether the front is right. Transactions write the two pages at the front in turn. LMDB does not
 * report how the keys of free pages, which are numbers, are compared. */
static bool front_is_right(const skad_db_pages *pages)
{
    front_page front;
    memcpy(&front, pages->map + pages->txnid % FRONT_PAGES * pages->bytes, sizeof front);
    return front.txnid == pages->txnid &&
           (front.tables[SKAD_DB_FREE_LIST].flags & SKAD_DB_ORDERS) == MDB_INTEGERKEY;
}

bool skad_db_pages_meet_rest(skad_db_pages *pages, uint64_t branches)
{
    /* There are leaves in any database of ours. */
    return pages->map != NULL && meet_branches(pages, branches) && front_is_right(pages);
}
