/* Writes the seeds with which every corpus begins: the committed test vectors, cut to the part that
 * each target takes, one plain example of each kind without vectors, and messages between the nodes
 * of a simulated network. Run it by hand (docs/fuzzing.md); fuzzing adds its inputs beside the
 * seeds.
 *
 *     seeds VECTORS_FOLDER CORPUS_FOLDER */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "crypto/identity_file.h"
#include "fuzz/fuzz.h"
#include "fuzz/seeds.h"
#include "proto/control.h"
#include "proto/peer_file.h"
#include "proto/profile.h"
#include "tests/support/identities.h"
#include "tests/support/prng.h"
#include "tests/support/wire.h"

#define LINE_BYTES  16384
#define PATH_BYTES  4096
#define STATE_SEEDS 12
#define STATE_BYTES 600

static const char *corpus;
static unsigned number;

void fuzz_seed_write(const char *target, const char *prefix, int first, const uint8_t *bytes,
                     size_t len)
{
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/%s", corpus, target);
    (void)mkdir(path, 0777);
    (void)snprintf(path, sizeof path, "%s/%s/%s-%03u", corpus, target, prefix, number++);
    FILE *file = fopen(path, "wb");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    if (first >= 0) {
        (void)fputc(first, file);
    }
    (void)fwrite(bytes, 1, len, file);
    if (fclose(file) != 0) {
        perror(path);
        exit(1);
    }
}

static void write_seed(const char *target, int first, const uint8_t *bytes, size_t len)
{
    fuzz_seed_write(target, "seed", first, bytes, len);
}

/* ---- From the test vectors ---- */

static unsigned digit(char c)
{
    return c >= 'a' ? (unsigned)(c - 'a' + 10) : (unsigned)(c - '0');
}

static size_t read_hex(const char *text, uint8_t *out)
{
    size_t len = 0;
    while (text[0] != '"' && text[1] != '"') {
        out[len++] = (uint8_t)(digit(text[0]) << 4 | digit(text[1]));
        text += 2;
    }
    return len;
}

static void take_vector(const char *name, const uint8_t *bytes, size_t len)
{
    if (strcmp(name, "datagram") == 0 && len > SKAD_TAG_BYTES) {
        write_seed("open", -1, bytes, len);
        write_seed("envelope", -1, bytes + SKAD_TAG_BYTES, len - SKAD_TAG_BYTES);
        write_seed("structure", 0, bytes + SKAD_TAG_BYTES, len - SKAD_TAG_BYTES);
    } else if (strcmp(name, "record") == 0) {
        write_seed("record", -1, bytes, len);
        write_seed("differential", 95, bytes, len);
    } else if (strcmp(name, "statement") == 0) {
        write_seed("statement", -1, bytes, len);
    } else if (strcmp(name, "node") == 0) {
        write_seed("tree", -1, bytes, len);
    }
}

static void take_vectors(const char *folder, const char *file_name)
{
    static char line[LINE_BYTES];
    static uint8_t bytes[LINE_BYTES / 2];
    char path[PATH_BYTES];
    (void)snprintf(path, sizeof path, "%s/%s", folder, file_name);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        perror(path);
        exit(1);
    }
    while (fgets(line, sizeof line, file) != NULL) {
        char name[32];
        int at = 0;
        if (sscanf(line, " \"%31[a-z_]\": \"%n", name, &at) == 1 && at > 0) {
            take_vector(name, bytes, read_hex(line + at, bytes));
        }
    }
    (void)fclose(file);
}

/* ---- Examples ---- */

static void write_bodies(void)
{
    uint8_t bytes[SKAD_BODY_BYTES_MAX];
    for (size_t i = 0; i < SKAD_WIRE_KINDS; i++) {
        skad_message message;
        skad_wire_message(skad_wire_kinds[i], &message);
        size_t len = skad_message_encode(&message, bytes, sizeof bytes);
        write_seed("body", (int)i, bytes, len);
        write_seed("differential", 95, bytes, len);
        write_seed("roundtrip", (int)i, bytes, len);
    }
}

/* The index of a kind, as the first byte of an input. */
static int index_of(skad_kind kind)
{
    int i = 0;
    while (skad_wire_kinds[i] != kind) {
        i++;
    }
    return i;
}

