/* Statements: one that the input chooses is opened as it was signed, and with any one byte changed
 * it is not; the input itself, as a statement, opens if its signature is put right, and then gives
 * the same bytes when it is encoded again. */
#include <string.h>

#include "crypto/hash.h"
#include "crypto/keys.h"
#include "fuzz/fuzz.h"
#include "proto/address.h"
#include "proto/profile.h"
#include "proto/statement.h"
#include "tests/support/identities.h"

#define SIGNATURE_ELEMENT_BYTES (2 + SKAD_SIGNATURE_BYTES)

static const skad_network_id NETWORK = {{1, 2, 3}};
static const uint8_t SUBJECT[SKAD_HASH_BYTES] = {7};

static skad_publisher signer(void)
{
    static skad_identity identity;
    static bool made;
    if (!made) {
        identity = test_identity(skad_profile_builtin("test"), 1);
        made = true;
    }
    return (skad_publisher){&identity, NETWORK};
}

static void check(const skad_statement *stated)
{
    FUZZ_REQUIRE(stated->aim <= SKAD_FORWARD_STORE && stated->aim != 3);
    FUZZ_REQUIRE(stated->contacts_count <= SKAD_CONTACTS_MAX);
    FUZZ_REQUIRE(stated->holders <= SKAD_STATEMENT_HOLDERS_MAX);
    FUZZ_REQUIRE(stated->contacts_count == 0 || stated->aim == SKAD_FORWARD_NODES);
    FUZZ_REQUIRE(stated->holders == 0 || stated->aim == SKAD_FORWARD_STORE);
    for (size_t i = 0; i < stated->contacts_count; i++) {
        const skad_contact *contact = &stated->contacts[i];
        FUZZ_REQUIRE((contact->ipv4.family | contact->ipv6.family) != SKAD_FAMILY_NONE);
    }
}

/* Takes the input as a statement of our signer: puts key and signature right where their elements
 * are. */
static void open_input(const uint8_t *data, size_t len)
{
    static uint8_t bytes[SKAD_STATEMENT_BYTES_MAX];
    uint8_t again[SKAD_STATEMENT_BYTES_MAX];
    uint8_t digest[SKAD_HASH_BYTES];
    skad_statement stated;
    if (len > sizeof bytes || len < 3 + SKAD_PUBLIC_KEY_BYTES + SIGNATURE_ELEMENT_BYTES) {
        FUZZ_REQUIRE(!skad_statement_open(&NETWORK, SUBJECT, (skad_span){data, len}, &stated));
        return;
    }
    const size_t signed_len = len - SIGNATURE_ELEMENT_BYTES;
    memcpy(bytes, data, len);
    memcpy(bytes + 3, signer().identity->public_key, SKAD_PUBLIC_KEY_BYTES);
    const skad_span parts[] = {
        {NETWORK.bytes, sizeof NETWORK.bytes}, {SUBJECT, sizeof SUBJECT}, {bytes, signed_len}};
    skad_hash(SKAD_HASH_STATEMENT, NULL, parts, 3, digest, sizeof digest);
    skad_sign(SKAD_SIGN_STATEMENT, digest, signer().identity->secret_key, bytes + signed_len + 2);
    if (skad_statement_open(&NETWORK, SUBJECT, (skad_span){bytes, len}, &stated)) {
        check(&stated);
        const size_t written = skad_statement_encode(signer(), SUBJECT, &stated, again);
        FUZZ_REQUIRE(written == len && memcmp(again, bytes, len) == 0);
    }
}

static void choose(fuzz_choices *choices, skad_statement *out)
{
    static const skad_forward_aim aims[] = {SKAD_FORWARD_NODES, SKAD_FORWARD_IMMUTABLE,
                                            SKAD_FORWARD_MUTABLE, SKAD_FORWARD_STORE};
    memset(out, 0, sizeof *out);
    out->aim = aims[fuzz_byte(choices) % 4];
    out->unix_s = fuzz_number(choices, 8);
    out->holders =
        out->aim == SKAD_FORWARD_STORE ? fuzz_byte(choices) % (SKAD_STATEMENT_HOLDERS_MAX + 1) : 0;
    out->contacts_count =
        out->aim == SKAD_FORWARD_NODES ? fuzz_below(choices, SKAD_CONTACTS_MAX + 1) : 0;
    for (size_t i = 0; i < out->contacts_count; i++) {
        skad_contact *contact = &out->contacts[i];
        const unsigned families = 1 + fuzz_byte(choices) % 3U;
        fuzz_bytes(choices, contact->id.bytes, 4);
        if ((families & SKAD_FAMILY_IPV4) != 0) {
            contact->ipv4 = (skad_address){.family = SKAD_FAMILY_IPV4, .port = 1, .ip = {8}};
        }
        if ((families & SKAD_FAMILY_IPV6) != 0) {
            contact->ipv6 = (skad_address){.family = SKAD_FAMILY_IPV6, .port = 1, .ip = {0x2a}};
        }
        contact->guarded = (uint16_t)(fuzz_byte(choices) & families);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    uint8_t bytes[SKAD_STATEMENT_BYTES_MAX];
    fuzz_choices choices = {data, len, 0};
    skad_statement stated;
    skad_statement opened;
    open_input(data, len);
    choose(&choices, &stated);
    const size_t written = skad_statement_encode(signer(), SUBJECT, &stated, bytes);
    FUZZ_REQUIRE(written <= sizeof bytes);
    FUZZ_REQUIRE(skad_statement_open(&NETWORK, SUBJECT, (skad_span){bytes, written}, &opened));
    check(&opened);
    FUZZ_REQUIRE(opened.contacts_count <= stated.contacts_count);
    FUZZ_REQUIRE(opened.unix_s == stated.unix_s && opened.holders == stated.holders);
    bytes[fuzz_below(&choices, written)] ^= (uint8_t)(1U << fuzz_byte(&choices) % 8);
    FUZZ_REQUIRE(!skad_statement_open(&NETWORK, SUBJECT, (skad_span){bytes, written}, &opened));
    return 0;
}
