/* Messages of the control socket: msgpack-rpc between a daemon and programs on the same machine.
 * docs/control.md describes it for authors of clients.
 *
 *    request       [0, msgid, method, params]
 *    response      [1, msgid, error, result]    one of the two is nil
 *    notification  [2, method, params]          has no answer: ours report the steps of a trace
 *                                               and the changes of a watch; a client's are ignored
 *
 * Requests are read leniently, since clients use encoders of any kind. */
#ifndef SKAD_PROTO_CONTROL_H
#define SKAD_PROTO_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/control_table.inc" /* methods, parameters and errors, by their schema */
#include "proto/reader.h"
#include "proto/writer.h"
#include "skad/types.h"

#define SKAD_CONTROL_REQUEST_BYTES_MAX  4096
#define SKAD_CONTROL_RESPONSE_BYTES_MAX (1U << 20)
#define SKAD_CONTROL_CLIENT_BYTES_MAX   128 /* the name of a client */

typedef enum skad_control_method {
#define SKAD_CONTROL_METHOD_ENUM(name, text) SKAD_CONTROL_##name,
    SKAD_CONTROL_METHODS(SKAD_CONTROL_METHOD_ENUM)
#undef SKAD_CONTROL_METHOD_ENUM
} skad_control_method;

/* The codes are stable: clients branch on them. */
typedef enum skad_control_error {
#define SKAD_CONTROL_ERROR_ENUM(name, text) SKAD_CONTROL_ERROR_##name,
    SKAD_CONTROL_ERRORS(SKAD_CONTROL_ERROR_ENUM)
#undef SKAD_CONTROL_ERROR_ENUM
} skad_control_error;

const char *skad_control_method_name(skad_control_method method);
const char *skad_control_error_name(skad_control_error error);

#define SKAD_CONTROL_EVERY_S_DEFAULT  60
#define SKAD_CONTROL_CURSOR_BYTES     65 /* key, type and publisher of a record */
#define SKAD_CONTROL_LIST_DEFAULT     256
#define SKAD_CONTROL_LIST_MAX         1024 /* records in one answer */
#define SKAD_CONTROL_PERIOD_S_DEFAULT 5
#define SKAD_CONTROL_PERIOD_S_MAX     3600
#define SKAD_CONTROL_CHUNK_BYTES_MAX  4000 /* of a file, in one notification */
#define SKAD_CONTROL_BATCH_MAX        32   /* requests in a batch */
#define SKAD_CONTROL_CHAINS_MAX       8    /* SKAD_FORWARD_CHAINS_MAX of skad/forward.h */

/* Kinds of events. */
typedef enum skad_control_kind {
#define SKAD_CONTROL_KIND_ENUM(name, text) SKAD_CONTROL_KIND_##name,
    SKAD_CONTROL_KINDS(SKAD_CONTROL_KIND_ENUM)
#undef SKAD_CONTROL_KIND_ENUM
} skad_control_kind;
#define SKAD_CONTROL_KINDS_ALL ((2U << SKAD_CONTROL_KIND_LOST) - 1) /* LOST is the last */

const char *skad_control_kind_name(skad_control_kind kind);

/* What is to blame for an error: a parameter. NULL: none is known to be. */
typedef struct skad_control_blame {
    const char *parameter; /* its name */
    size_t index;          /* its position, from 0 */
    const char *expected;  /* what would be right, in words and units */
    const skad_id *piece;  /* of a file: the record that is missing or wrong; NULL: none */
} skad_control_blame;

/* Names a parameter of a method. Nothing is to blame if it has none of that name. */
skad_control_blame skad_control_blame_of(skad_control_method method, const char *parameter);

/* A request and its parameters. The method determines which of them count; parameters that the
 * client left out hold their defaults. Spans borrow from the input. */
