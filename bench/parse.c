/* The cost of the worst input for each decoder: time, and stack. For every decoder a set of hostile
 * shapes is tried at every length up to the largest, the slowest are made slower by random changes,
 * and the worst one is printed, beside a bare BLAKE2b over as many bytes. Decoders of datagrams
 * should stay below 10 microseconds; time that doubles with the length is linear.
 *
 *   build/bench_parse */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/measure.h"
#include "crypto/random.h"
#include "proto/control.h"
#include "proto/envelope.h"
#include "proto/peer_file.h"
#include "proto/reader.h"
#include "proto/tree.h"
#include "tests/support/vectors_identities.h"
#include "tests/support/wire.h"

#define INPUT_BYTES_MAX SKAD_PEER_FILE_BYTES_MAX
#define CALLS           400 /* for one figure */
#define TRIES           3   /* of which the least counts: interruptions only ever add */
#define SEARCH_STEPS    400 /* random changes of the slowest */
#define STACK_BYTES     (1U << 20)
#define STACK_PAINT     0xa5
#define DATAGRAM_US_MAX 10.0
#define LENGTHS         8 /* that each shape is tried at */

/* A decoder, whatever it thinks of the bytes. */
typedef void (*decoder)(const uint8_t *data, size_t len);

static volatile unsigned sink; /* so that nothing is optimised away */

static void cut_strict(const uint8_t *data, size_t len)
{
    skad_item items[SKAD_BODY_ITEMS_MAX];
    size_t count = 0;
    size_t consumed = 0;
    sink += skad_cut(data, len, SKAD_CUT_STRICT, items, SKAD_BODY_ITEMS_MAX, &count, &consumed);
}

static void read_envelope(const uint8_t *data, size_t len)
{
    skad_envelope envelope;
    sink += skad_envelope_decode(data, len, &envelope);
}

#define BODY(name, kind)                                                                           \
    static void name(const uint8_t *data, size_t len)                                              \
    {                                                                                              \
        skad_message message;                                                                      \
        sink += skad_message_decode(kind, data, len, &message);                                    \
    }
BODY(read_ping, SKAD_KIND_PING)
BODY(read_find_node, SKAD_KIND_FIND_NODE)
BODY(read_find_value, SKAD_KIND_FIND_VALUE)
BODY(read_store, SKAD_KIND_STORE)
BODY(read_announce, SKAD_KIND_ANNOUNCE)
BODY(read_compare, SKAD_KIND_COMPARE)
BODY(read_pong, SKAD_KIND_PONG)
BODY(read_nodes, SKAD_KIND_NODES)
BODY(read_value, SKAD_KIND_VALUE)
BODY(read_stored, SKAD_KIND_STORED)
BODY(read_error, SKAD_KIND_ERROR)

static void read_record(const uint8_t *data, size_t len)
{
    skad_record record;
    sink += skad_record_decode(data, len, &record);
}

static void read_tree(const uint8_t *data, size_t len)
{
    skad_tree_node node;
    sink += skad_tree_decode(data, len, true, &node);
}

static void read_control(const uint8_t *data, size_t len)
{
    skad_control_request request;
    bool known;
    size_t consumed = 0;
    sink += skad_control_read(data, len, &request, &known, &consumed);
}

static void read_peers(const uint8_t *data, size_t len)
{
    static skad_peer_file file;
    static const uint8_t hash[SKAD_HASH_BYTES];
    sink += skad_peer_file_decode(data, len, hash, &file);
}

typedef struct subject {
    const char *name;
    decoder decode;
    size_t len_max;
    bool datagram;  /* what remote peers send */
    skad_kind kind; /* of the example to begin with; 0: none */
} subject;

