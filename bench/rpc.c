/* How fast one node answers signed requests, beside what libsodium alone can do.
 *
 *   build/bench_rpc            in process: receive, open, handle, seal; no sockets
 *   build/bench_rpc build/skad the same, then over loopback UDP against a real daemon
 *
 * Each round times raw signing, raw verifying and the node right after one another, so that the
 * ratio holds although the machine's speed drifts; the medians over all rounds are printed. */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/measure.h"
#include "crypto/keys.h"
#include "proto/profile.h"
#include "src/core/state.h"

#define ROUNDS          25
#define CALLS           ((size_t)200) /* of each kind in a round */
#define PEERS           300
#define UDP_REQUESTS    24000
#define UDP_WINDOW      64
#define UDP_PATIENCE_MS 500

/* Digests and their signatures, all different, as a node meets them: checking the same one again
 * and again would teach it to the processor's branch predictor. */
typedef struct signed_digests {
    uint8_t digests[CALLS][SKAD_HASH_BYTES];
    uint8_t signatures[CALLS][SKAD_SIGNATURE_BYTES];
} signed_digests;

static double rate_sign(const skad_identity *identity, signed_digests *signed_ones, uint64_t seed)
{
    for (uint64_t i = 0; i < CALLS; i++) {
        uint64_t number[] = {seed, i};
        skad_hash_one(SKAD_HASH_VALUE, (const uint8_t *)number, sizeof number,
                      signed_ones->digests[i]);
    }
    double start = bench_cpu_s();
    for (size_t i = 0; i < CALLS; i++) {
        skad_sign(SKAD_SIGN_DATAGRAM, signed_ones->digests[i], identity->secret_key,
                  signed_ones->signatures[i]);
    }
    return (double)CALLS / (bench_cpu_s() - start);
}

static double rate_verify(const skad_identity *identity, const signed_digests *signed_ones)
{
    size_t good = 0;
    double start = bench_cpu_s();
    for (size_t i = 0; i < CALLS; i++) {
        good += skad_verify(SKAD_SIGN_DATAGRAM, signed_ones->digests[i], identity->public_key,
                            signed_ones->signatures[i]);
    }
    double rate = (double)CALLS / (bench_cpu_s() - start);
    return good == CALLS ? rate : 0;
}

/* Requests answered a second; answers are polled after every `burst` requests, so a burst above one
 * shows what signing in batches gains. */
static double rate_node(skad_node *node, const bench_client *client, const skad_draft *requests,
                        size_t burst)
{
    static skad_datagram answer;
    size_t answered = 0;
    double start = bench_cpu_s();
    for (size_t i = 0; i < CALLS; i++) {
        skad_node_receive(node, requests[i].bytes, requests[i].len, &client->address, node->now);
        if ((i + 1) % burst == 0) {
            while (skad_node_poll_datagram(node, &answer)) {
                answered += answer.len > 0;
            }
        }
    }
    double rate = (double)CALLS / (bench_cpu_s() - start);
    return answered == CALLS ? rate : 0;
}

static void make_requests(const skad_node *node, const bench_client *client, uint64_t first,
                          skad_draft *requests)
{
    uint8_t token[SKAD_TOKEN_BYTES];
    skad_token_make(node->token_key, &client->address, &client->identity.id, node->now.mono_us,
                    token);
    for (uint64_t i = 0; i < CALLS; i++) {
        bench_find_node(client, &node->identity.id, token, first + i, &requests[i]);
    }
}

