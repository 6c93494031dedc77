/* The datagrams of a flooder, and how it sends them: they are made ahead, so that the flooder's
 * process only passes them to the kernel, from one address of 127.0.0.0/8 or from ten thousand. */
#ifndef SKAD_BENCH_FLOOD_TRAFFIC_H
#define SKAD_BENCH_FLOOD_TRAFFIC_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "tests/support/daemon_process.h"

#define FLOOD_SOURCES ((size_t)10000)

/* ---- Peers ---- */

/* Identity `number` on a socket bound to an address of our own (host byte order), connected to the
 * daemon; no node is greeted yet. Answers are awaited for half a second. */
bool flood_peer_open(daemon_peer *peer, uint32_t number, uint32_t source, uint16_t port);

typedef struct flood_request {
    const skad_message *message;
    uint64_t rpc_id;
    bool validated;   /* shows the token that the peer was granted */
    bool hello;       /* without the recipient's ID */
    size_t bytes_min; /* 0: no padding */
} flood_request;

void flood_seal(const daemon_peer *peer, const flood_request *request, skad_draft *out);

/* ---- Datagrams made ahead ---- */

typedef struct flood_pool {
    struct iovec *datagrams;
    uint8_t *bytes; /* of all of them */
    size_t count;
} flood_pool;

/* Random bytes of min to max length. */
void flood_pool_noise(size_t count, size_t len_min, size_t len_max, flood_pool *out);

/* FIND_NODE requests for different targets; forged: tag right, signature wrong. */
void flood_pool_requests(const daemon_peer *peer, size_t count, bool validated, bool forged,
                         flood_pool *out);

void flood_pool_free(flood_pool *pool);

/* ---- The flooder ---- */

/* Memory that is shared with children. */
typedef struct flood_counter {
    _Atomic uint64_t count;
} flood_counter;

flood_counter *flood_counter_new(void); /* NULL on failure */
void flood_counter_free(flood_counter *counter);

/* For children: they end with their parent, and after so many seconds in any case. */
void flood_mortal(unsigned life_s);

typedef struct flood_plan {
    const flood_pool *pool; /* sent in turn, again and again */
    int fd;                 /* a connected socket; -1: one for FLOOD_SOURCES addresses is opened */
    uint16_t port;
    unsigned pause_us; /* after every 64; 0: as fast as it can */
} flood_plan;

typedef struct flooder {
    pid_t pid;
    flood_counter *sent; /* shared with the process */
} flooder;

/* Forks it. It ends with us, or by itself after a few minutes. */
bool flooder_start(const flood_plan *plan, flooder *out);
uint64_t flooder_stop(flooder *self); /* returns how many datagrams the kernel took */

#endif
