/* Answers as JSON (RFC 8259). Bytes become a string of hex digits. */
#ifndef SKAD_CLIENT_JSON_H
#define SKAD_CLIENT_JSON_H

#include <stdio.h>

#include "src/client/answer.h"

/* Writes the value without a newline. */
void skad_json_write(FILE *out, skad_answer value);

/* Writes the parts of a map, each after a comma, without its braces: to go on with an object. */
void skad_json_write_more(FILE *out, skad_answer map);

#endif
