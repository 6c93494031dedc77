/* What a file at the path of a database says about itself, without changing anything: before a node
 * makes or opens anything, its operator is told that the file is another network's or another
 * version's. */
#ifndef SKAD_DB_LOOK_H
#define SKAD_DB_LOOK_H

#include <stddef.h>
#include <stdint.h>

typedef enum skad_db_sight {
    SKAD_DB_SIGHT_FINE = 0, /* nothing is there, or only opening it can tell more */
    SKAD_DB_SIGHT_NO_FILE,  /* a link, a folder, a socket */
    SKAD_DB_SIGHT_VERSION,  /* of another version, which this one cannot take over */
    SKAD_DB_SIGHT_NETWORK,
} skad_db_sight;

typedef struct skad_db_looked {
    skad_db_sight sight;
    unsigned version;    /* VERSION: of its tables */
    uint8_t network[32]; /* NETWORK: the profile hash of its network */
} skad_db_looked;

/* `network`: 32 bytes, ours. It forks for a moment, since the file may be torn. */
void skad_db_look(const char *path, const uint8_t *network, skad_db_looked *out);

#endif
