#include "proto/contacts.h"

#include "crypto/assert.h"
#include "proto/address.h"

#define CONTACT_ELEMENTS_MIN 2
#define CONTACT_ELEMENTS_MAX 4

static size_t contact_bytes(const skad_contact *contact)
{
    size_t bytes = SKAD_FIXARRAY + SKAD_BIN8(SKAD_ID_BYTES);

    if (contact->ipv4.family != SKAD_FAMILY_NONE) {
        bytes += SKAD_BIN8(SKAD_ADDRESS4_BYTES);
    }
    if (contact->ipv6.family != SKAD_FAMILY_NONE) {
        bytes += SKAD_BIN8(SKAD_ADDRESS6_BYTES);
    }
    if (contact->guarded != 0) {
        bytes += SKAD_FIXINT;
    }
    return bytes;
}

/* Returns how many contacts, from the nearest on, fit into `room` bytes with their array header. */
static size_t contacts_fitting(const skad_contact *contacts, size_t count, size_t room)
{
    size_t bytes = 0;
    size_t fitting = 0;

    while (fitting < count) {
        bytes += contact_bytes(&contacts[fitting]);
        size_t header = fitting + 1 <= 15 ? SKAD_FIXARRAY : SKAD_ARRAY16;
        if (header + bytes > room) {
            break;
        }
        fitting++;
    }
    return fitting;
}

void skad_write_contacts(skad_writer *writer, const skad_contact *contacts, size_t count)
{
    SKAD_ASSERT(count <= SKAD_CONTACTS_MAX);
    size_t fitting = contacts_fitting(contacts, count, writer->cap - writer->len);

    skad_write_array(writer, fitting);
    for (size_t i = 0; i < fitting; i++) {
        bool has_ipv4 = contacts[i].ipv4.family != SKAD_FAMILY_NONE;
        bool has_ipv6 = contacts[i].ipv6.family != SKAD_FAMILY_NONE;
        SKAD_ASSERT(has_ipv4 || has_ipv6);
        bool guarded = contacts[i].guarded != 0;
        skad_write_array(writer, 1U + has_ipv4 + has_ipv6 + guarded);
        skad_write_bin(writer, contacts[i].id.bytes, SKAD_ID_BYTES);
        if (has_ipv4) {
            skad_write_address(writer, &contacts[i].ipv4);
        }
        if (has_ipv6) {
            skad_write_address(writer, &contacts[i].ipv6);
        }
        if (guarded) {
            skad_write_uint(writer, contacts[i].guarded);
        }
    }
}

static void read_contact(skad_reader *reader, skad_contact *out)
{
    size_t elements = skad_read_array(reader, CONTACT_ELEMENTS_MIN, CONTACT_ELEMENTS_MAX);
    skad_address first;

    skad_read_bytes(reader, out->id.bytes, SKAD_ID_BYTES);
    skad_read_address(reader, false, &first);
    elements -= elements == 0 ? 0 : CONTACT_ELEMENTS_MIN; /* those that follow */
    out->ipv4 = (skad_address){0};
    out->ipv6 = (skad_address){0};
    out->guarded = 0;
    unsigned families = first.family;
    *(first.family == SKAD_FAMILY_IPV6 ? &out->ipv6 : &out->ipv4) = first;
    if (elements > 0 && first.family == SKAD_FAMILY_IPV4 &&
        skad_read_peek(reader) == SKAD_ITEM_BIN) {
        skad_read_address(reader, false, &out->ipv6);
        reader->failed = reader->failed || out->ipv6.family != SKAD_FAMILY_IPV6;
        families = SKAD_FAMILIES_ALL;
        elements--;
    }
    if (elements > 0) {
        out->guarded = (uint16_t)skad_read_uint(reader, SKAD_FAMILIES_ALL);
        reader->failed =
            reader->failed || out->guarded == 0 || (out->guarded & ~families) != 0 || elements > 1;
    }
}

size_t skad_read_contacts(skad_reader *reader, skad_contact out[static SKAD_CONTACTS_MAX])
{
    size_t count = skad_read_array(reader, 0, SKAD_CONTACTS_MAX);

    for (size_t i = 0; i < count && !reader->failed; i++) {
        read_contact(reader, &out[i]);
    }
    return count;
}
