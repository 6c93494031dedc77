/* Spelling msgpack out, for bodies and records that no encoder of ours would make. */
#ifndef SKAD_TESTS_VECTORS_SPELL_H
#define SKAD_TESTS_VECTORS_SPELL_H

#include <stddef.h>
#include <stdint.h>

/* Writes the words of a text, which are parted by one space each, and returns the length:
 *
 *   [3       header of an array of 3 elements
 *   17       unsigned integer
 *   #32      BIN of 32 bytes that count up from 0; #6 and #18 pass for endpoints
 *   -        nil
 *   p        BIN of the public key, which may be NULL where the text has no such word
 *   xc0ff    these bytes as they are
 */
size_t skad_spell(const char *text, const uint8_t *public_key, uint8_t *out, size_t cap);

#endif
