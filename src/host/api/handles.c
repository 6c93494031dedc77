#include "src/host/api/handles.h"

#include <pthread.h>

/* A handle is a generation, above, and a place in the table. Generations begin at 1, so no handle
 * is 0. */
#define PLACE_BITS 6
_Static_assert(1U << PLACE_BITS == SKAD_HOSTS_MAX, "a place has so many bits");

typedef struct entry {
    void *host; /* NULL: free */
    uint64_t generation;
} entry;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static entry entries[SKAD_HOSTS_MAX];

static entry *find(skad_host handle)
{
    entry *one = &entries[handle % SKAD_HOSTS_MAX];
    return one->host != NULL && one->generation == handle >> PLACE_BITS ? one : NULL;
}

skad_host skad_handle_new(void *host)
{
    skad_host made = 0;
    pthread_mutex_lock(&lock);
    for (unsigned i = 0; i < SKAD_HOSTS_MAX && made == 0; i++) {
        if (entries[i].host == NULL) {
            entries[i].host = host;
            entries[i].generation++;
            made = entries[i].generation << PLACE_BITS | i;
        }
    }
    pthread_mutex_unlock(&lock);
    return made;
}

void skad_handle_free(skad_host handle)
{
    pthread_mutex_lock(&lock);
    entry *one = find(handle);
    if (one != NULL) {
        one->host = NULL;
    }
    pthread_mutex_unlock(&lock);
}

void *skad_handle_hold(skad_host handle)
{
    pthread_mutex_lock(&lock);
    const entry *one = find(handle);
    return one == NULL ? NULL : one->host;
}

void skad_handle_release(void)
{
    pthread_mutex_unlock(&lock);
}

void *skad_handle_find(skad_host handle)
{
    void *host = skad_handle_hold(handle);
    skad_handle_release();
    return host;
}
