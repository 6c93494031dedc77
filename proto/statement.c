#include "proto/statement.h"

#include <string.h>

#include "crypto/assert.h"
#include "crypto/keys.h"
#include "proto/contacts.h"

#define SIGNATURE_ELEMENT_BYTES SKAD_BIN8(SKAD_SIGNATURE_BYTES)

void skad_statement_subject(const skad_forward *forward, uint8_t out[static SKAD_HASH_BYTES])
{
    const uint8_t aim = (uint8_t)forward->aim;
    const skad_span target = {forward->target.bytes, SKAD_ID_BYTES};
    const skad_span parts[] = {{&aim, 1}, aim == SKAD_FORWARD_STORE ? forward->record : target};
    skad_hash(SKAD_HASH_SUBJECT, NULL, parts, 2, out, SKAD_HASH_BYTES);
}

static void digest_of(const skad_network_id *network, const uint8_t *subject, skad_span signed_part,
                      uint8_t out[static SKAD_HASH_BYTES])
{
    const skad_span parts[] = {
        {network->bytes, sizeof network->bytes}, {subject, SKAD_HASH_BYTES}, signed_part};
    skad_hash(SKAD_HASH_STATEMENT, NULL, parts, 3, out, SKAD_HASH_BYTES);
}

size_t skad_statement_encode(skad_publisher signer, const uint8_t subject[static SKAD_HASH_BYTES],
                             const skad_statement *statement,
                             uint8_t out[static SKAD_STATEMENT_BYTES_MAX])
{
    uint8_t digest[SKAD_HASH_BYTES];
    uint8_t signature[SKAD_SIGNATURE_BYTES];
    skad_writer writer;

    skad_writer_init(&writer, out, SKAD_STATEMENT_BYTES_MAX - SIGNATURE_ELEMENT_BYTES);
    skad_write_array(&writer, SKAD_STATEMENT_ELEMENTS);
    skad_write_bin(&writer, signer.identity->public_key, SKAD_PUBLIC_KEY_BYTES);
    skad_write_uint(&writer, statement->aim);
    skad_write_uint(&writer, statement->unix_s);
    skad_write_uint(&writer, statement->holders);
    skad_write_contacts(&writer, statement->contacts, statement->contacts_count);
    digest_of(&signer.network, subject, (skad_span){out, writer.len}, digest);
    skad_sign(SKAD_SIGN_STATEMENT, digest, signer.identity->secret_key, signature);
    writer.cap = SKAD_STATEMENT_BYTES_MAX;
    skad_write_bin(&writer, signature, sizeof signature);
    SKAD_ASSERT(!writer.overflow);
    return writer.len;
}

/* What belongs to another aim is not said. */
static void read_all(skad_reader *reader, uint8_t *signature, skad_statement *out)
{
    (void)skad_read_array(reader, SKAD_STATEMENT_ELEMENTS, SKAD_STATEMENT_ELEMENTS);
    skad_read_bytes(reader, out->public_key, SKAD_PUBLIC_KEY_BYTES);
    out->aim = (skad_forward_aim)skad_read_uint(reader, SKAD_FORWARD_STORE);
    out->unix_s = skad_read_uint(reader, UINT64_MAX);
    out->holders = (uint8_t)skad_read_uint(reader, SKAD_STATEMENT_HOLDERS_MAX);
    out->contacts_count = skad_read_contacts(reader, out->contacts);
    skad_read_bytes(reader, signature, SKAD_SIGNATURE_BYTES);
    const bool holders_fit = out->aim == SKAD_FORWARD_STORE || out->holders == 0;
    const bool contacts_fit = out->aim == SKAD_FORWARD_NODES || out->contacts_count == 0;
    reader->failed = reader->failed || (unsigned)out->aim == SKAD_RECORD_ANNOUNCEMENT ||
                     !holders_fit || !contacts_fit;
}

bool skad_statement_open(const skad_network_id *network,
                         const uint8_t subject[static SKAD_HASH_BYTES], skad_span bytes,
                         skad_statement *out)
{
    skad_item items[SKAD_STATEMENT_ITEMS_MAX];
    uint8_t digest[SKAD_HASH_BYTES];
    uint8_t signature[SKAD_SIGNATURE_BYTES];
    skad_reader reader;
    size_t count;
    size_t consumed;

    if (bytes.len > SKAD_STATEMENT_BYTES_MAX ||
        skad_cut(bytes.data, bytes.len, SKAD_CUT_STRICT, items, SKAD_STATEMENT_ITEMS_MAX, &count,
                 &consumed) != SKAD_CUT_OK) {
        return false;
    }
    skad_reader_init(&reader, items, count);
    read_all(&reader, signature, out);
    if (!skad_reader_done(&reader)) {
        return false;
    }
    digest_of(network, subject, (skad_span){bytes.data, bytes.len - SIGNATURE_ELEMENT_BYTES},
              digest);
    return skad_verify(SKAD_SIGN_STATEMENT, digest, out->public_key, signature);
}
