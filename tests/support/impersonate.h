/* Datagrams that a test signs as somebody whose identity it holds. */
#ifndef SKAD_TESTS_IMPERSONATE_H
#define SKAD_TESTS_IMPERSONATE_H

#include "proto/message.h"
#include "skad/identity.h"
#include "skad/node.h"
#include "skad/profile.h"

/* A correct answer of `who` to a request, whose sender is at `to`; fills in what it observed. */
void test_reply_as(const skad_profile *profile, const skad_identity *who, const skad_address *to,
                   const skad_datagram *request, skad_message *message, skad_datagram *out);

/* A correct request of `who` to a recipient at `to`, padded as a first contact; `number` makes the
 * RPC id. */
void test_request_as(const skad_profile *profile, const skad_identity *who,
                     const skad_id *recipient, const skad_address *to, const skad_message *message,
                     uint64_t number, skad_datagram *out);

#endif
