/* What the files of this room share: the gateway, and an exchange, which is one request with its
 * answer.
 *
 *   read -> refused, or begun -> waits for the daemon (suspended) -> answered
 *                             -> body, piece by piece (uploads)
 *                             -> answer, piece by piece (streams, downloads)
 *
 * All runs on one thread: the server calls an exchange, or the daemon's answer does. */
#ifndef SKAD_GATEWAY_SERVE_INSIDE_H
#define SKAD_GATEWAY_SERVE_INSIDE_H

#include <signal.h>

#include <microhttpd.h>

#include "skad/node.h"
#include "skad/text.h"
#include "src/gateway/http/body.h"
#include "src/gateway/http/range.h"
#include "src/gateway/link/link.h"
#include "src/gateway/link/opener.h"
#include "src/gateway/serve/gateway.h"
#include "src/gateway/serve/guests.h"

typedef struct skad_exchange skad_exchange;

#define SKAD_SNAPSHOTS 3 /* status, health, table */

/* An answer that all who ask share, for a second. */
typedef struct skad_snapshot {
    struct skad_gateway *gateway;
    skad_control_method method;
    struct MHD_Response *response; /* NULL: none yet */
    char *text;
    size_t len;
    uint64_t at_us;
    bool asked;
    skad_exchange *waiting;
} skad_snapshot;

#define SKAD_ASSETS 5

typedef enum skad_links {
    SKAD_LINK_FOR_CALLS,
    SKAD_LINK_FOR_STREAMS,
    SKAD_LINK_FOR_FILES,
    SKAD_LINKS
} skad_links;

typedef struct skad_gateway {
    const skad_gateway_config *config;
    struct MHD_Daemon *server;
    int server_fd; /* to wait on */
    skad_opener opener;
    skad_link links[SKAD_LINKS];
    skad_guests guests;
    uint64_t now_us; /* of this turn */
    uint64_t tick_us;
    uint64_t rate_until_us;
    size_t searches; /* under way */
    size_t streams;
    skad_snapshot snapshots[SKAD_SNAPSHOTS];
    struct MHD_Response *assets[SKAD_ASSETS];
} skad_gateway;

/* Bytes on their way: to a client from the daemon. */
typedef struct skad_flow {
    char *bytes;
    size_t len;
    size_t taken;
    size_t cap;
    bool over;   /* no more comes */
    bool broken; /* and what came is not all */
} skad_flow;

struct skad_exchange {
    skad_gateway *gateway;
    struct MHD_Connection *connection;
    skad_guest *guest;
    bool begun;
    bool started;
    bool suspended;
    bool head;
    bool counted_search;
    bool counted_stream;
    skad_web_error error; /* status 0: none */
    skad_target target;
    const skad_route *route; /* NULL: none found */
    skad_control_request request;
    skad_link *link; /* of `handle` */
    uint32_t handle;
    struct MHD_Response *response; /* to be queued; NULL: not yet, or it is a shared one */
    struct MHD_Response **shared;
    bool answered;
    bool endless; /* the answer has no end of its own */
    unsigned status;
    skad_exchange *next_waiting; /* for a snapshot */
    /* Bodies. */
    uint8_t *body;
    size_t body_len;
    skad_body *kept;
    /* Streams and files. */
    skad_flow flow;
    bool size_known;
    uint64_t size;
    uint64_t moved;  /* bytes of a file that came from or went to the client */
    uint64_t window; /* of an upload: as many bytes may be sent in all */
    skad_range range;
    bool ended;   /* an upload whose last byte was sent */
    bool looking; /* a download that asks for the size first */
    uint64_t spoke_us;
};

/* ---- server.c ---- */

#define SKAD_SERVER_SPARE 64 /* connections that are on their way out; descriptors beside */

/* Begins to serve at a port, which is the server's from now on; `config` is set. The daemon is
 * reached by `connect` (src/gateway/link/link.h). False without memory. */
SKAD_MUST_CHECK bool skad_server_start(skad_gateway *self, int port, int (*connect)(void *user),
                                       void *user);
