/* A small network of hosts (skad/host.h) on loopback, each on a thread of its own. */
#ifndef SKAD_TESTS_HOSTS_H
#define SKAD_TESTS_HOSTS_H

#include <pthread.h>

#include "skad/host.h"

#define TEST_HOSTS 4

typedef struct test_hosts {
    skad_host hosts[TEST_HOSTS];
    pthread_t threads[TEST_HOSTS];
    skad_flag stop;
    char first[SKAD_ADDRESS_TEXT_BYTES]; /* where the first one listens */
} test_hosts;

/* Fills in a config of the test network on loopback that joins through `first`; NULL: through no
 * node. What it points to stays valid until the next call. */
void test_host_config(const char *first, skad_host_config *out);

void test_hosts_start(test_hosts *self);
void test_hosts_stop(test_hosts *self);

#endif
