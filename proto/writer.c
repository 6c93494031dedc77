/* msgpack-c's packer over a fixed buffer. The packer passes each header and each body to one
 * callback, the only function that copies and the only one that knows the capacity. */
#include "proto/writer.h"

#include <string.h>

#include <msgpack/pack.h>

/* Appends a piece. After the first piece that does not fit nothing more is taken, so the bytes
 * written are always a prefix of the whole. */
static int append(void *self, const char *data, size_t len)
{
    skad_writer *writer = self;

    if (writer->overflow || len > writer->cap - writer->len) {
        writer->overflow = true;
        return -1;
    }
    if (len > 0) {
        memcpy(writer->data + writer->len, data, len);
    }
    writer->len += len;
    return 0;
}

static msgpack_packer packer_for(skad_writer *writer)
{
    msgpack_packer packer;
    msgpack_packer_init(&packer, writer, append);
    return packer;
}

void skad_writer_init(skad_writer *writer, uint8_t *data, size_t cap)
{
    *writer = (skad_writer){.data = data, .cap = cap};
}

void skad_write_array(skad_writer *writer, size_t count)
{
    msgpack_packer packer = packer_for(writer);
    msgpack_pack_array(&packer, count);
}

void skad_write_map(skad_writer *writer, size_t count)
{
    msgpack_packer packer = packer_for(writer);
    msgpack_pack_map(&packer, count);
}

void skad_write_uint(skad_writer *writer, uint64_t value)
{
    msgpack_packer packer = packer_for(writer);
    msgpack_pack_uint64(&packer, value);
}

void skad_write_int(skad_writer *writer, int64_t value)
{
    msgpack_packer packer = packer_for(writer);
    msgpack_pack_int64(&packer, value);
}

void skad_write_double(skad_writer *writer, double value)
{
    msgpack_packer packer = packer_for(writer);
    msgpack_pack_double(&packer, value);
}

void skad_write_bool(skad_writer *writer, bool value)
{
    msgpack_packer packer = packer_for(writer);
    if (value) {
        msgpack_pack_true(&packer);
    } else {
        msgpack_pack_false(&packer);
    }
}

void skad_write_nil(skad_writer *writer)
{
    msgpack_packer packer = packer_for(writer);
    msgpack_pack_nil(&packer);
}

void skad_write_bin(skad_writer *writer, const uint8_t *data, size_t len)
{
    msgpack_packer packer = packer_for(writer);
    msgpack_pack_bin(&packer, len);
    msgpack_pack_bin_body(&packer, data, len);
}

void skad_write_str(skad_writer *writer, const char *text)
{
    msgpack_packer packer = packer_for(writer);
    size_t len = strlen(text);
    msgpack_pack_str(&packer, len);
    msgpack_pack_str_body(&packer, text, len);
}

void skad_write_zeros(skad_writer *writer, size_t len)
{
    msgpack_packer packer = packer_for(writer);
    msgpack_pack_bin(&packer, len);
    if (writer->overflow || len > writer->cap - writer->len) {
        writer->overflow = true;
        return;
    }
    if (len > 0) {
        memset(writer->data + writer->len, 0, len);
    }
    writer->len += len;
}

void skad_write_raw(skad_writer *writer, const uint8_t *data, size_t len)
{
    (void)append(writer, (const char *)data, len);
}
