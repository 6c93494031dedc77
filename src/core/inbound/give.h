/* Which of the records under a key an answer to FIND_VALUE carries: all that fit, and of many
 * announcements a fair sample, or a page. Its test is tests/core/inbound/test_serve.c. */
#ifndef SKAD_INBOUND_GIVE_H
#define SKAD_INBOUND_GIVE_H

#include <stdint.h>

#include "proto/message.h"
#include "skad/node.h"

/* Fills in the records of a VALUE, and how many there are if more than it carries. They are copied
 * to `bytes`, and borrow from there. */
void skad_give_records(skad_node *node, const skad_message *asked,
                       uint8_t bytes[static SKAD_BODY_BYTES_MAX], skad_message *out);

#endif