static void bench_in_process(void)
{
    static skad_draft requests[CALLS];
    static signed_digests signed_ones;
    static double sign[ROUNDS], verify[ROUNDS], plain[ROUNDS], batched[ROUNDS];
    static double ratio[ROUNDS], ratio_batched[ROUNDS];
    skad_identity identity;
    skad_store store;
    bench_client client;
    skad_node *node = bench_node(PEERS, &identity, &store);
    bench_client_init(&client, 2);
    for (size_t round = 0; round < ROUNDS; round++) {
        sign[round] = rate_sign(&client.identity, &signed_ones, round);
        verify[round] = rate_verify(&client.identity, &signed_ones);
        make_requests(node, &client, 2 * CALLS * round, requests);
        plain[round] = rate_node(node, &client, requests, 1);
        make_requests(node, &client, 2 * CALLS * round + CALLS, requests);
        batched[round] = rate_node(node, &client, requests, 10);
        double floor = 1 / (1 / sign[round] + 1 / verify[round]);
        ratio[round] = plain[round] / floor;
        ratio_batched[round] = batched[round] / floor;
    }
    printf("libsodium sign                 %9.0f /s\n", bench_median(sign, ROUNDS));
    printf("libsodium verify               %9.0f /s\n", bench_median(verify, ROUNDS));
    printf("FIND_NODE in process           %9.0f /s  ratio to 1/(1/sign + 1/verify) %.3f\n",
           bench_median(plain, ROUNDS), bench_median(ratio, ROUNDS));
    printf("FIND_NODE in process, by tens  %9.0f /s  ratio %.3f (answers signed in batches)\n",
           bench_median(batched, ROUNDS), bench_median(ratio_batched, ROUNDS));
    skad_node_free(node);
    store.ops->free(store.self);
}

/* ---- Over UDP ---- */

static int connect_to(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        perror("bench_rpc: socket");
        exit(1);
    }
    struct timeval patience = {.tv_usec = UDP_PATIENCE_MS * 1000L};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    int bytes = 4 << 20;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    return fd;
}

static uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) != 0) {
        perror("bench_rpc: no free port");
        exit(1);
    }
    close(fd);
    return ntohs(address.sin_port);
}

static pid_t start_daemon(const char *binary, const char *dir, uint16_t port)
{
    char listen[32];
    (void)snprintf(listen, sizeof listen, "127.0.0.1:%u", port);
    pid_t pid = fork();
    if (pid == 0) {
        bench_pin(0);
        if (freopen("/dev/null", "w", stderr) == NULL) {
            _exit(126);
        }
        execl(binary, binary, "run", "--profile", "test", "--dir", dir, "--listen", listen,
              (char *)NULL);
        _exit(127);
    }
    return pid;
}

/* A hello, repeated until the daemon is up: learns its ID and a token. */
static bool greet(int fd, const bench_client *client, skad_id *server,
                  uint8_t token[static SKAD_TOKEN_BYTES])
{
    static const skad_id anybody = {{0}};
    skad_message ping = {.kind = SKAD_KIND_PING};
    skad_sealer sealer = {.identity = &client->identity,
                          .nonce = &client->identity.nonces[0],
                          .network_key = client->network_key};
    for (uint64_t attempt = 0; attempt < 40; attempt++) {
        skad_draft draft;
        skad_draft *drafts[] = {&draft};
        skad_draft_fields fields = {.message = &ping,
                                    .rpc_id = (const uint8_t *)&attempt,
                                    .recipient = &anybody,
                                    .bytes_min = SKAD_FIRST_CONTACT_BYTES};
        if (skad_draft_write(&sealer, &fields, &draft) != SKAD_OK) {
            return false;
        }
        skad_seal(&sealer, drafts, 1);
        (void)!send(fd, draft.bytes, draft.len, 0);
        uint8_t bytes[SKAD_DATAGRAM_BYTES_MAX];
        ssize_t got = recv(fd, bytes, sizeof bytes, 0);
        skad_envelope envelope;
        if (got < 0) {
            usleep(errno == ECONNREFUSED ? 100000 : 0);
        } else if (got > SKAD_TAG_BYTES &&
                   skad_envelope_decode(bytes + SKAD_TAG_BYTES, (size_t)got - SKAD_TAG_BYTES,
                                        &envelope) == SKAD_VERDICT_ACCEPT &&
                   envelope.kind == SKAD_KIND_PONG && envelope.token != NULL) {
            skad_node_id(envelope.public_key, server);
            memcpy(token, envelope.token, SKAD_TOKEN_BYTES);
            return true;
        }
    }
    return false;
}

