/* JSON as the conformance test of clients speaks it, and msgpack: bytes are {"$bin": "hex"}. */
#ifndef SKAD_TESTS_CONFORMANCE_ADAPTER_JSON_H
#define SKAD_TESTS_CONFORMANCE_ADAPTER_JSON_H

#include <jansson.h>

#include "proto/writer.h"
#include "src/client/answer.h"

/* Writes a value, and the end of an array of parameters as null. */
void adapter_write(skad_writer *writer, const json_t *value);

/* A value that came; the caller's. Numbers that not every JSON library keeps are {"$int": "text"}.
 */
json_t *adapter_json(skad_answer value);

#endif
