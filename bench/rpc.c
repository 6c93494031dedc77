/* How fast one node answers signed requests, beside what libsodium alone can do.
 *
 *   build/bench_rpc            in process: receive, open, handle, seal; no sockets
 *   build/bench_rpc build/skad the same, then over loopback UDP against a real daemon
 *
 * Each round times raw signing, raw verifying and the node right after one another, so that the
 * ratio holds although the machine's speed drifts; the medians over all rounds are printed. */
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/measure.h"
#include "crypto/keys.h"
#include "proto/profile.h"
#include "src/core/node/parts.h"
#include "tests/support/daemon_process.h"

#define ROUNDS          25
#define CALLS           ((size_t)200) /* of each kind in a round */
#define PEERS           300
#define UDP_REQUESTS    24000
#define UDP_WINDOW      64
#define UDP_PATIENCE_MS 500

/* Digests and their signatures, all different, as a node meets them: with the same signature again
 * and again the processor's branch predictor would learn it. */
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
    const skad_node_parts parts = skad_node_parts_of(node);
    static skad_datagram answer;
    size_t answered = 0;
    double start = bench_cpu_s();
    for (size_t i = 0; i < CALLS; i++) {
        skad_node_receive(node, requests[i].bytes, requests[i].len, &client->address,
                          parts.env->now);
        if ((i + 1) % burst == 0) {
            while (skad_node_poll_datagram(node, &answer)) {
                answered += answer.len > 0;
            }
        }
    }
    double rate = (double)CALLS / (bench_cpu_s() - start);
    return answered == CALLS ? rate : 0;
}

static void make_requests(skad_node *node, const bench_client *client, uint64_t first,
                          skad_draft *requests)
{
    const skad_node_parts parts = skad_node_parts_of(node);
    uint8_t token[SKAD_TOKEN_BYTES];
    skad_token_make(parts.env->token_key, &client->address, &client->identity.id,
                    parts.env->now.mono_us, token);
    for (uint64_t i = 0; i < CALLS; i++) {
        bench_find_node(client, &parts.env->identity.id, token, first + i, &requests[i]);
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

/* The same exchange without our code on the other side: each datagram comes back unchanged. */
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

static void find_node(const daemon_peer *peer, uint64_t number, skad_draft *out)
{
    skad_message message = {.kind = SKAD_KIND_FIND_NODE};
    message.u.find_node.want = SKAD_FAMILIES_ALL;
    skad_hash_one(SKAD_HASH_VALUE, (const uint8_t *)&number, sizeof number,
                  message.u.find_node.target.bytes);
    daemon_peer_seal(peer, &message, number, out);
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
    uint16_t port = daemon_free_port();
    pid_t daemon = daemon_start(binary, dir, port, 0);
    bench_pin(1);
    daemon_peer peer;
    bool greeted = daemon_peer_open(&peer, 3, port, UDP_PATIENCE_MS) && daemon_peer_greet(&peer);
    for (uint64_t i = 0; greeted && i < UDP_REQUESTS; i++) {
        find_node(&peer, i, &requests[i]);
    }
    size_t lost = 0;
    double rate = greeted ? rate_udp(peer.fd, requests, &lost) : 0;
    daemon_end(daemon, SIGTERM);
    daemon_peer_close(&peer);

    uint16_t echo_port = daemon_free_port();
    pid_t echo = start_echo(echo_port);
    usleep(100000);
    int fd = daemon_connect(echo_port, UDP_PATIENCE_MS);
    size_t echo_lost = 0;
    double echo_rate = greeted ? rate_udp(fd, requests, &echo_lost) : 0;
    daemon_end(echo, SIGTERM);
    close(fd);
    free(requests);

    daemon_remove_dir(dir);
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