static const subject SUBJECTS[] = {
    {"structure, strict", cut_strict, SKAD_DATAGRAM_BYTES_MAX, true, SKAD_KIND_VALUE},
    {"envelope", read_envelope, SKAD_ENVELOPE_BYTES_MAX, true, 0},
    {"PING", read_ping, SKAD_BODY_BYTES_MAX, true, SKAD_KIND_PING},
    {"FIND_NODE", read_find_node, SKAD_BODY_BYTES_MAX, true, SKAD_KIND_FIND_NODE},
    {"FIND_VALUE", read_find_value, SKAD_BODY_BYTES_MAX, true, SKAD_KIND_FIND_VALUE},
    {"STORE", read_store, SKAD_BODY_BYTES_MAX, true, SKAD_KIND_STORE},
    {"ANNOUNCE", read_announce, SKAD_BODY_BYTES_MAX, true, SKAD_KIND_ANNOUNCE},
    {"COMPARE", read_compare, SKAD_BODY_BYTES_MAX, true, SKAD_KIND_COMPARE},
    {"PONG", read_pong, SKAD_BODY_BYTES_MAX, true, SKAD_KIND_PONG},
    {"NODES", read_nodes, SKAD_BODY_BYTES_MAX, true, SKAD_KIND_NODES},
    {"VALUE", read_value, SKAD_BODY_BYTES_MAX, true, SKAD_KIND_VALUE},
    {"STORED, ANNOUNCED", read_stored, SKAD_BODY_BYTES_MAX, true, SKAD_KIND_STORED},
    {"ERROR", read_error, SKAD_BODY_BYTES_MAX, true, SKAD_KIND_ERROR},
    {"record, its hashes included", read_record, SKAD_RECORD_BYTES_MAX, true, 0},
    {"tree node", read_tree, SKAD_VALUE_BYTES_MAX, true, 0},
    {"control request", read_control, SKAD_CONTROL_REQUEST_BYTES_MAX, false, 0},
    {"peer file, its hash included", read_peers, SKAD_PEER_FILE_BYTES_MAX, false, 0},
};

/* ---- Hostile shapes ---- */

static void fill(uint8_t *out, size_t len, const char *unit, size_t unit_len)
{
    for (size_t i = 0; i < len; i++) {
        out[i] = (uint8_t)unit[i % unit_len];
    }
}

typedef struct shape {
    const char *name;
    size_t head_len;
    const char *head; /* comes once */
    size_t unit_len;
    const char *unit; /* fills the rest */
} shape;

#define BYTES(literal) sizeof(literal) - 1, literal

static const shape SHAPES[] = {
    {"arrays in arrays", BYTES(""), BYTES("\x91")},
    {"an array of nothing", BYTES("\xdc\x00\x4b"), BYTES("\xc0")},
    {"an array of empty arrays", BYTES("\xdc\x00\x4b"), BYTES("\x90")},
    {"an array of pairs", BYTES("\xdc\x00\x18"), BYTES("\x92\x01\x02")},
    {"large numbers", BYTES("\xdc\x00\x4b"), BYTES("\xcf\xff\xff\xff\xff\xff\xff\xff\xff")},
    {"empty strings of bytes", BYTES("\xdc\x00\x4b"), BYTES("\xc4\x00")},
    {"short strings of bytes", BYTES("\xdc\x00\x4b"), BYTES("\xc4\x0d_____________")},
    {"contacts", BYTES("\x93\xc4\x06\x08\x08\x08\x08\x01\x01\x90\xdc\x00\x10"),
     BYTES("\x93\xc4\x20________________________________\xc4\x06\x08\x08\x08\x08\x01\x01\xc4\x12"
           "\x20_______________\x01\x01")},
    {"one string of bytes", BYTES("\xc5\x04\xcd"), BYTES("\x00")},
    {"a record in a record", BYTES("\x92\x01\xc5\x03\xe8"), BYTES("\x55")},
    {"a mutable record",
     BYTES("\x97\x02\xc4\x20________________________________\xc4\x00\x00\x00"
           "\xc5\x03\x20"),
     BYTES("\x55")},
    {"a larger claim than there are bytes", BYTES("\xdd\xff\xff\xff\xff"), BYTES("\xc0")},
    {"an array of 1000", BYTES("\xdc\x03\xe8"), BYTES("\x00")},
    {"maps", BYTES("\xde\x00\x1e"), BYTES("\xa1k\x01")},
};
#define SHAPES_COUNT (sizeof SHAPES / sizeof SHAPES[0])

static void make(const shape *from, uint8_t *out, size_t len)
{
    size_t head = from->head_len < len ? from->head_len : len;
    memcpy(out, from->head, head);
    fill(out + head, len - head, from->unit, from->unit_len);
}

/* ---- Time ---- */

