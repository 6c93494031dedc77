/* A real daemon in a process of its own, and a peer of it on a plain blocking socket: for what only
 * the whole program can show. Of the profile "test", on 127.0.0.1. */
#ifndef SKAD_TESTS_DAEMON_PROCESS_H
#define SKAD_TESTS_DAEMON_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "proto/seal.h"

/* Who talks to the daemon. */
typedef struct daemon_peer {
    skad_identity identity; /* with a nonce of today's epoch */
    uint8_t network_key[SKAD_HASH_BYTES];
    int fd; /* a UDP socket, connected to the daemon */
    skad_id daemon;
    uint8_t token[SKAD_TOKEN_BYTES]; /* that the daemon granted */
} daemon_peer;

/* A UDP port that was free a moment ago; 0 on failure. */
uint16_t daemon_free_port(void);

/* Starts `binary run` in a folder; `processor`: on that one only, -1: on any. -1 on failure. */
pid_t daemon_start(const char *binary, const char *dir, uint16_t port, int processor);

/* Ends a process by a signal and waits for it. */
void daemon_end(pid_t pid, int signal);

/* Removes a daemon's folder and the files in it. */
void daemon_remove_dir(const char *dir);

/* A socket whose recv gives up after so long; -1 on failure. */
int daemon_connect(uint16_t port, unsigned patience_ms);

/* Identity number `number`, connected, nobody greeted yet. */
bool daemon_peer_open(daemon_peer *peer, uint32_t number, uint16_t port, unsigned patience_ms);
void daemon_peer_close(daemon_peer *peer);

/* Says hello until the daemon is up and answers: learns its ID and a token. */
bool daemon_peer_greet(daemon_peer *peer);

/* A request, sealed; rpc_id: 8 bytes. Fails the program where it cannot be encoded. */
void daemon_peer_seal(const daemon_peer *peer, const skad_message *message, uint64_t rpc_id,
                      skad_draft *out);

/* Waits for one datagram and takes it apart; false after the patience, or for what is no envelope.
 * The message borrows from `bytes`. */
typedef struct daemon_answer {
    uint8_t bytes[SKAD_DATAGRAM_BYTES_MAX];
    uint64_t rpc_id;
    skad_message message;
} daemon_answer;

bool daemon_peer_receive(const daemon_peer *peer, int flags, daemon_answer *out);

#endif
