/* A node with all that it needs of a machine: sockets, a folder with its identity, peers and
 * records, names to join through, puzzles that are renewed in the background. It fits any loop:
 *
 *      skad_host_config config;
 *      skad_host host;
 *      skad_host_config_init(&config);
 *      skad_host_open(&config, &host, &failure);
 *      for (;;) {
 *          struct pollfd ready = {.fd = skad_host_fd(host), .events = POLLIN};
 *          poll(&ready, 1, -1);
 *          skad_host_step(host);
 *      }
 *
 * The descriptor is readable when something came in, and when something is due, so it is all that a
 * program has to watch; skad_host_deadline_us is for programs that would rather keep the time
 * themselves. Nothing blocks but skad_host_open, which may make an identity, and the calls that say
 * that they wait.
 *
 * A host belongs to one thread, at first to the one that opened it: other threads get
 * SKAD_ERR_THREAD. They may use skad_host_call, and skad_host_own takes a host over. A handle that
 * was closed is never used again: calls with it get SKAD_ERR_CLOSED.
 *
 * Errors of all calls with a host: SKAD_ERR_CLOSED, SKAD_ERR_THREAD. After each error
 * skad_host_error says in a sentence which argument was wrong, or what to do. */
#ifndef SKAD_HOST_H
#define SKAD_HOST_H

#include "skad/compiler.h"
#include "skad/event.h"
#include "skad/failure.h"
#include "skad/log.h"
#include "skad/node.h"
#include "skad/records.h"
#include "skad/status.h"
#include "skad/store.h"
#include "skad/text.h"

SKAD_BEGIN

/* Names a host; 0 names none. A value: copy it freely. */
typedef uint64_t skad_host;

/* ---- Opening ---- */

typedef struct skad_host_config {
    size_t size; /* of this struct, by skad_host_config_init: later versions add to its end */

    const char *profile; /* the network: "public", "test", or the path of a profile's file
                            (docs/profiles.md) */
    const char *folder;  /* for identity, peers and records; made (0700) if it is missing, but not
                            the folder above it. NULL: all is in memory, with a new identity */

    const char *const *listen; /* "192.0.2.1:4700", "[::]:0": one for each family at most */
    size_t listen_count;       /* 0: all addresses, port 4700 */
    const char *const *join;   /* nodes of the network: "192.0.2.1:4700", "[2001:db8::1]:4700",
                                  "node.example.org:4700" */
    size_t join_count;         /* 0..32; 0: the node waits to be found, unless it knows peers */

    skad_role role;       /* what the node is to others; AUTO by skad_host_config_init */
    int workers;          /* threads for signatures, 0..64; 0: the thread that steps makes them;
                             -1: one less than the processors, 8 at most */
    bool peer_sockets;    /* a socket for each peer that is asked, so that a flood of the port costs
                             no answers: 32 descriptors for each family */
    uint32_t solve_share; /* percent of a processor that puzzles take while it runs, 1..100; 0: all
                             that no other thread wants */
    skad_store_caps store; /* of the records; all zero: 1 GiB for the network, 256 MiB its own */

    /* The first identity of a network takes work: of `public` a minute of all processors. Both may
     * be NULL. */
    const skad_flag *stop; /* raised by another thread or a signal handler, it ends the opening:
                              SKAD_ERR_STOPPED */
    skad_solve_progress progress;

    /* Each event as it happens, on the thread that steps; the event's pointers are borrowed for the
     * call. It may call the host, but not close it. NULL: events wait for skad_host_poll_event. */
    void (*event)(void *user, skad_host host, const skad_event *event);
    /* What the operator of the node should know, one sentence each; NULL: it is not told. */
    void (*log)(void *user, skad_log_level level, const char *text);
    skad_log_level log_least; /* the least level that is told */
    /* The time, for programs that have one of their own; it never goes back. NULL: the system's.
     * Otherwise the descriptor is not readable at deadlines. */
    skad_time (*clock)(void *user);
    void *user; /* passed to the four functions */

    bool port_mapping; /* asks the gateway to let the port in, by PCP or NAT-PMP, unless the role is
                          CLIENT; false by skad_host_config_init (docs/port-mapping.md) */

    bool local_discovery; /* looks for nodes of the network on the links of this machine, by
                             multicast (docs/local-discovery.md); only in a profile that allows
                             private addresses */

    uint64_t audit_period_s; /* of a round of storage audits, the same in all nodes of the network:
                                30..86400; 0: none (docs/core/audit.md) */
} skad_host_config;