/* Nanoseconds of one call. */
static double cost_ns(decoder decode, const uint8_t *data, size_t len)
{
    double least = 1e9;
    for (unsigned try = 0; try < TRIES; try++) {
        double start = bench_cpu_s();
        for (unsigned i = 0; i < CALLS; i++) {
            decode(data, len);
        }
        double ns = (bench_cpu_s() - start) * 1e9 / CALLS;
        least = ns < least ? ns : least;
    }
    return least;
}

typedef struct worst {
    uint8_t bytes[INPUT_BYTES_MAX];
    size_t len;
    double ns;
} worst;

static void consider(const subject *self, const uint8_t *data, size_t len, worst *out)
{
    double ns = cost_ns(self->decode, data, len);
    if (ns > out->ns) {
        memcpy(out->bytes, data, len);
        out->len = len;
        out->ns = ns;
    }
}

/* As many contacts as there may be, each with both endpoints. */
static size_t fill_contacts(skad_contact *out, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        out[i] = (skad_contact){.id = {{(uint8_t)i, (uint8_t)(i >> 8)}}};
        out[i].ipv4 = (skad_address){.family = SKAD_FAMILY_IPV4, .port = 1, .ip = {8}};
        out[i].ipv6 = (skad_address){.family = SKAD_FAMILY_IPV6, .port = 1, .ip = {0x2a}};
    }
    return count;
}

static size_t largest_body(skad_kind kind, uint8_t *out)
{
    skad_message message;
    skad_wire_message(kind, &message);
    if (kind == SKAD_KIND_NODES) {
        message.u.reply.u.nodes.contacts_count =
            fill_contacts(message.u.reply.u.nodes.contacts, SKAD_CONTACTS_MAX);
    }
    if (kind == SKAD_KIND_VALUE) {
        message.u.reply.u.value.contacts_count =
            fill_contacts(message.u.reply.u.value.contacts, SKAD_CONTACTS_MAX);
    }
    return skad_message_encode(&message, out, SKAD_BODY_BYTES_MAX);
}

static size_t whole_envelope(uint8_t *out)
{
    static skad_vector_identities identities;
    skad_draft draft;
    skad_vector_identities_init(&identities);
    skad_vector_draft(&identities, SKAD_KIND_STORE, &identities.receiver.id, NULL,
                      SKAD_VECTOR_TOKEN, &draft);
    skad_seal(&identities.sealer, &(skad_draft *){&draft}, 1);
    memcpy(out, draft.bytes + SKAD_TAG_BYTES, draft.len - (size_t)SKAD_TAG_BYTES);
    return draft.len - (size_t)SKAD_TAG_BYTES;
}

/* A whole, valid message as large as it may be: only such a one is read to its end. */
static void consider_example(const subject *self, worst *out)
{
    static uint8_t bytes[INPUT_BYTES_MAX];
    static skad_peer_file peers;
    static const skad_id keys[SKAD_TREE_FANOUT];
    static const uint8_t hash[SKAD_HASH_BYTES];
    size_t len = 0;
    if (self->kind != 0) {
        len = largest_body(self->kind, bytes);
    } else if (self->decode == read_envelope) {
        len = whole_envelope(bytes);
    } else if (self->decode == read_tree) {
        len = skad_tree_encode_node(1, 1000 * SKAD_TREE_FANOUT, keys, SKAD_TREE_FANOUT, bytes,
                                    sizeof bytes);
    } else if (self->decode == read_peers) {
        peers.count = fill_contacts(peers.contacts, SKAD_PEER_FILE_CONTACTS_MAX);
        len = skad_peer_file_encode(&peers, hash, bytes);
    }
    if (len > 0) {
        consider(self, bytes, len, out);
    }
}

static void search(const subject *self, skad_random *random, worst *out)
{
    static uint8_t bytes[INPUT_BYTES_MAX];
    consider_example(self, out);
    for (size_t i = 0; i < SHAPES_COUNT; i++) {
        for (size_t j = 1; j <= LENGTHS; j++) {
            size_t len = self->len_max * j / LENGTHS;
            make(&SHAPES[i], bytes, len);
            consider(self, bytes, len, out);
        }
    }
    for (unsigned step = 0; step < SEARCH_STEPS; step++) {
        size_t len = out->len;
        memcpy(bytes, out->bytes, len);
        for (unsigned changes = 0; changes < 3; changes++) {
            bytes[skad_random_below(random, len)] = (uint8_t)skad_random_below(random, 256);
        }
        consider(self, bytes, len, out);
    }
    out->ns = cost_ns(self->decode, out->bytes, out->len); /* what was luck shows */
}