/* The other forms of what is forwarded. */
static void write_forwarding(void)
{
    uint8_t bytes[SKAD_BODY_BYTES_MAX];
    skad_message message;
    skad_wire_forward_store(&message);
    size_t len = skad_message_encode(&message, bytes, sizeof bytes);
    write_seed("body", index_of(message.kind), bytes, len);
    skad_wire_message(SKAD_KIND_FORWARDED, &message);
    message.u.reply.u.forwarded.statement = message.u.reply.u.forwarded.record;
    message.u.reply.u.forwarded.record.len = 0;
    len = skad_message_encode(&message, bytes, sizeof bytes);
    write_seed("body", index_of(message.kind), bytes, len);
}

static void write_files(void)
{
    static skad_peer_file peers = {.written_s = TEST_UNIX_S, .count = 3};
    static uint8_t bytes[SKAD_PEER_FILE_BYTES_MAX];
    uint8_t hash[SKAD_HASH_BYTES];
    const skad_profile *profile = skad_profile_builtin("test");
    skad_identity identity = test_identity(profile, 1);
    skad_identity_encode(&identity, bytes);
    write_seed("identity", -1, bytes, SKAD_IDENTITY_FILE_BYTES);
    for (uint32_t i = 0; i < peers.count; i++) {
        peers.contacts[i].ipv4 = test_prng_address(i + 1);
    }
    peers.contacts[1].ipv6 = (skad_address){.family = SKAD_FAMILY_IPV6, .port = 1, .ip = {0x2a}};
    skad_profile_hash(profile, hash);
    write_seed("peers", -1, bytes, skad_peer_file_encode(&peers, hash, bytes));
}

static void write_profiles(void)
{
    static const char *const texts[] = {
        "# ours\nbase = test\nname = ours\nc1 = 8\npsk_file = key\n",
        "base = public\nname = \"two words\"\r\nk = 8\nsiblings = 8\nallow_private = yes\n",
        "name = x\npsk = 000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f\n",
        "epoch_s = 3600\nd = 8\nalpha = 4\nrecord_life_s = 1\nlimit_rates = no\nnonsense\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        write_seed("profile", -1, (const uint8_t *)texts[i], strlen(texts[i]));
    }
}

static void write_requests(void)
{
    uint8_t bytes[SKAD_CONTROL_REQUEST_BYTES_MAX];
    for (int method = 0; method <= (int)SKAD_CONTROL_STATUS; method++) {
        skad_control_request request = {.msgid = 7,
                                        .method = (skad_control_method)method,
                                        .value = {(const uint8_t *)"8.0.0.0/8", 9},
                                        .address = test_prng_address(1),
                                        .every_s = 60,
                                        .kinds = 1U << SKAD_CONTROL_KIND_BAN,
                                        .api = 1,
                                        .has_size = true,
                                        .size = 9000,
                                        .offset = 1,
                                        .length = 2,
                                        .max = 9,
                                        .life_s = 60};
        skad_writer writer;
        if (request.method == SKAD_CONTROL_BATCH) {
            static const uint8_t two[] = "\x92\x92\xa4"
                                         "bans\x90\x92\xa3put\x91\xa1v";
            request.value = (skad_span){two, sizeof two - 1};
        }
        skad_writer_init(&writer, bytes, sizeof bytes);
        skad_control_write_request(&writer, &request);
        write_seed("control", -1, bytes, writer.len);
        write_seed("answer", -1, bytes, writer.len);
    }
}

/* What a client says of files, one after the other, and what the node says. */
static void write_file_notices(void)
{
    uint8_t bytes[SKAD_CONTROL_REQUEST_BYTES_MAX];
    skad_writer writer;
    skad_writer_init(&writer, bytes, sizeof bytes);
    skad_control_write_chunk(&writer, 7, (skad_span){(const uint8_t *)"a chunk", 7});
    skad_control_write_chunk(&writer, 7, (skad_span){NULL, 0});
    skad_control_write_ack(&writer, 8, 4000);
    write_seed("control", -1, bytes, writer.len);
    write_seed("answer", -1, bytes, writer.len);
}

