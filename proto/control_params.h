/* The parameters of the control socket's methods. One table says which method has which, and in
 * which order; reading and writing both use it. */
#ifndef SKAD_PROTO_CONTROL_PARAMS_H
#define SKAD_PROTO_CONTROL_PARAMS_H

#include "proto/control.h"

/* Reads the array of parameters of out->method. Returns false when they are not its parameters. */
SKAD_MUST_CHECK bool skad_control_read_params(skad_reader *reader, skad_control_request *out);

/* Writes the array of parameters. */
void skad_control_write_params(skad_writer *writer, const skad_control_request *request);

#endif
