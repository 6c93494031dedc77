/* Choosing, loading and saving. */
#include "src/host/state/peer_store.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "proto/profile.h"
#include "src/host/state/disk.h"

/* ---- Choosing ---- */

/* Puts siblings first, because they restore the neighbourhood. Of the others, a peer that has been
 * up for long is the most likely to be up still (Kademlia, section 2.2). */
static int compare_rows(const void *a, const void *b)
{
    const skad_table_row *left = a;
    const skad_table_row *right = b;
    if (left->sibling != right->sibling) {
        return left->sibling ? -1 : 1;
    }
    if (left->first_seen_us != right->first_seen_us) {
        return left->first_seen_us > right->first_seen_us ? -1 : 1;
    }
    return memcmp(&left->contact.id, &right->contact.id, sizeof left->contact.id);
}

void skad_peer_store_choose(skad_table_row *rows, size_t count, skad_peer_file *out)
{
    out->count = 0;
    if (count == 0) {
        return;
    }
    qsort(rows, count, sizeof *rows, compare_rows);
    for (size_t i = 0; i < count && out->count < SKAD_PEER_FILE_CONTACTS_MAX; i++) {
        bool has_address = rows[i].contact.ipv4.family != SKAD_FAMILY_NONE ||
                           rows[i].contact.ipv6.family != SKAD_FAMILY_NONE;
        if (rows[i].failures == 0 && has_address) {
            out->contacts[out->count++] = rows[i].contact;
        }
    }
}

/* ---- Loading ---- */

static skad_status read_file(const char *path, const skad_profile *profile, skad_peer_file *out)
{
    uint8_t bytes[SKAD_PEER_FILE_BYTES_MAX];
    uint8_t profile_hash[SKAD_HASH_BYTES];
    size_t len = 0;

    skad_status status = skad_disk_read(path, bytes, sizeof bytes, &len);
    if (status != SKAD_OK) {
        return status;
    }
    skad_profile_hash(profile, profile_hash);
    return skad_peer_file_decode(bytes, len, profile_hash, out);
}

static const char *reason(skad_status status, int error)
{
    switch (status) {
    case SKAD_ERR_FORMAT:
        return "it is damaged";
    case SKAD_ERR_VERSION:
        return "another version of skad wrote it";
    case SKAD_ERR_INPUT:
        return "it is of another network";
    case SKAD_ERR_IO:
        return strerror(error);
    case SKAD_OK:
    case SKAD_ERR_MEMORY:
    case SKAD_ERR_FULL:
    case SKAD_ERR_EXISTS:
    case SKAD_ERR_MISSING:
    case SKAD_ERR_PERMISSION:
    case SKAD_ERR_STOPPED:
    case SKAD_ERR_PUZZLE:
    case SKAD_ERR_BUSY:
    case SKAD_ERR_CLOSED:
    case SKAD_ERR_THREAD:
    case SKAD_ERR_TIMEOUT:
        break;
    }
    return skad_status_text(status);
}

bool skad_peer_store_load(const char *path, const skad_profile *profile, uint64_t unix_s,
                          skad_log_to log, skad_peer_file *out)
{
    char aside[PATH_MAX];

    out->count = 0;
    skad_status status = read_file(path, profile, out);
    if (status == SKAD_OK || status == SKAD_ERR_MISSING) {
        return true;
    }
    const char *why = reason(status, errno);
    if (status == SKAD_ERR_VERSION || status == SKAD_ERR_INPUT) {
        skad_log(log, SKAD_LOG_WARNING, "cannot use %s (%s): it stays, and no peers are kept", path,
                 why);
        return false;
    }
    if (skad_disk_set_aside(path, unix_s, aside, sizeof aside) == SKAD_OK) {
        skad_log(log, SKAD_LOG_WARNING, "cannot use %s (%s): set aside as %s", path, why, aside);
        return true;
    }
    skad_log(log, SKAD_LOG_WARNING,
             "cannot use %s (%s), nor set it aside (%s): it stays, and no peers are kept", path,
             why, strerror(errno));
    return false;
}

skad_status skad_peer_store_look(const char *path, const skad_profile *profile)
{
    skad_peer_file *file = malloc(sizeof *file);
    if (file == NULL) {
        return SKAD_ERR_MEMORY;
    }
    const skad_status status = read_file(path, profile, file);
    free(file);
    return status;
}

/* ---- Saving ---- */

skad_status skad_peer_store_save(const char *path, const skad_profile *profile,
                                 const skad_peer_file *file)
{
    uint8_t bytes[SKAD_PEER_FILE_BYTES_MAX];
    uint8_t profile_hash[SKAD_HASH_BYTES];

    skad_profile_hash(profile, profile_hash);
    size_t len = skad_peer_file_encode(file, profile_hash, bytes);
    return skad_disk_replace(path, bytes, len);
}
