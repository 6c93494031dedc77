/* Reads a file page by page, without trusting what leads from one to the other: for a database
 * whose roots are torn, so that LMDB does not even find its tables. A row is told by the length of
 * its key and by its checksum, which covers both. Rows of pages that are not used any more are met,
 * too. */
#ifndef SKAD_DB_SCAN_H
#define SKAD_DB_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "skad/types.h"

/* Whether some page states that the file is ours, of our version or the older one, and of a
 * network. */
bool skad_db_scan_is_ours(const char *path, const uint8_t network[static 32]);

/* Visits each intact row; perhaps several of one name. */
void skad_db_scan_rows(const char *path, void (*visit)(void *user, skad_span key, skad_span row),
                       void *user);

#endif
