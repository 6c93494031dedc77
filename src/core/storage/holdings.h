/* What we hold, told without the records: a print of 24 bytes for each (proto/PROTOCOL.md,
 * COMPARE). A node that has records to give names them first, and gives what is lacking. */
#ifndef SKAD_STORAGE_HOLDINGS_H
#define SKAD_STORAGE_HOLDINGS_H

#include <stdint.h>

#include "proto/limits.h"
#include "skad/store.h"

/* Held records that are read for one comparison, so that prints of keys with many announcements
 * cost no more than others. What was not reached counts as lacking. */
#define SKAD_HOLDINGS_READ_MAX 512

/* Writes the print of a record: the first 8 bytes of its key, 6 bytes of a hash of its name, for
 * how many minutes it is kept (2 bytes), its sequence (8 bytes). */
void skad_holdings_print(const skad_store_name *name, uint64_t sequence, uint64_t life_s,
                         uint8_t out[static SKAD_COMPARE_ITEM_BYTES]);

/* Finds which records we lack of those with these prints, 1..SKAD_COMPARE_MAX: we hold none of that
 * name, one with a lower sequence, one that we keep for less than seven eighths of that time, or
 * only a cached copy. Bit i%8 of byte i/8 is set for print i.
 * Prints of one key should follow each other. */
void skad_holdings_lacking(const skad_store *store, skad_span prints, uint64_t now_unix_s,
                           uint8_t out[static SKAD_COMPARED_BYTES_MAX]);

#endif
