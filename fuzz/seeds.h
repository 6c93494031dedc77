/* The code that the makers of seeds share. */
#ifndef SKAD_FUZZ_SEEDS_H
#define SKAD_FUZZ_SEEDS_H

#include <stddef.h>
#include <stdint.h>

/* An input of a target, perhaps behind one byte that the target reads first (else -1). Names of
 * files are PREFIX-NUMBER. */
void fuzz_seed_write(const char *target, const char *prefix, int first, const uint8_t *bytes,
                     size_t len);

/* Writes one datagram of each kind and shape from a small simulated network. They are the same in
 * every run. */
void fuzz_seeds_simulated(void);

/* Audits: what others write, and rounds of a node. */
void fuzz_seeds_audit(void);

/* Rows of a database, and choices for those that make and damage databases. */
void fuzz_seeds_database(void);

#endif