/* Fills in what a node of the public network needs that joins through no other: set what is to be
 * different. */
void skad_host_config_init(skad_host_config *config);

/* Opens a node. The config and what it points to are copied, but for `stop`, which is borrowed for
 * the call, and `user`. Errors, each with a sentence in *failure (which may be NULL):
 * SKAD_ERR_INPUT (the sentence names the member of the config), SKAD_ERR_VERSION (a config of a
 * later version that uses what this one lacks), SKAD_ERR_STOPPED, SKAD_ERR_FULL (64 hosts of this
 * process are open), SKAD_ERR_IO (all else that the system refuses, a folder in use included). */
SKAD_MUST_CHECK skad_status skad_host_open(const skad_host_config *config, skad_host *out,
                                           skad_failure *failure);

/* Keeps the peers and closes all. Operations under way end without an event. Error: SKAD_ERR_BUSY
 * (from within a callback of this host). */
skad_status skad_host_close(skad_host host);

/* Returns a sentence about the last call with this host that failed; of a host that is not open, or
 * of another thread, one that says so. Borrowed until the next call with this host. */
const char *skad_host_error(skad_host host);

/* ---- Turning ---- */

/* Returns the descriptor to wait for, for reading; -1 on error. Borrowed. */
int skad_host_fd(skad_host host);
/* Returns when the next step is due: monotonic (CLOCK_BOOTTIME, or that of the config's clock),
 * microseconds; UINT64_MAX on error. */
uint64_t skad_host_deadline_us(skad_host host);
/* Does what has come in and what is due. Harmless when called early. */
skad_status skad_host_step(skad_host host);

/* Returns the next event, if any waits. Its pointers are borrowed until the next call of this
 * function or of skad_host_wait. Always false where the config has a function for events. */
bool skad_host_poll_event(skad_host host, skad_event *out);
/* Returns how many events were lost: 1024 wait, and of more the oldest are dropped. */
uint64_t skad_host_lost(skad_host host);

/* Steps until an operation has ended, for `timeout_ms` milliseconds at most (-1: each operation
 * ends by itself), and returns its event; that of a watch is its next change. Other events wait.
 * op 0: any event. Errors: SKAD_ERR_TIMEOUT; SKAD_ERR_INPUT (the config has a function for events,
 * or a clock). */
SKAD_MUST_CHECK skad_status skad_host_wait(skad_host host, skad_op op, int timeout_ms,
                                           skad_event *out);
/* Steps until the node is part of its network. Errors as above. */
SKAD_MUST_CHECK skad_status skad_host_wait_joined(skad_host host, int timeout_ms);

/* ---- Threads ---- */

/* Has the calling thread own the host from now on. The thread that owned it must have ended its
 * last call. */
skad_status skad_host_own(skad_host host);
/* Owns the host, and steps until the flag is raised: for a thread of its own. skad_host_call wakes
 * it to look. */
SKAD_MUST_CHECK skad_status skad_host_run(skad_host host, const skad_flag *stop);
/* From any thread: has `function` called with the host on the thread that steps it, soon, as a
 * callback: it may call the host, but not step or close it. NULL only wakes it. What is not called
 * yet when the host is closed is never called. Errors: SKAD_ERR_FULL (1024 wait), SKAD_ERR_MEMORY.
 */
SKAD_MUST_CHECK skad_status skad_host_call(skad_host host,
                                           void (*function)(void *user, skad_host host),
                                           void *user);

/* ---- The node ---- */

/* Returns the node, for all that skad/node.h and skad/records.h offer beyond the calls below; NULL
 * on error. Never call skad_node_receive, _tick, _poll_datagram or _poll_event, which are the
 * host's. Borrowed until the host is closed. */
skad_node *skad_host_node(skad_host host);
/* Returns the time to call the node with. */
skad_time skad_host_now(skad_host host);
/* Returns the address of a socket: the i-th of skad_host_config.listen; family NONE if there is
 * none. The port is the one that the system chose. */
skad_address skad_host_address(skad_host host, size_t i);
/* Replaces the nodes to join through, and begins anew if the node has not joined. Error:
 * SKAD_ERR_INPUT. */
