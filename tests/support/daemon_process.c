#define _GNU_SOURCE /* sched_setaffinity */
#include "tests/support/daemon_process.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crypto/assert.h"
#include "proto/profile.h"
#include "tests/support/identities.h"

#define GREETINGS     200
#define GREET_WAIT_US 20000 /* the port is not open yet */

uint16_t daemon_free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t len = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool bound = fd >= 0 && bind(fd, (const struct sockaddr *)&address, sizeof address) == 0 &&
                 getsockname(fd, (struct sockaddr *)&address, &len) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return bound ? ntohs(address.sin_port) : 0;
}

pid_t daemon_start(const char *binary, const char *dir, uint16_t port, int processor)
{
    char listen[32];
    (void)snprintf(listen, sizeof listen, "127.0.0.1:%u", port);
    pid_t pid = fork();
    if (pid != 0) {
        return pid;
    }
    if (processor >= 0) {
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET((unsigned)processor, &set);
        (void)sched_setaffinity(0, sizeof set, &set);
    }
    if (freopen("/dev/null", "w", stderr) == NULL) {
        _exit(126);
    }
    execl(binary, binary, "run", "--profile", "test", "--dir", dir, "--listen", listen,
          (char *)NULL);
    _exit(127);
}

void daemon_end(pid_t pid, int signal)
{
    kill(pid, signal);
    waitpid(pid, NULL, 0);
}

void daemon_remove_dir(const char *dir)
{
    DIR *folder = opendir(dir);
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        (void)unlinkat(dirfd(folder), entry->d_name, 0);
    }
    if (folder != NULL) {
        closedir(folder);
    }
    (void)rmdir(dir);
}

int daemon_connect(uint16_t port, unsigned patience_ms)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) != 0) {
        close(fd);
        return -1;
    }
    struct timeval patience = {.tv_sec = patience_ms / 1000,
                               .tv_usec = (long)(patience_ms % 1000) * 1000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    int bytes = 4 << 20;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
    return fd;
}

bool daemon_peer_open(daemon_peer *peer, uint32_t number, uint16_t port, unsigned patience_ms)
{
    const skad_profile *profile = skad_profile_builtin("test");
    memset(peer, 0, sizeof *peer);
    peer->identity = test_identity(profile, number);
    uint32_t epoch = skad_profile_epoch(profile, (uint64_t)time(NULL));
    peer->identity.nonces[0] = test_nonce(profile, &peer->identity.id, epoch);
    peer->identity.nonces_count = 1;
    skad_profile_network_key(profile, peer->network_key);
    peer->fd = daemon_connect(port, patience_ms);
    return peer->fd >= 0;
}

void daemon_peer_close(daemon_peer *peer)
{
    close(peer->fd);
}

static void seal(const daemon_peer *peer, const skad_draft_fields *fields, skad_draft *out)
{
    const skad_sealer sealer = {.identity = &peer->identity,
                                .nonce = &peer->identity.nonces[0],
                                .network_key = peer->network_key};
    skad_draft *drafts[] = {out};
    skad_status status = skad_draft_write(&sealer, fields, out);
    SKAD_ASSERT(status == SKAD_OK);
    skad_seal(&sealer, drafts, 1);
}

void daemon_peer_seal(const daemon_peer *peer, const skad_message *message, uint64_t rpc_id,
                      skad_draft *out)
{
    const skad_draft_fields fields = {.message = message,
                                      .rpc_id = (const uint8_t *)&rpc_id,
                                      .recipient = &peer->daemon,
                                      .token = peer->token};
    seal(peer, &fields, out);
}

bool daemon_peer_greet(daemon_peer *peer)
{
    static const skad_id anybody = {{0}};
    const skad_message ping = {.kind = SKAD_KIND_PING};
    for (uint64_t attempt = 0; attempt < GREETINGS; attempt++) {
        skad_draft draft;
        const skad_draft_fields fields = {.message = &ping,
                                          .rpc_id = (const uint8_t *)&attempt,
                                          .recipient = &anybody,
                                          .bytes_min = SKAD_FIRST_CONTACT_BYTES};
        seal(peer, &fields, &draft);
        uint8_t bytes[SKAD_DATAGRAM_BYTES_MAX];
        skad_envelope envelope;
        if (send(peer->fd, draft.bytes, draft.len, 0) < 0) {
            usleep(GREET_WAIT_US);
            continue;
        }
        ssize_t got = recv(peer->fd, bytes, sizeof bytes, 0);
        if (got < 0 && errno == ECONNREFUSED) {
            usleep(GREET_WAIT_US);
        } else if (got > SKAD_TAG_BYTES &&
                   skad_envelope_decode(bytes + SKAD_TAG_BYTES, (size_t)got - SKAD_TAG_BYTES,
                                        &envelope) == SKAD_VERDICT_ACCEPT &&
                   envelope.kind == SKAD_KIND_PONG && envelope.token != NULL &&
                   envelope.id != NULL) {
            peer->daemon = *envelope.id;
            memcpy(peer->token, envelope.token, SKAD_TOKEN_BYTES);
            return true;
        }
    }
    return false;
}

bool daemon_peer_receive(const daemon_peer *peer, int flags, daemon_answer *out)
{
    skad_envelope envelope;
    ssize_t got = recv(peer->fd, out->bytes, sizeof out->bytes, flags);
    if (got <= SKAD_TAG_BYTES ||
        skad_envelope_decode(out->bytes + SKAD_TAG_BYTES, (size_t)got - SKAD_TAG_BYTES,
                             &envelope) != SKAD_VERDICT_ACCEPT) {
        return false;
    }
    memcpy(&out->rpc_id, envelope.rpc_id, sizeof out->rpc_id);
    return skad_message_decode(envelope.kind, envelope.body.data, envelope.body.len, &out->message);
}
