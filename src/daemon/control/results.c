#include "src/daemon/control/results.h"

#include <string.h>

#include "skad/node.h"

void skad_result_map(skad_writer *writer, size_t count)
{
    skad_write_map(writer, count + 1);
    skad_result_uint(writer, "api", SKAD_CONTROL_API);
}

void skad_result_key(skad_writer *writer, const char *key)
{
    skad_write_str(writer, key);
}

void skad_result_uint(skad_writer *writer, const char *key, uint64_t value)
{
    skad_write_str(writer, key);
    skad_write_uint(writer, value);
}

void skad_result_bool(skad_writer *writer, const char *key, bool value)
{
    skad_write_str(writer, key);
    skad_write_bool(writer, value);
}

void skad_result_str(skad_writer *writer, const char *key, const char *value)
{
    skad_write_str(writer, key);
    skad_write_str(writer, value);
}

void skad_result_str_or_nil(skad_writer *writer, const char *key, const char *value)
{
    skad_write_str(writer, key);
    if (value == NULL) {
        skad_write_nil(writer);
    } else {
        skad_write_str(writer, value);
    }
}

void skad_result_bytes(skad_writer *writer, const char *key, skad_span value)
{
    skad_write_str(writer, key);
    skad_write_bin(writer, value.data, value.len);
}

/* Writes a public key in the form of an ID: 64 hex digits. */
void skad_result_public_key(skad_writer *writer, const char *key,
                            const uint8_t value[static SKAD_PUBLIC_KEY_BYTES])
{
    skad_id id;
    memcpy(id.bytes, value, sizeof id.bytes);
    skad_result_id(writer, key, &id);
}

void skad_result_id(skad_writer *writer, const char *key, const skad_id *id)
{
    skad_write_str(writer, key);
    skad_control_write_id(writer, id);
}

void skad_result_address(skad_writer *writer, const char *key, const skad_address *address)
{
    skad_write_str(writer, key);
    skad_control_write_address(writer, address);
}

void skad_result_address_or_nil(skad_writer *writer, const char *key, const skad_address *address)
{
    skad_write_str(writer, key);
    if (address->family == SKAD_FAMILY_NONE) {
        skad_write_nil(writer);
    } else {
        skad_control_write_address(writer, address);
    }
}

const char *skad_result_reach_name(uint8_t reach)
{
    switch ((skad_reach)reach) {
    case SKAD_REACH_YES:
        return "yes";
    case SKAD_REACH_NO:
        return "no";
    case SKAD_REACH_UNKNOWN:
        break;
    }
    return "unknown";
}

void skad_result_address_list(skad_writer *writer, const skad_address *addresses, size_t count)
{
    size_t present = 0;
    for (size_t i = 0; i < count; i++) {
        present += addresses[i].family != SKAD_FAMILY_NONE;
    }
    skad_write_array(writer, present);
    for (size_t i = 0; i < count; i++) {
        if (addresses[i].family != SKAD_FAMILY_NONE) {
            skad_control_write_address(writer, &addresses[i]);
        }
    }
}
