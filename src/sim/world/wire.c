#include "src/sim/world/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <stdlib.h>

#include "src/sim/base/memory.h"

#define SPARE_DESCRIPTORS 64
#define READY_MAX         64

/* A flight as it lies in memory: both ends are this process. */
#define HEAD_BYTES  offsetof(skad_sim_flight, bytes)
#define FRAME_BYTES (HEAD_BYTES + SKAD_DATAGRAM_BYTES_MAX)

struct skad_sim_wire {
    int epoll;
    int *sockets;
    uint16_t *ports; /* of each, as the network has them */
    bool *own;       /* by port: one of ours is bound to it */
    uint32_t count;
    uint64_t began_us; /* of the machine's clock, at the world's zero; 0: not begun */
    uint32_t ready[READY_MAX];
    size_t ready_count;
    _Alignas(skad_sim_flight) uint8_t frame[FRAME_BYTES + 1];
};

static struct sockaddr_in loopback(uint16_t port)
{
    return (struct sockaddr_in){
        .sin_family = AF_INET, .sin_port = port, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
}

static uint64_t clock_us(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SKAD_US_PER_S + (uint64_t)now.tv_nsec / 1000;
}

/* ---- Sockets ---- */

static void raise_descriptors(uint32_t nodes)
{
    struct rlimit limit;
    const rlim_t wanted = nodes + SPARE_DESCRIPTORS;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

static bool open_socket(skad_sim_wire *wire, uint32_t node)
{
    struct sockaddr_in address = loopback(0);
    socklen_t len = sizeof address;
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = node};
    int one = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    wire->sockets[node] = one;
    if (one < 0 || bind(one, (struct sockaddr *)&address, sizeof address) != 0 ||
        getsockname(one, (struct sockaddr *)&address, &len) != 0 ||
        epoll_ctl(wire->epoll, EPOLL_CTL_ADD, one, &event) != 0) {
        return false;
    }
    wire->ports[node] = address.sin_port;
    wire->own[address.sin_port] = true;
    return true;
}

skad_sim_wire *skad_sim_wire_new(uint32_t nodes, char reason[static SKAD_SIM_REASON_BYTES])
{
    skad_sim_wire *wire = skad_sim_alloc(1, sizeof *wire);
    wire->sockets = skad_sim_alloc(nodes, sizeof *wire->sockets);
    wire->ports = skad_sim_alloc(nodes, sizeof *wire->ports);
    wire->own = skad_sim_alloc(UINT16_MAX + 1, sizeof *wire->own);
    raise_descriptors(nodes);
    wire->epoll = epoll_create1(EPOLL_CLOEXEC);
    bool good = wire->epoll >= 0;
    while (good && wire->count < nodes) {
        good = open_socket(wire, wire->count);
        wire->count++;
    }
    if (!good) {
        (void)skad_sim_reason(reason,
                              "live = yes: cannot open %u sockets (%s): give fewer nodes, or "
                              "raise 'ulimit -n'",
                              (unsigned)nodes, strerror(errno));
        skad_sim_wire_free(wire);
        return NULL;
    }
    return wire;
}

void skad_sim_wire_free(skad_sim_wire *wire)
{
    if (wire == NULL) {
        return;
    }
    for (uint32_t i = 0; i < wire->count; i++) {
        if (wire->sockets[i] >= 0) {
            (void)close(wire->sockets[i]);
        }
    }
    if (wire->epoll >= 0) {
        (void)close(wire->epoll);
    }
    free(wire->sockets);
    free(wire->ports);
    free(wire->own);
    free(wire);
}

uint16_t skad_sim_wire_port(const skad_sim_wire *wire, uint32_t node)
{
    return wire->ports[node];
}

uint64_t skad_sim_wire_now_us(skad_sim_wire *wire, uint64_t world_us)
{
    const uint64_t now_us = clock_us();
    if (wire->began_us == 0) {
        wire->began_us = now_us - world_us; /* may wrap, and back below */
    }
    return now_us - wire->began_us;
}

/* ---- Datagrams ---- */

bool skad_sim_wire_send(skad_sim_wire *wire, uint32_t to, const skad_sim_flight *flight)
{
    const struct sockaddr_in address = loopback(wire->ports[to]);
    const size_t len = HEAD_BYTES + flight->len;
    return sendto(wire->sockets[to], flight, len, 0, (const struct sockaddr *)&address,
                  sizeof address) == (ssize_t)len;
}

/* NULL: there is none, or it is none of ours. */
static const skad_sim_flight *take(skad_sim_wire *wire, uint32_t node)
{
    const skad_sim_flight *flight = (const skad_sim_flight *)(const void *)wire->frame;
    struct sockaddr_in from = {0};
    socklen_t from_len = sizeof from;
    const ssize_t len = recvfrom(wire->sockets[node], wire->frame, sizeof wire->frame, 0,
                                 (struct sockaddr *)&from, &from_len);
    return len > (ssize_t)HEAD_BYTES && (size_t)len == HEAD_BYTES + flight->len &&
                   from.sin_addr.s_addr == htonl(INADDR_LOOPBACK) && wire->own[from.sin_port]
               ? flight
               : NULL;
}

const skad_sim_flight *skad_sim_wire_receive(skad_sim_wire *wire, int wait_ms)
{
    const skad_sim_flight *flight = NULL;
    if (wire->ready_count == 0) {
        struct epoll_event events[READY_MAX];
        const int count = epoll_wait(wire->epoll, events, READY_MAX, wait_ms);
        for (int i = count - 1; i >= 0; i--) {
            wire->ready[wire->ready_count++] = events[i].data.u32;
        }
    }
    while (flight == NULL && wire->ready_count > 0) {
        flight = take(wire, wire->ready[--wire->ready_count]);
    }
    return flight;
}