/* Writes long sequences, so that a fuzzer begins with a node that already has a history. */
static void write_sequences(void)
{
    uint8_t bytes[STATE_BYTES];
    test_prng prng = {20};
    for (unsigned i = 0; i < STATE_SEEDS; i++) {
        for (size_t j = 0; j < sizeof bytes; j++) {
            bytes[j] = (uint8_t)test_prng_next(&prng);
        }
        write_seed("state", -1, bytes, sizeof bytes);
        write_seed("table", -1, bytes, sizeof bytes);
        write_seed("announcement", -1, bytes, 120);
        write_seed("statement", -1, bytes, 160);
    }
}

static size_t append(uint8_t *out, size_t len, const uint8_t *step, size_t step_len)
{
    memcpy(out + len, step, step_len);
    return len + step_len;
}

/* Steps of fuzz/state.c: contacts are made, and answer; then the user, or remote peers, have the
 * node forward something, and what it asks is answered, as it should be or not. */
static void write_forwards(void)
{
    static const uint8_t greet[] = {3, 127, 8, 1, 8,  0,  1,  2,  4,  5,  6,  8,
                                    9, 8,   1, 8, 10, 12, 13, 14, 16, 17, 18, 20};
    static const uint8_t answer[] = {13, 2, 0, 0, 34}; /* 34: no contacts, or a tick */
    static const uint8_t record[] = {13, 2, 0, 0, 0, 5};
    static const uint8_t stated[] = {13, 2, 0, 0, 10, 3};
    static const uint8_t listed[] = {13, 2, 0, 0, 10, 3, 3, 17, 18, 20};
    for (uint8_t seed = 0; seed < 16; seed++) {
        const uint8_t aim = seed % 4; /* nodes, a mutable record, a value, to store */
        const bool gets = aim == 1 || aim == 2;
        const uint8_t *proof = gets && seed < 8 ? record : aim == 0 ? listed : stated;
        const size_t proof_len = proof == listed ? sizeof listed : sizeof record;
        const uint8_t asked[] = {8, 9, 0, 220, aim, seed, 0, 1};
        const uint8_t served_how = aim == 1 ? 3 : aim == 3 ? 1 : aim;
        const uint8_t served[] = {12,   seed, 2, 240, served_how, 20, 20, 0, 3,
                                  seed, seed, 0, 0,   0,          0,  0,  1, 3};
        const size_t served_len = aim == 3 ? sizeof served : aim == 0 ? 10 : 11;
        uint8_t bytes[STATE_BYTES] = {0};
        size_t len = append(bytes, 0, greet, sizeof greet);
        for (unsigned i = 0; i < 19; i++) {
            len = append(bytes, len, answer, sizeof answer);
        }
        for (unsigned i = 0; i < 3; i++) {
            len = seed / 4 % 2 == 0 ? append(bytes, len, asked, sizeof asked)
                                    : append(bytes, len, served, served_len);
            for (unsigned j = 0; j < 4; j++) {
                len = append(bytes, len, proof, proof_len);
            }
        }
        write_seed("state", -1, bytes, len);
    }
}

static void write_configs(void)
{
    static const char *const texts[] = {
        "# a node\ndir = /var/lib/skad\nprofile = test\nstore = 2048 # MiB\n",
        "join = node.example.net:4700\njoin = [2001:db8::1]:4700\r\n\tlisten\t=\t0.0.0.0:4700\n",
        "join =\nstore=5\nstroe = 5\nno key\n = no key\nKEY = x\nkey = a#b=c\n",
        "workers = 18446744073709551616\nlog-level = warning\nsandbox = log\n\n#\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        write_seed("config", -1, (const uint8_t *)texts[i], strlen(texts[i]));
    }
}

static void write_requests_of_http(void)
{
    static const char *const texts[] = {
        "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:9700\r\nAccept: text/plain;version=0.0.4\r\n\r\n",
        "HEAD /metrics?x=1 HTTP/1.0\n\n",
        "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello",
        "GET metrics\r\n\r\n",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        write_seed("http", -1, (const uint8_t *)texts[i], strlen(texts[i]));
    }
}

