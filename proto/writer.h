/* Writing msgpack into a fixed buffer with msgpack-c's packer, which always takes the shortest
 * form. A value that does not fit sets `overflow` and is left out; check once, at the end. */
#ifndef SKAD_PROTO_WRITER_H
#define SKAD_PROTO_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct skad_writer {
    uint8_t *data;
    size_t len;
    size_t cap;
    bool overflow;
} skad_writer;

void skad_writer_init(skad_writer *writer, uint8_t *data, size_t cap);
void skad_write_array(skad_writer *writer, size_t count);
void skad_write_map(skad_writer *writer, size_t count);
void skad_write_uint(skad_writer *writer, uint64_t value);
void skad_write_int(skad_writer *writer, int64_t value);
void skad_write_double(skad_writer *writer, double value);
void skad_write_bool(skad_writer *writer, bool value);
void skad_write_nil(skad_writer *writer);
void skad_write_bin(skad_writer *writer, const uint8_t *data, size_t len);
void skad_write_str(skad_writer *writer, const char *text);
void skad_write_zeros(skad_writer *writer, size_t len);                    /* a BIN of zero bytes */
void skad_write_raw(skad_writer *writer, const uint8_t *data, size_t len); /* already msgpack */

#endif