/* Waits for what comes, so many milliseconds at most, and does it. Signals of `waiting` (NULL: as
 * they are) may end the wait. */
void skad_server_turn(skad_gateway *self, int wait_ms, const sigset_t *waiting);
void skad_server_stop(skad_gateway *self);

/* ---- exchange.c ---- */

/* Stops reading from and writing to the client until skad_exchange_resume. */
void skad_exchange_suspend(skad_exchange *exchange);
void skad_exchange_resume(skad_exchange *exchange);
/* A header of the request, or NULL. */
const char *skad_exchange_header(const skad_exchange *exchange, const char *name);
/* Begins a call at the daemon. False: the error of the exchange says why. */
bool skad_exchange_ask(skad_exchange *exchange, skad_links link, const skad_link_hooks *hooks);
/* Whether one more search or store may begin now; else the answer is a refusal. */
bool skad_exchange_may_search(skad_exchange *exchange);

/* ---- flow.c ---- */

/* Adds bytes; false if they would be more than `max`. */
bool skad_flow_add(skad_flow *flow, const void *bytes, size_t len, size_t max);
size_t skad_flow_take(skad_flow *flow, char *out, size_t max);

/* ---- reply.c ---- */

/* The server takes bytes that it only reads or copies as if it wrote them. */
void *skad_reply_borrow(const void *bytes);
/* Headers that all answers have. */
void skad_reply_dress(struct MHD_Response *response, const char *type);
void skad_reply_add(struct MHD_Response *response, const char *name, const char *value);
/* Nothing in the answer is run or loaded if a browser shows it after all: all but the page. */
void skad_reply_lock(struct MHD_Response *response);
/* Makes the answer of an exchange; `response` is its own from now on. A shared one is looked up
 * when it is sent. */
void skad_reply_set(skad_exchange *exchange, unsigned status, struct MHD_Response *response);
void skad_reply_share(skad_exchange *exchange, unsigned status, struct MHD_Response **shared);
void skad_reply_error(skad_exchange *exchange, const skad_web_error *error);
/* A daemon's result as JSON, to be freed; NULL without memory. */
char *skad_reply_text(skad_answer result, size_t *len);
struct MHD_Response *skad_reply_json(const char *text, size_t len);
/* The ETag of what a key names: the key, which is a hash. */
#define SKAD_TAG_BYTES (SKAD_ID_TEXT_BYTES + 2)
void skad_reply_tag(const skad_exchange *exchange, char out[static SKAD_TAG_BYTES]);
/* Answers 304 if the client has it already: a copy of what a key names never grows old. */
bool skad_reply_unchanged(skad_exchange *exchange);
/* Queues the answer that is set. */
enum MHD_Result skad_reply_queue(skad_exchange *exchange);

/* ---- The kinds of routes: begin, and what comes later ---- */

void skad_assets_open(skad_gateway *gateway);
void skad_asset_begin(skad_exchange *exchange);
void skad_snapshot_begin(skad_exchange *exchange);
void skad_snapshot_leave(skad_exchange *exchange);
void skad_call_begin(skad_exchange *exchange);
void skad_stream_begin(skad_exchange *exchange);
void skad_stream_tick(skad_exchange *exchange);
void skad_download_begin(skad_exchange *exchange);
void skad_upload_begin(skad_exchange *exchange);
/* Takes what it can of a piece of the body; returns how much that was. */
size_t skad_upload_take(skad_exchange *exchange, const char *bytes, size_t len);
void skad_upload_end(skad_exchange *exchange);

/* ---- The server's calls ---- */

void *skad_exchange_new(void *user, const char *raw, struct MHD_Connection *connection);
enum MHD_Result skad_exchange_step(void *gateway, struct MHD_Connection *connection,
                                   const char *url, const char *method, const char *version,
                                   const char *upload, size_t *upload_len, void **slot);
void skad_exchange_over(void *user, struct MHD_Connection *connection, void **slot,
                        enum MHD_RequestTerminationCode why);
void skad_exchange_guest(void *user, struct MHD_Connection *connection, void **slot,
                         enum MHD_ConnectionNotificationCode what);

#endif
