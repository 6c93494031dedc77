#include "tests/support/hosts.h"

#include "crypto/assert.h"

void test_host_config(const char *first, skad_host_config *out)
{
    static const char *const listen[] = {"127.0.0.1:0"};
    static const char *join[1];
    skad_host_config_init(out);
    out->profile = "test";
    out->listen = listen;
    out->listen_count = 1;
    join[0] = first;
    out->join = join;
    out->join_count = first != NULL;
}

typedef struct seat {
    test_hosts *room;
    size_t i;
} seat;

static void *run(void *argument)
{
    const seat *self = argument;
    const skad_status status = skad_host_run(self->room->hosts[self->i], &self->room->stop);
    SKAD_ASSERT(status == SKAD_OK);
    return NULL;
}

void test_hosts_start(test_hosts *self)
{
    static seat seats[TEST_HOSTS];
    atomic_store(&self->stop, false);
    for (size_t i = 0; i < TEST_HOSTS; i++) {
        skad_host_config config;
        skad_failure failure;
        test_host_config(i == 0 ? NULL : self->first, &config);
        const skad_status opened = skad_host_open(&config, &self->hosts[i], &failure);
        SKAD_ASSERT(opened == SKAD_OK);
        if (i == 0) {
            const skad_address address = skad_host_address(self->hosts[0], 0);
            skad_address_format(&address, self->first);
        }
        seats[i] = (seat){.room = self, .i = i};
        const int error = pthread_create(&self->threads[i], NULL, run, &seats[i]);
        SKAD_ASSERT(error == 0);
    }
}

void test_hosts_stop(test_hosts *self)
{
    atomic_store(&self->stop, true);
    for (size_t i = 0; i < TEST_HOSTS; i++) {
        skad_status status = skad_host_call(self->hosts[i], NULL, NULL);
        SKAD_ASSERT(status == SKAD_OK);
        (void)pthread_join(self->threads[i], NULL);
        status = skad_host_own(self->hosts[i]);
        SKAD_ASSERT(status == SKAD_OK);
        status = skad_host_close(self->hosts[i]);
        SKAD_ASSERT(status == SKAD_OK);
    }
}