/* How much longer the same shape takes at twice its length: 2 is linear. */
static double growth(const subject *self)
{
    static uint8_t bytes[INPUT_BYTES_MAX];
    double largest = 0;
    for (size_t i = 0; i < SHAPES_COUNT; i++) {
        make(&SHAPES[i], bytes, self->len_max);
        double whole = cost_ns(self->decode, bytes, self->len_max);
        make(&SHAPES[i], bytes, self->len_max / 2);
        double half = cost_ns(self->decode, bytes, self->len_max / 2);
        if (whole > 200 && half > 50 && whole / half > largest) { /* less is mostly the call */
            largest = whole / half;
        }
    }
    return largest;
}

static double hash_ns(size_t len)
{
    static uint8_t bytes[INPUT_BYTES_MAX];
    uint8_t hash[SKAD_HASH_BYTES];
    double start = bench_cpu_s();
    for (unsigned i = 0; i < CALLS; i++) {
        skad_hash_one(SKAD_HASH_VALUE, bytes, len, hash);
        sink += hash[0];
    }
    return (bench_cpu_s() - start) * 1e9 / CALLS;
}

/* ---- Stack ---- */

typedef struct dive {
    decoder decode; /* NULL: to see what a thread takes by itself */
    const uint8_t *data;
    size_t len;
} dive;

static void *go_down(void *user)
{
    const dive *self = user;
    if (self->decode != NULL) {
        self->decode(self->data, self->len);
    }
    return NULL;
}

/* How much of a painted stack has changed. */
static size_t stack_of(const dive *what)
{
    static uint8_t *stack;
    pthread_attr_t attributes;
    pthread_t thread;
    dive copy = *what;
    if (stack == NULL) {
        stack = aligned_alloc(4096, STACK_BYTES);
    }
    if (stack == NULL) {
        return 0;
    }
    memset(stack, STACK_PAINT, STACK_BYTES);
    (void)pthread_attr_init(&attributes);
    (void)pthread_attr_setstack(&attributes, stack, STACK_BYTES);
    if (pthread_create(&thread, &attributes, go_down, &copy) == 0) {
        (void)pthread_join(thread, NULL);
    }
    (void)pthread_attr_destroy(&attributes);
    size_t untouched = 0;
    while (untouched < STACK_BYTES && stack[untouched] == STACK_PAINT) {
        untouched++;
    }
    return STACK_BYTES - untouched;
}

int main(void)
{
    static worst found;
    const uint8_t seed[SKAD_SEED_BYTES] = {8};
    const dive nothing = {NULL, NULL, 0};
    skad_random random;
    double slowest_us = 0;
    skad_random_init(&random, seed);
    bench_pin(0);
    size_t own = stack_of(&nothing);
    printf("%-30s %6s %9s %8s %9s %7s %7s\n", "decoder", "bytes", "worst ns", "ns/byte",
           "of a hash", "x2 len", "stack");
    for (size_t i = 0; i < sizeof SUBJECTS / sizeof SUBJECTS[0]; i++) {
        const subject *self = &SUBJECTS[i];
        found = (worst){.ns = 0};
        search(self, &random, &found);
        const dive deep = {self->decode, found.bytes, found.len};
        size_t stack = stack_of(&deep);
        printf("%-30s %6zu %9.0f %8.2f %9.2f %7.2f %7zu\n", self->name, found.len, found.ns,
               found.ns / (double)found.len, found.ns / hash_ns(found.len), growth(self),
               stack > own ? stack - own : 0);
        if (self->datagram && found.ns / 1000 > slowest_us) {
            slowest_us = found.ns / 1000;
        }
    }
    printf("the slowest of what comes in datagrams: %.2f us, %s %.0f us\n", slowest_us,
           slowest_us < DATAGRAM_US_MAX ? "below" : "NOT below", DATAGRAM_US_MAX);
    return 0;
}
