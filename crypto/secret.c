/* Anonymous private mappings, locked by libsodium, which also keeps them out of core dumps. */
#include "crypto/secret.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include <sodium.h>

#include "crypto/assert.h"

/* Rounds up to whole pages; 0 when that overflows. */
static size_t round_up(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return size > SIZE_MAX - page ? 0 : (size + page - 1) / page * page;
}

void *skad_secret_alloc(size_t size, bool *locked)
{
    SKAD_ASSERT(size > 0);
    size_t len = round_up(size);
    void *pages = len == 0
                      ? MAP_FAILED
                      : mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool got_lock = pages != MAP_FAILED && sodium_mlock(pages, len) == 0;
    if (locked != NULL) {
        *locked = got_lock;
    }
    return pages == MAP_FAILED ? NULL : pages;
}

void skad_secret_free(void *secret, size_t size)
{
    if (secret == NULL) {
        return;
    }
    size_t len = round_up(size);
    sodium_memzero(secret, len);
    (void)munmap(secret, len); /* unlocks, too; where it fails, wiped pages are lost */
}
