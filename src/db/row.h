/* The encoding of records, of their order by expiry and of the counters by owner in the tables of a
 * database: keys and values as runs of bytes, numbers big-endian. docs/files.md, "The database of
 * records". Nothing here knows LMDB. Decoding accepts any bytes. */
#ifndef SKAD_DB_ROW_H
#define SKAD_DB_ROW_H

#include "skad/store.h"

/* Table "records": section, key, type, publisher. */
#define SKAD_DB_ROW_KEY_BYTES (1 + SKAD_DB_NAME_BYTES)
#define SKAD_DB_NAME_BYTES    65
/* Checksum, sequence, stored, expires, group, flags; the data follow. */
#define SKAD_DB_ROW_HEADER_BYTES 41
#define SKAD_DB_ROW_BYTES_MAX    (SKAD_DB_ROW_HEADER_BYTES + SKAD_STORED_BYTES_MAX)
/* Table "expiry": cached, expires, name. The value is empty. */
#define SKAD_DB_EXPIRY_KEY_BYTES (1 + 8 + SKAD_DB_NAME_BYTES)
/* Table "counters": kind, owner. The value is records, bytes. */
#define SKAD_DB_COUNTER_KEY_BYTES 33
#define SKAD_DB_COUNTER_BYTES     16

/* Counters beyond those of skad_store_owner, whose owner is zero: totals. */
#define SKAD_DB_COUNTER_HELD      3
#define SKAD_DB_COUNTER_PUBLISHED 4
#define SKAD_DB_COUNTER_CACHED    5 /* of those held */

_Static_assert(sizeof(skad_store_name) == SKAD_DB_NAME_BYTES, "no padding");

void skad_db_row_key(skad_store_section section, const skad_store_name *name,
                     uint8_t out[static SKAD_DB_ROW_KEY_BYTES]);
/* False unless it is such a key. */
bool skad_db_row_key_read(skad_span key, skad_store_section *section, skad_store_name *name);

/* Returns the length. */
size_t skad_db_row(const uint8_t key[static SKAD_DB_ROW_KEY_BYTES], const skad_store_record *record,
                   uint8_t out[static SKAD_DB_ROW_BYTES_MAX]);
/* Reads a row of the right shape, with any checksum; data are borrowed from it. */
bool skad_db_row_read(skad_span key, skad_span row, skad_store_record *out);
/* Whether the checksum of a row of the right shape is that of its key and content. */
bool skad_db_row_intact(skad_span key, skad_span row);

void skad_db_expiry_key(const skad_store_record *record,
                        uint8_t out[static SKAD_DB_EXPIRY_KEY_BYTES]);
/* Reads cached, expires_unix_s and name; the rest of *out is zero. */
bool skad_db_expiry_key_read(skad_span key, skad_store_record *out);

void skad_db_counter_key(unsigned kind, const uint8_t owner[static 32],
                         uint8_t out[static SKAD_DB_COUNTER_KEY_BYTES]);
/* The keys of the counters by owner that a held record is in; returns how many. */
size_t skad_db_owners(const skad_store_record *record,
                      uint8_t out[SKAD_STORE_OWNERS_MAX][SKAD_DB_COUNTER_KEY_BYTES]);
void skad_db_counter(const skad_store_usage *usage, uint8_t out[static SKAD_DB_COUNTER_BYTES]);
/* Reads a counter; all zero if the bytes are not one. */
skad_store_usage skad_db_counter_read(skad_span counter);

#endif