/* Requests answered a second by the daemon, on its own processor, with UDP_WINDOW under way. */
static double rate_udp(int fd, const skad_draft *requests, size_t *lost)
{
    size_t sent = 0;
    size_t answered = 0;
    uint8_t bytes[SKAD_DATAGRAM_BYTES_MAX];
    double start = bench_wall_s();
    while (answered + *lost < UDP_REQUESTS) {
        while (sent < UDP_REQUESTS && sent - answered - *lost < UDP_WINDOW) {
            (void)!send(fd, requests[sent].bytes, requests[sent].len, 0);
            sent++;
        }
        if (recv(fd, bytes, sizeof bytes, 0) > SKAD_DATAGRAM_BYTES_MIN) {
            answered++;
        } else {
            *lost += sent - answered - *lost;
        }
    }
    return (double)answered / (bench_wall_s() - start);
}

/* The same exchange without any of our code on the other side: each datagram comes back as it is.
 */
static pid_t start_echo(uint16_t port)
{
    pid_t pid = fork();
    if (pid != 0) {
        return pid;
    }
    bench_pin(0);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        _exit(1);
    }
    alarm(60); /* ends by itself should the parent vanish */
    for (;;) {
        uint8_t bytes[SKAD_DATAGRAM_BYTES_MAX];
        struct sockaddr_in from;
        socklen_t len = sizeof from;
        ssize_t got = recvfrom(fd, bytes, sizeof bytes, 0, (struct sockaddr *)&from, &len);
        if (got > 0) {
            (void)!sendto(fd, bytes, (size_t)got, 0, (const struct sockaddr *)&from, len);
        }
    }
}

static void end_process(pid_t pid)
{
    kill(pid, SIGTERM);
    waitpid(pid, NULL, 0);
}

/* The daemon's folder, with what it keeps there. */
static void remove_dir(const char *dir)
{
    static const char *const files[] = {"identity", "peers", "control.sock"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        char path[64];
        (void)snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(dir);
}

static int bench_udp(const char *binary)
{
    char dir[] = "/tmp/skad-bench-XXXXXX";
    if (mkdtemp(dir) == NULL) {
        perror("bench_rpc: temporary folder");
        return 1;
    }
    skad_draft *requests = malloc(UDP_REQUESTS * sizeof *requests);
    if (requests == NULL) {
        return 1;
    }
    bench_client client;
    uint16_t port = free_port();
    pid_t daemon = start_daemon(binary, dir, port);
    bench_pin(1);
    int fd = connect_to(port);
    skad_id server;
    uint8_t token[SKAD_TOKEN_BYTES];
    /* The daemon keeps wall-clock time, so the nonce must be of today's epoch. */
    bench_client_today(&client, 3);
    bool greeted = greet(fd, &client, &server, token);
    for (uint64_t i = 0; greeted && i < UDP_REQUESTS; i++) {
        bench_find_node(&client, &server, token, i, &requests[i]);
    }
    size_t lost = 0;
    double rate = greeted ? rate_udp(fd, requests, &lost) : 0;
    end_process(daemon);
    close(fd);

    uint16_t echo_port = free_port();
    pid_t echo = start_echo(echo_port);
    usleep(100000);
    fd = connect_to(echo_port);
    size_t echo_lost = 0;
    double echo_rate = greeted ? rate_udp(fd, requests, &echo_lost) : 0;
    end_process(echo);
    close(fd);
    free(requests);

    remove_dir(dir);
    if (!greeted) {
        (void)fprintf(stderr, "bench_rpc: the daemon did not answer\n");
        return 1;
    }
    printf("FIND_NODE over loopback UDP    %9.0f /s  (%zu of %d unanswered)\n", rate, lost,
           UDP_REQUESTS);
    printf("raw UDP echo, same requests    %9.0f /s\n", echo_rate);
    return 0;
}

int main(int argc, char **argv)
{
    bench_pin(0);
    bench_in_process();
    return argc > 1 ? bench_udp(argv[1]) : 0;
}
