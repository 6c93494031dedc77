/* Our own publications: the store's second section. A row holds when the record was last announced
 * and, where we can sign the record anew ourselves, how long it lives from each signing. An
 * announcement of our own address may follow it when it changes. */
#ifndef SKAD_STORAGE_PUBLICATIONS_H
#define SKAD_STORAGE_PUBLICATIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "skad/node.h"
#include "skad/record.h"
#include "skad/store.h"

typedef struct skad_publication {
    const skad_record *record;
    skad_span bytes;
    uint32_t life_s; /* from each signing; 0: it ends with its expiry */
    bool follows;    /* an announcement of whatever address we have, on the port of the record */
} skad_publication;

/* The last two as a row of the store has them, in one number: a life is below 2^32. */
static inline uint64_t skad_publication_pack(uint32_t life_s, bool follows)
{
    return life_s | (uint64_t)follows << 32;
}

static inline uint32_t skad_publication_life_s(const skad_store_record *row)
{
    return (uint32_t)row->life_s;
}

static inline bool skad_publication_follows(const skad_store_record *row)
{
    return (row->life_s >> 32 & 1) != 0;
}

/* Puts a record that was just announced among the publications, unless the store has a higher
 * sequence of it. */
SKAD_MUST_CHECK skad_status skad_publications_keep(skad_node *node,
                                                   const skad_publication *publication);

/* Puts a record in the place of an older edition of it among our publications; nothing happens if
 * there is none, or none with a lower sequence. The record is verified. Event: ADOPTED. Without
 * room the older one stays. */
void skad_publications_adopt(skad_node *node, skad_span bytes);

/* Withdraws the publications under a key: those of one type, or all (0). */
size_t skad_publications_withdraw(skad_node *node, const skad_id *key, unsigned type);

#endif
