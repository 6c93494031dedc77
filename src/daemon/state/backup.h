/* A backup of a node: a folder with its identity, its peers and what it publishes, laid out as the
 * folder of a node is. It can be made while the node runs. Records held for others are left out:
 * others have them, too.
 *
 * A backup is made beside its name and gets it when it is complete. Restoring begins with a file
 * `restoring` in the node's folder, which a node refuses to start with, and ends with its removal;
 * in between it can be begun again. An identity is never overwritten. */
#ifndef SKAD_DAEMON_STATE_BACKUP_H
#define SKAD_DAEMON_STATE_BACKUP_H

#include "skad/profile.h"
#include "src/host/state/data_directory.h"

typedef struct skad_backup_report {
    skad_id id;         /* of the node */
    bool peers;         /* there were some */
    uint64_t published; /* records */
    uint64_t damaged;   /* records that could not be read, and are missing */
} skad_backup_report;

/* Makes the folder `to`, which must not be there. */
SKAD_MUST_CHECK bool skad_backup_make(const skad_data_directory *from, const skad_profile *profile,
                                      const char *to, skad_backup_report *out,
                                      skad_failure *failure);

/* Puts the backup `from` into the folder of a node, which must have none of its files. */
SKAD_MUST_CHECK bool skad_backup_restore(const char *from, const skad_data_directory *to,
                                         const skad_profile *profile, skad_backup_report *out,
                                         skad_failure *failure);

#endif
