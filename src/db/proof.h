/* The proof of a clean end: a file beside the database, PATH-clean, that names the database file as
 * it was when it was closed: device, inode, size, the time of its last change, and LMDB's last
 * transaction.
 *
 * What lies in the database itself is copied with it, so it proves nothing about the copy. A copy
 * has another inode; one that is written over the original has another time of change, which no
 * program can choose. So a copy of a file that was in use never passes as one that was closed. */
#ifndef SKAD_DB_PROOF_H
#define SKAD_DB_PROOF_H

#include <stdbool.h>
#include <stdint.h>

typedef enum skad_db_proof {
    SKAD_DB_PROVEN,    /* the file is the one that was closed */
    SKAD_DB_UNPROVEN,  /* it was not closed, is a copy, or was changed */
    SKAD_DB_CONDEMNED, /* LMDB found damage when the file was used last */
} skad_db_proof;

/* Notes that the file `fd`, opened at `path`, is closed: no process uses it, and everything is on
 * the disk. It may not be what is at the path any more; then the proof will not hold. transaction:
 * the number of its last one. Without room for the proof there is none, and the next start checks
 * the file as a whole. */
void skad_db_proof_write(const char *path, int fd, uint64_t transaction);

/* Notes that LMDB found the file damaged, so that the next start sets it aside, whatever a check
 * finds. Allocates nothing: the process may be about to abort. */
void skad_db_proof_condemn(const char *path);

skad_db_proof skad_db_proof_read(const char *path, uint64_t transaction);

/* Whether there is a proof at all, for whatever file. */
bool skad_db_proof_is_there(const char *path);

/* Removes the proof before the file is changed. */
void skad_db_proof_remove(const char *path);

#endif
