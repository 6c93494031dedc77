/* The bytes of one connection to the control socket: input that is not parsed yet, and output that
 * is not sent yet. This file knows nothing of methods. */
#ifndef SKAD_DAEMON_CONTROL_CONNECTION_H
#define SKAD_DAEMON_CONTROL_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/control.h"

#define SKAD_CONNECTION_OUT_BYTES_MAX SKAD_CONTROL_RESPONSE_BYTES_MAX
#define SKAD_CONNECTION_OUT_BYTES_PAUSE                                                            \
    (SKAD_CONNECTION_OUT_BYTES_MAX / 4) /* no new requests beyond */

typedef struct skad_connection {
    int fd;
    uint8_t in[SKAD_CONTROL_REQUEST_BYTES_MAX];
    size_t in_len;
    uint8_t *out; /* NULL while nothing waits */
    size_t out_cap;
    size_t out_len;
    size_t out_sent; /* of out_len */
    bool ended;      /* the other side sends no more */
    bool broken;     /* the connection cannot be used any more */
} skad_connection;

void skad_connection_init(skad_connection *client, int fd);
void skad_connection_close(skad_connection *client);

/* Reads what fits; sets `ended` and `broken`. */
void skad_connection_receive(skad_connection *client);
void skad_connection_consume(skad_connection *client, size_t len);

/* Adds a response and sends as much as the socket takes. Sets `broken` beyond the cap. */
void skad_connection_send(skad_connection *client, const uint8_t *data, size_t len);
void skad_connection_flush(skad_connection *client);
size_t skad_connection_unsent(const skad_connection *client);

#endif
