/* What the methods of the control socket do to a node, and what their results look like.
 * docs/control.md lists the keys; they are stable. */
#ifndef SKAD_DAEMON_METHODS_H
#define SKAD_DAEMON_METHODS_H

#include "proto/control.h"
#include "skad/node.h"
#include "src/daemon/udp.h"

/* What the methods may look at. */
typedef struct skad_method_context {
    skad_node *node;
    const skad_profile *profile;
    const skad_udp_socket *sockets;
    size_t sockets_count;
    uint64_t started_us;
} skad_method_context;

/* Whether the method is answered by an event later on; else skad_method_answer answers now. */
bool skad_method_is_operation(skad_control_method method);

/* Starts an operation. Errors: those of skad_node_ping and its siblings. */
SKAD_MUST_CHECK skad_status skad_method_start(const skad_method_context *context,
                                              const skad_control_request *request, skad_time now,
                                              skad_op *op);

/* Writes the response of a method that is no operation. */
void skad_method_answer(const skad_method_context *context, const skad_control_request *request,
                        skad_time now, skad_writer *writer);

/* Writes the notification of a traced lookup's step. */
void skad_method_step(const skad_event *event, uint32_t msgid, skad_writer *writer);

/* Writes the response to the operation that an event ends. */
void skad_method_finish(const skad_event *event, uint32_t msgid, skad_writer *writer);

#endif
