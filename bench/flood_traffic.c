#define _GNU_SOURCE /* sendmmsg, in_pktinfo */
#include "bench/flood_traffic.h"

#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "crypto/assert.h"
#include "crypto/random.h"

#define PATIENCE_MS   500
#define LIFE_S        180 /* if it is not ended before */
#define BATCH         64
#define REQUEST_BYTES 512 /* no FIND_NODE is longer, padded or not */

/* Few enough for the kernel to drop answers at once, because they are not read. */
#define DEAF_BYTES 1

static struct sockaddr_in inet_name(uint32_t address, uint16_t port)
{
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(port)};
    name.sin_addr.s_addr = htonl(address);
    return name;
}

/* ---- Peers ---- */

static int bound_socket(uint32_t source, uint16_t port)
{
    const struct sockaddr_in from = inet_name(source, 0);
    const struct sockaddr_in to = inet_name(INADDR_LOOPBACK, port);
    const struct timeval patience = {.tv_usec = PATIENCE_MS * 1000L};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && (bind(fd, (const struct sockaddr *)&from, sizeof from) != 0 ||
                    connect(fd, (const struct sockaddr *)&to, sizeof to) != 0 ||
                    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

bool flood_peer_open(daemon_peer *peer, uint32_t number, uint32_t source, uint16_t port)
{
    if (!daemon_peer_open(peer, number, port, PATIENCE_MS)) {
        return false;
    }
    close(peer->fd);
    peer->fd = bound_socket(source, port);
    return peer->fd >= 0;
}

void flood_seal(const daemon_peer *peer, const flood_request *request, skad_draft *out)
{
    static const skad_id any_node = {{0}};
    const skad_sealer sealer = {.identity = &peer->identity,
                                .nonce = &peer->identity.nonces[0],
                                .network_key = peer->network_key};
    const skad_draft_fields fields = {.message = request->message,
                                      .rpc_id = (const uint8_t *)&request->rpc_id,
                                      .recipient = request->hello ? &any_node : &peer->daemon,
                                      .token = request->validated ? peer->token : NULL,
                                      .bytes_min = request->bytes_min};
    skad_draft *drafts[] = {out};
    skad_status status = skad_draft_write(&sealer, &fields, out);
    SKAD_ASSERT(status == SKAD_OK);
    skad_seal(&sealer, drafts, 1);
}

/* ---- Datagrams made ahead ---- */

static void pool_init(flood_pool *pool, size_t count, size_t bytes_each)
{
    pool->datagrams = calloc(count, sizeof *pool->datagrams);
    pool->bytes = malloc(count * bytes_each);
    pool->count = count;
    SKAD_ASSERT(pool->datagrams != NULL && pool->bytes != NULL);
    for (size_t i = 0; i < count; i++) {
        pool->datagrams[i].iov_base = pool->bytes + i * bytes_each;
    }
}

void flood_pool_free(flood_pool *pool)
{
    free(pool->datagrams);
    free(pool->bytes);
    *pool = (flood_pool){0};
}

void flood_pool_noise(size_t count, size_t len_min, size_t len_max, flood_pool *out)
{
    const uint8_t seed[SKAD_SEED_BYTES] = {5};
    skad_random random;
    skad_random_init(&random, seed);
    pool_init(out, count, len_max);
    for (size_t i = 0; i < count; i++) {
        out->datagrams[i].iov_len = len_min + skad_random_below(&random, len_max - len_min + 1);
        skad_random_bytes(&random, out->datagrams[i].iov_base, out->datagrams[i].iov_len);
    }
}

/* Changes the lowest bit of the signature's S, its second half: one of the highest would make it
 * larger than the group's order, which is refused without any arithmetic. */
static void forge(const daemon_peer *peer, skad_draft *draft)
{
    draft->bytes[draft->len - SKAD_SIGNATURE_BYTES / 2] ^= 1;
    skad_tag_make(peer->network_key, &draft->recipient, draft->bytes + SKAD_TAG_BYTES,
                  (size_t)draft->len - SKAD_TAG_BYTES, draft->bytes);
}

void flood_pool_requests(const daemon_peer *peer, size_t count, bool validated, bool forged,
                         flood_pool *out)
{
    skad_message message = {.kind = SKAD_KIND_FIND_NODE};
    message.u.find_node.want = SKAD_FAMILIES_ALL;
    pool_init(out, count, REQUEST_BYTES);
    for (size_t i = 0; i < count; i++) {
        const flood_request request = {
            .message = &message, .rpc_id = i + 1, .validated = validated};
        skad_draft draft;
        skad_hash_one(SKAD_HASH_VALUE, (const uint8_t *)&i, sizeof i,
                      message.u.find_node.target.bytes);
        flood_seal(peer, &request, &draft);
        if (forged) {
            forge(peer, &draft);
        }
        SKAD_ASSERT(draft.len <= REQUEST_BYTES);
        memcpy(out->datagrams[i].iov_base, draft.bytes, draft.len);
        out->datagrams[i].iov_len = draft.len;
    }
}

/* ---- The flooder ---- */

flood_counter *flood_counter_new(void)
{
    void *memory = mmap(NULL, sizeof(flood_counter), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

void flood_counter_free(flood_counter *counter)
{
    munmap(counter, sizeof *counter);
}

void flood_mortal(unsigned life_s)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    alarm(life_s);
}

/* The apparent source of a datagram: the address that the kernel shall put into it, which may be
 * any of 127.0.0.0/8. Addresses differ in their second byte first, so that they are spread over as
 * many prefixes of each length as there are. */
typedef struct source_control {
    _Alignas(struct cmsghdr) char bytes[CMSG_SPACE(sizeof(struct in_pktinfo))];
} source_control;

static void set_source(source_control *control, size_t number)
{
    uint32_t address = UINT32_C(0x7f000000) | (uint32_t)(1 + number % 254) << 16 |
                       (uint32_t)(1 + number / 254) << 8 | 77;
    struct in_pktinfo info = {.ipi_spec_dst.s_addr = htonl(address)};
    struct cmsghdr *header = (struct cmsghdr *)(void *)control->bytes;
    header->cmsg_len = CMSG_LEN(sizeof info);
    header->cmsg_level = IPPROTO_IP;
    header->cmsg_type = IP_PKTINFO;
    memcpy(CMSG_DATA(header), &info, sizeof info);
}

static void send_for_ever(const flood_plan *plan, int fd, flood_counter *sent)
{
    static struct mmsghdr batch[BATCH];
    static source_control sources[BATCH];
    struct sockaddr_in to = inet_name(INADDR_LOOPBACK, plan->port);
    for (size_t next = 0, source = 0;;) {
        for (size_t i = 0; i < BATCH; i++, next = (next + 1) % plan->pool->count) {
            struct msghdr *message = &batch[i].msg_hdr;
            message->msg_iov = &plan->pool->datagrams[next];
            message->msg_iovlen = 1;
            if (plan->fd < 0) {
                set_source(&sources[i], source);
                source = (source + 1) % FLOOD_SOURCES;
                message->msg_name = &to;
                message->msg_namelen = sizeof to;
                message->msg_control = &sources[i];
                message->msg_controllen = sizeof sources[i];
            }
        }
        int taken = sendmmsg(fd, batch, BATCH, 0);
        if (taken > 0) {
            atomic_fetch_add(&sent->count, (uint64_t)taken);
        }
        if (plan->pause_us > 0) {
            usleep(plan->pause_us);
        }
    }
}

bool flooder_start(const flood_plan *plan, flooder *out)
{
    out->sent = flood_counter_new();
    out->pid = out->sent == NULL ? -1 : fork();
    if (out->pid != 0) {
        return out->pid > 0;
    }
    const int deaf = DEAF_BYTES;
    flood_mortal(LIFE_S);
    int fd = plan->fd >= 0 ? plan->fd : socket(AF_INET, SOCK_DGRAM, 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &deaf, sizeof deaf);
    send_for_ever(plan, fd, out->sent);
    _exit(0);
}

uint64_t flooder_stop(flooder *self)
{
    daemon_end(self->pid, SIGKILL);
    uint64_t sent = atomic_load(&self->sent->count);
    flood_counter_free(self->sent);
    return sent;
}
