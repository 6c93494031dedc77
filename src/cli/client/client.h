/* The command's end of the control socket: blocking, with a timeout on each wait. Requests may be
 * pipelined; answers come in any order and carry the msgid of their request. */
#ifndef SKAD_CLI_CLIENT_CLIENT_H
#define SKAD_CLI_CLIENT_CLIENT_H

#include "proto/control.h"
#include "src/cli/base/options.h"
#include "src/client/answer.h"

/* Called with each notification about a request before its answer: a step of a traced lookup. */
typedef void (*skad_notice_handler)(skad_answer notice);

typedef struct skad_client {
    int fd;
    int timeout_ms; /* of each wait; -1: none */
    uint8_t *in;
    size_t in_len;
    size_t consumed; /* of the answer last returned; it goes with the next receive */
    skad_item *items;
    uint32_t msgid;                /* of the last request */
    skad_notice_handler on_notice; /* NULL: notifications are passed over */
} skad_client;

typedef struct skad_reply {
    uint32_t msgid;
    bool notice;                      /* no answer yet, but a notification about the request */
    skad_exit error;                  /* SKAD_EXIT_DONE, or the exit code for the daemon's error */
    char message[SKAD_FAILURE_BYTES]; /* of the error */
    /* Borrowed until the next receive: */
    skad_answer failure; /* the daemon's error as it came */
    skad_answer name;    /* of the notification */
    skad_answer result;
} skad_reply;

SKAD_MUST_CHECK skad_exit skad_client_open(const skad_options *options, skad_client *out,
                                           skad_failure *failure);
/* The same over a socket that is connected already; it belongs to the client, also on failure. */
SKAD_MUST_CHECK skad_exit skad_client_adopt(int fd, unsigned timeout_s, skad_client *out,
                                            skad_failure *failure);
void skad_client_close(skad_client *client);

/* Sends a request under the next msgid, which is in client->msgid then. */
SKAD_MUST_CHECK skad_exit skad_client_request(skad_client *client, skad_control_request *request,
                                              skad_failure *failure);

/* Waits for an answer or a notification, whichever comes next. An error that the daemon reports is
 * not a failure of this call. */
SKAD_MUST_CHECK skad_exit skad_client_next(skad_client *client, skad_reply *out,
                                           skad_failure *failure);

/* Waits for an answer; notifications go to on_notice. */
SKAD_MUST_CHECK skad_exit skad_client_await(skad_client *client, skad_reply *out,
                                            skad_failure *failure);

/* Sends a single request and waits for its answer; here the daemon's errors are failures, too. */
SKAD_MUST_CHECK skad_exit skad_client_call(skad_client *client, skad_control_request *request,
                                           skad_answer *result, skad_failure *failure);

#endif
