/* Writing and comparing proofs. A proof is one line, made anew from the file to be compared. */
#include "src/db/proof.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/small_file.h"

#define SUFFIX          "-clean"
#define PROOF_BYTES_MAX 256
#define CONDEMNED       "damaged\n"

static bool name_of(const char *path, char out[static PATH_MAX])
{
    int printed = snprintf(out, PATH_MAX, "%s" SUFFIX, path);
    return printed > 0 && printed < PATH_MAX;
}

/* Makes the line for a file as it is now. */
static bool make(const struct stat *file, uint64_t transaction, char out[static PROOF_BYTES_MAX])
{
    int printed = snprintf(
        out, PROOF_BYTES_MAX,
        "closed: device %ju inode %ju size %jd changed %jd.%09ld transaction %" PRIu64 "\n",
        (uintmax_t)file->st_dev, (uintmax_t)file->st_ino, (intmax_t)file->st_size,
        (intmax_t)file->st_ctim.tv_sec, file->st_ctim.tv_nsec, transaction);
    return printed > 0 && printed < PROOF_BYTES_MAX;
}

void skad_db_proof_write(const char *path, int fd, uint64_t transaction)
{
    struct stat file;
    char name[PATH_MAX];
    char line[PROOF_BYTES_MAX];
    if (!name_of(path, name) || fstat(fd, &file) != 0 || !make(&file, transaction, line) ||
        skad_small_file_replace(name, (const uint8_t *)line, strlen(line)) != SKAD_OK) {
        skad_db_proof_remove(path);
    }
}

void skad_db_proof_condemn(const char *path)
{
    char name[PATH_MAX];
    if (!name_of(path, name)) {
        return;
    }
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
    if (fd >= 0) {
        (void)!write(fd, CONDEMNED, strlen(CONDEMNED));
        (void)close(fd);
    }
}

skad_db_proof skad_db_proof_read(const char *path, uint64_t transaction)
{
    char name[PATH_MAX];
    char line[PROOF_BYTES_MAX];
    uint8_t found[PROOF_BYTES_MAX];
    size_t len = 0;
    int fd = name_of(path, name) ? skad_small_file_open(name) : -1;
    if (fd < 0) {
        return SKAD_DB_UNPROVEN;
    }
    bool read = skad_small_file_read(fd, found, sizeof found, &len);
    skad_small_file_close(fd);
    if (read && len == strlen(CONDEMNED) && memcmp(found, CONDEMNED, len) == 0) {
        return SKAD_DB_CONDEMNED;
    }
    struct stat file;
    bool same = read && lstat(path, &file) == 0 && make(&file, transaction, line) &&
                len == strlen(line) && memcmp(found, line, len) == 0;
    return same ? SKAD_DB_PROVEN : SKAD_DB_UNPROVEN;
}

bool skad_db_proof_is_there(const char *path)
{
    char name[PATH_MAX];
    return name_of(path, name) && access(name, F_OK) == 0;
}

void skad_db_proof_remove(const char *path)
{
    char name[PATH_MAX];
    if (name_of(path, name)) {
        (void)unlink(name);
    }
}