SKAD_MUST_CHECK skad_status skad_host_join(skad_host host, const char *const *join, size_t count);

/* ---- Operations ----
 *
 * Each of these starts an operation, whose event has the name *op (which may be NULL). Errors of
 * all: SKAD_ERR_INPUT, SKAD_ERR_FULL (try again when one has ended), SKAD_ERR_MEMORY, SKAD_ERR_IO
 * (it was to be kept, and the disk refuses). */

/* Stores an immutable value of 1..1000 bytes: SKAD_EVENT_PUT. `keep`: the node announces it anew
 * each hour, also after a restart; otherwise it lasts for a day. *key (may be NULL) is what
 * skad_host_get finds it by. */
SKAD_MUST_CHECK skad_status skad_host_put(skad_host host, const void *value, size_t len, bool keep,
                                          skad_op *op, skad_id *key);

/* Fetches an immutable value: SKAD_EVENT_GET. */
SKAD_MUST_CHECK skad_status skad_host_get(skad_host host, const skad_id *key, skad_op *op);

/* Signs a record with the node's key and stores it: SKAD_EVENT_PUT. It is found by
 * skad_host_resolve with the node's public key (32 bytes) and the salt (0..64 bytes). A higher
 * sequence replaces a lower one. The value has 0..800 bytes; `keep` as above, and the record is
 * signed anew before it expires. */
SKAD_MUST_CHECK skad_status skad_host_publish(skad_host host, skad_span salt, const void *value,
                                              size_t len, uint64_t sequence, bool keep,
                                              skad_op *op);

/* Fetches the record of a publisher (its public key, 32 bytes) and a salt, in its highest sequence:
 * SKAD_EVENT_GET. */
SKAD_MUST_CHECK skad_status skad_host_resolve(skad_host host, const uint8_t *publisher,
                                              skad_span salt, skad_op *op);

/* Announces the node under a key, with the port of a service (0: none) at the node's own address as
 * its peers see it, and 0..128 bytes of metadata: SKAD_EVENT_PUT. More errors: SKAD_ERR_MISSING (no
 * peer has told the node its address yet). */
SKAD_MUST_CHECK skad_status skad_host_announce(skad_host host, const skad_id *key, uint16_t port,
                                               skad_span metadata, bool keep, skad_op *op);

/* Finds the nodes that are announced under a key: SKAD_EVENT_GET. */
SKAD_MUST_CHECK skad_status skad_host_providers(skad_host host, const skad_id *key, skad_op *op);

/* Reports the record of a publisher and a salt each time that it has changed, by
 * SKAD_EVENT_CHANGED, until skad_host_cancel. It is looked for every `every_s` seconds, 5 or more.
 */
SKAD_MUST_CHECK skad_status skad_host_watch(skad_host host, const uint8_t *publisher,
                                            skad_span salt, uint32_t every_s, skad_op *op);

/* The same for the nodes that are announced under a key. */
SKAD_MUST_CHECK skad_status skad_host_watch_providers(skad_host host, const skad_id *key,
                                                      uint32_t every_s, skad_op *op);

/* Stores what can be read from a descriptor, to its end, as a file of any size: a tree of immutable
 * values (docs/files.md), under the key *key (may be NULL). It steps until all is stored, for
 * `timeout_ms` milliseconds at most (-1: as long as it takes); reading waits as the descriptor
 * does. Errors: SKAD_ERR_TIMEOUT; SKAD_ERR_IO (reading, or the network refuses a piece);
 * SKAD_ERR_INPUT (as skad_host_wait). What was stored by then stays for a day. */
SKAD_MUST_CHECK skad_status skad_host_put_file(skad_host host, int from_fd, bool keep,
                                               int timeout_ms, skad_id *key);
/* Fetches a file by its key and writes it to a descriptor, in order, each piece once it is
 * verified; *bytes (may be NULL) is how many. More errors: SKAD_ERR_MISSING (a piece was not
 * found), SKAD_ERR_FORMAT (what is there is not a file). */
SKAD_MUST_CHECK skad_status skad_host_get_file(skad_host host, const skad_id *key, int to_fd,
                                               int timeout_ms, uint64_t *bytes);

/* Forgets an operation or a watch: no event of it comes any more. */
skad_status skad_host_cancel(skad_host host, skad_op op);

SKAD_END

#endif