static void write_requests_of_gateway(void)
{
#define KEY "e90f503c9667c216739b76ed41d3fefbf93f79580594c1541df7db4caeaf559b"
    static const char *const texts[] = {
        "/v1/status/watch?every_s=5\nbytes=0-99\nlocalhost:4780\nBearer 0123456789abcdef\n",
        "/v1/value/" KEY "\nbytes=-5\n[::1]:4780\n\n",
        "/v1/record/" KEY "/watch?salt=a%20b+c&every_s=60\nbytes=7-\nnode.example\nBearer x\n",
        "/v1/record\n\n127.0.0.1\n\n{\"text\":\"a\\u00e4\",\"salt\":\"s\",\"cas\":0,\"life_s\":9}",
        "/v1/record\n\n127.0.0.1\n\n{\"value\":\"00ff\",\"sequence\":7,\"keep\":false}",
        "/v1/providers/" KEY "\n\n\n\n{\"endpoint\":\"192.0.2.1:80\",\"metadata\":\"m\"}",
        "/v1/providers/" KEY "\n\n\n\n{\"endpoint\":8080}",
        "/v1/value?keep=true\n\n\n\nhello",
        "/v1/lookup/" KEY "/trace\nbytes=1-0,2-3\nevil.example\nBasic x\n",
    };
#undef KEY
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        write_seed("gateway", -1, (const uint8_t *)texts[i], strlen(texts[i]));
    }
}

/* Steps of fuzz/portmap.c: 1 lets time pass until a request is due, 4 is a good answer of a kind
 * with some bytes changed, 2 any datagram, 0 a time; each ends with three bytes of randomness. */
static void write_gateways(void)
{
    static const uint8_t mapped[] = {0, 1, 0, 0, 0, 4, 0, 0,    9,    9,    9,    1, 0, 0, 0,
                                     4, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 2, 3};
    static const uint8_t pinhole[] = {1, 1, 0, 0, 0, 4, 0, 0, 9, 9, 9, 3, 0, 0, 0, 1, 5, 5, 5};
    static const uint8_t by_pmp[] = {0, 1, 1, 1, 1, 1, 2, 2, 2, 1, 3, 3, 3, 1, 4, 4, 4, 4,
                                     1, 0, 5, 5, 5, 1, 6, 6, 6, 4, 2, 0, 7, 7, 7, 1, 8, 8,
                                     8, 4, 1, 0, 9, 9, 9, 1, 0, 0, 0, 4, 2, 0, 1, 1, 1};
    static const uint8_t other[] = {0, 1, 0, 0, 0, 2, 0, 8, 1, 0, 0x81, 0, 1, 0, 0, 0, 0,
                                    1, 1, 1, 1, 2, 2, 2, 4, 1, 0, 3,    3, 3, 1, 4, 4, 4};
    static const uint8_t refused[] = {0, 1, 0, 0, 0, 4, 0, 1, 3, 2, 0, 0, 0, 1, 1, 1,
                                      1, 4, 0, 2, 6, 0, 7, 0, 2, 2, 2, 1, 3, 3, 3};
    static const uint8_t no_port[] = {0, 1, 0, 0, 0, 4, 0, 2, 42, 0, 43, 0, 7, 7, 7, 1, 0, 0, 0};
    write_seed("portmap", -1, no_port, sizeof no_port);
    write_seed("portmap", -1, mapped, sizeof mapped);
    write_seed("portmap", -1, pinhole, sizeof pinhole);
    write_seed("portmap", -1, by_pmp, sizeof by_pmp);
    write_seed("portmap", -1, other, sizeof other);
    write_seed("portmap", -1, refused, sizeof refused);
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        (void)fprintf(stderr, "usage: seeds VECTORS_FOLDER CORPUS_FOLDER\n");
        return 2;
    }
    corpus = argv[2];
    static const char *const files[] = {"envelopes.json", "invalid.json", "signatures.json",
                                        "records.json",   "trees.json",   "statements.json"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        take_vectors(argv[1], files[i]);
    }
    write_bodies();
    write_forwarding();
    write_files();
    write_profiles();
    write_requests();
    write_sequences();
    write_forwards();
    fuzz_seeds_database();
    write_configs();
    write_requests_of_http();
    write_file_notices();
    write_requests_of_gateway();
    write_gateways();
    fuzz_seeds_audit();
    number = 0; /* names of their own, which stay when there are more of the others */
    fuzz_seeds_simulated();
    return 0;
}