typedef struct skad_control_request {
    uint32_t msgid;
    skad_control_method method;
    skad_id id;           /* the target or the key; the publisher's public key */
    skad_address address; /* PING; ANNOUNCE: family NONE with a port is our own address, without a
                             port it is no endpoint at all */
    skad_span value;      /* value, record, metadata; BAN, UNBAN, ALLOW: the subject; HELLO: the
                             client's name */
    skad_span salt;
    uint64_t sequence;
    bool auto_sequence; /* PUBLISH: the node takes the next one */
    bool has_cas;
    uint64_t cas;
    uint32_t life_s; /* 0: the daemon chooses */
    bool keep;
    bool forward;   /* other nodes forward it, */
    uint8_t chains; /* and results of so many first hops end it; 0: as many as suit it */
    uint32_t every_s;
    uint32_t watched; /* UNWATCH, UNSUBSCRIBE, ABORT: the msgid of what is ended */
    uint32_t kinds;   /* SUBSCRIBE_EVENTS: a set of 1 << skad_control_kind */
    bool has_size;    /* PUT_FILE */
    uint64_t size;    /* PUT_FILE; CHUNK, ACK: the number of an ack */
    uint64_t offset;  /* GET_FILE */
    uint64_t length;  /* GET_FILE; UINT64_MAX: to the end */
    size_t batch;     /* BATCH: how many requests */
    skad_span raw;    /* as it was read, in whole */
    bool published;   /* RECORDS: of our publications, otherwise of our replicas */
    bool has_cursor;
    uint8_t cursor[SKAD_CONTROL_CURSOR_BYTES]; /* RECORDS: where the last answer ended */
    uint32_t max;                              /* RECORDS */
    uint64_t api;                              /* HELLO */
    /* Of WRONG_PARAMS: */
    skad_control_blame blame;
    bool missing;      /* it is not there at all */
    size_t params_max; /* how many the method has */
} skad_control_request;

typedef enum skad_control_cut {
    SKAD_CONTROL_REQUEST,      /* *out is a request */
    SKAD_CONTROL_CHUNK,        /* a notification: out->value is the next part of a file, of msgid */
    SKAD_CONTROL_ACK,          /* a notification: the client has taken out->size bytes of msgid */
    SKAD_CONTROL_IGNORED,      /* any other notification */
    SKAD_CONTROL_NO_METHOD,    /* answer with METHOD; the stream goes on */
    SKAD_CONTROL_WRONG_PARAMS, /* answer with PARAMS; the stream goes on */
    SKAD_CONTROL_MORE,         /* the input ends within a message */
    SKAD_CONTROL_RUBBISH,      /* answer with PARAMS where the msgid is known, and hang up */
} skad_control_cut;

/* Reads the first message of a stream. *consumed is set unless MORE or RUBBISH. For NO_METHOD only
 * out->msgid is set, for WRONG_PARAMS that, the method and what is to blame; for RUBBISH it is set
 * where *msgid_known. A message that does not end within SKAD_CONTROL_REQUEST_BYTES_MAX bytes is
 * RUBBISH. */
SKAD_MUST_CHECK skad_control_cut skad_control_read(const uint8_t *data, size_t len,
                                                   skad_control_request *out, bool *msgid_known,
                                                   size_t *consumed);

/* Reads one of the requests of a batch out of the batch as it was read: REQUEST, NO_METHOD or
 * WRONG_PARAMS. Its msgid is 0. */
SKAD_MUST_CHECK skad_control_cut skad_control_read_batched(skad_span batch, size_t index,
                                                           skad_control_request *out);

/* Writes one request with all the parameters of its method; of a batch `value`, which is an array
 * in msgpack already. */
void skad_control_write_request(skad_writer *writer, const skad_control_request *request);

/* Write the notifications of a client: the next bytes of a file, at most
 * SKAD_CONTROL_CHUNK_BYTES_MAX; how many bytes of one it has taken by now. */
void skad_control_write_chunk(skad_writer *writer, uint32_t msgid, skad_span bytes);
void skad_control_write_ack(skad_writer *writer, uint32_t msgid, uint64_t taken);

/* Writes a response up to its result. The caller writes exactly one value after it. */
void skad_control_write_result(skad_writer *writer, uint32_t msgid);
void skad_control_write_error(skad_writer *writer, uint32_t msgid, skad_control_error error,
                              const char *message);
/* The same, with what is to blame; NULL: as above. */
void skad_control_write_blame(skad_writer *writer, uint32_t msgid, skad_control_error error,
                              const char *message, const skad_control_blame *blame);

/* Writes a notification about a request that is not answered yet, [2, method, [msgid, value]], up
 * to its value. The caller writes exactly one value after it. */
void skad_control_write_notification(skad_writer *writer, const char *method, uint32_t msgid);

/* Write IDs, keys and addresses as they appear in results: 64 hex digits, "ADDR:PORT" (nil if
 * absent). */
void skad_control_write_id(skad_writer *writer, const skad_id *id);
void skad_control_write_address(skad_writer *writer, const skad_address *address);

#endif
