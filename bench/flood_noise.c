#define _GNU_SOURCE /* recvmmsg */
#include "bench/flood_noise.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/flood_traffic.h"
#include "bench/measure.h"

#define ROUNDS    7
#define SOURCE    UINT32_C(0x7fc80101) /* 127.200.1.1 */
#define POOL      4096
#define LEN_MAX   512
#define BATCH     64
#define LIFE_S    180
#define RCV_BYTES (1 << 20) /* as the daemon has it */

/* ---- The bare receiver ---- */

typedef struct bare {
    pid_t pid;
    uint16_t port;
    flood_counter *received; /* shared with the process */
} bare;

static void receive_for_ever(int fd, flood_counter *received)
{
    static uint8_t bytes[BATCH][SKAD_DATAGRAM_BYTES_MAX + 1];
    static struct sockaddr_storage from[BATCH];
    static struct iovec places[BATCH];
    static struct mmsghdr batch[BATCH];
    for (size_t i = 0; i < BATCH; i++) {
        places[i] = (struct iovec){bytes[i], sizeof bytes[i]};
    }
    for (;;) {
        for (size_t i = 0; i < BATCH; i++) {
            batch[i].msg_hdr = (struct msghdr){.msg_iov = &places[i],
                                               .msg_iovlen = 1,
                                               .msg_name = &from[i],
                                               .msg_namelen = sizeof from[i]};
        }
        int got = recvmmsg(fd, batch, BATCH, MSG_WAITFORONE, NULL);
        if (got > 0) {
            atomic_fetch_add(&received->count, (uint64_t)got);
        }
    }
}

static bool bare_start(bare *out)
{
    struct sockaddr_in name = {.sin_family = AF_INET};
    socklen_t len = sizeof name;
    const int bytes = RCV_BYTES;
    name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    *out = (bare){.pid = -1, .received = flood_counter_new()};
    if (fd >= 0 && out->received != NULL &&
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes) == 0 &&
        bind(fd, (const struct sockaddr *)&name, sizeof name) == 0 &&
        getsockname(fd, (struct sockaddr *)&name, &len) == 0) {
        out->port = ntohs(name.sin_port);
        out->pid = fork();
    }
    if (out->pid == 0) {
        flood_mortal(LIFE_S);
        receive_for_ever(fd, out->received);
        _exit(0);
    }
    if (fd >= 0) {
        close(fd);
    }
    return out->pid > 0;
}

/* ---- Rounds ---- */

typedef struct round {
    double sent; /* a second */
    double handled;
} round;

static uint64_t handled(flood_network *network, const bare *receiver)
{
    flood_counters counters = {0};
    if (receiver != NULL) {
        return atomic_load(&receiver->received->count);
    }
    return flood_network_counters(network, &counters) ? counters.drops[SKAD_VERDICT_TAG] : 0;
}

/* Floods the bare receiver, or the victim where there is none. */
static bool flood_once(flood_network *network, const bare *receiver, const flood_pool *pool,
                       double round_s, round *out)
{
    daemon_peer peer;
    flooder sender;
    uint16_t port = receiver != NULL ? receiver->port : network->port;
    if (!flood_peer_open(&peer, 1, SOURCE, port)) {
        return false;
    }
    const flood_plan plan = {.pool = pool, .fd = peer.fd, .port = port};
    uint64_t before = handled(network, receiver);
    double start = bench_wall_s();
    bool started = flooder_start(&plan, &sender);
    if (started) {
        usleep((useconds_t)(round_s * 1e6));
        uint64_t sent = flooder_stop(&sender);
        double took_s = bench_wall_s() - start;
        usleep(50000); /* what still waits in the socket is read within that */
        out->sent = (double)sent / took_s;
        out->handled = (double)(handled(network, receiver) - before) / took_s;
    }
    daemon_peer_close(&peer);
    return started;
}

bool flood_noise(flood_network *network, double round_s)
{
    static double ratio[ROUNDS], dropped[ROUNDS], received[ROUNDS], sent[ROUNDS], sent_bare[ROUNDS];
    flood_pool pool;
    bare receiver;
    bool ok = bare_start(&receiver);
    flood_pool_noise(POOL, SKAD_DATAGRAM_BYTES_MIN, LEN_MAX, &pool);
    for (size_t i = 0; ok && i < ROUNDS; i++) {
        round ours = {0};
        round theirs = {0};
        ok = flood_once(network, NULL, &pool, round_s, &ours) &&
             flood_once(network, &receiver, &pool, round_s, &theirs);
        dropped[i] = ours.handled;
        sent[i] = ours.sent;
        received[i] = theirs.handled;
        sent_bare[i] = theirs.sent;
        ratio[i] = ours.handled / theirs.handled;
    }
    flood_pool_free(&pool);
    if (receiver.pid > 0) {
        daemon_end(receiver.pid, SIGKILL);
    }
    if (ok) {
        printf("\nnoise of %d to %d bytes, medians of %d rounds\n", SKAD_DATAGRAM_BYTES_MIN,
               LEN_MAX, ROUNDS);
        printf("dropped by the victim %9.0f /s of %9.0f /s sent\n", bench_median(dropped, ROUNDS),
               bench_median(sent, ROUNDS));
        printf("bare recvmmsg         %9.0f /s of %9.0f /s sent\n", bench_median(received, ROUNDS),
               bench_median(sent_bare, ROUNDS));
        printf("ratio                 %9.3f\n", bench_median(ratio, ROUNDS));
    }
    return ok;
}
