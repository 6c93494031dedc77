/* Fills the memory block by block. In the first half of the only pass the block that is mixed in
 * follows from a counter, in the second half from the block before (RFC 9106, section 3.4). */
#include "crypto/argon2id.h"

#include <sodium.h>
#include <stdbool.h>
#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#endif

#include "crypto/assert.h"

#define VERSION       0x13
#define TYPE_ID       2
#define PASSES        1
#define LANES         1
#define SLICES        4
#define BLOCK_WORDS   (SKAD_ARGON2ID_BLOCK_BYTES / 8)
#define DIGEST_BYTES  64
#define CHAINED_BYTES 32 /* of each digest but the last of a long output */

typedef uint64_t four __attribute__((vector_size(32), aligned(32)));
typedef uint64_t eight __attribute__((vector_size(64), aligned(64)));

typedef struct block {
    _Alignas(SKAD_ARGON2ID_MEMORY_ALIGN) uint64_t words[BLOCK_WORDS];
} block;
_Static_assert(sizeof(block) == SKAD_ARGON2ID_BLOCK_BYTES, "a block");

typedef void (*compress)(const block *x, const block *y, block *out);

/* ---- One compression for each kind of processor ---- */

#define BLOCK_COMPRESS compress_portable
#define BLOCK_TARGET   /* none */
#define BLOCK_WIDTH    4
#define BLOCK_VECTOR   four
#if defined(__x86_64__)
/* Every such processor multiplies the lower halves of two words by one instruction. No function
 * passes vectors: how they are passed depends on the processor. */
#define BLOCK_MULTIPLY(x, y)                                                                       \
    __extension__({                                                                                \
        __m128i left_[2];                                                                          \
        __m128i right_[2];                                                                         \
        four product_;                                                                             \
        memcpy(left_, &(x), sizeof left_);                                                         \
        memcpy(right_, &(y), sizeof right_);                                                       \
        left_[0] = _mm_mul_epu32(left_[0], right_[0]);                                             \
        left_[1] = _mm_mul_epu32(left_[1], right_[1]);                                             \
        memcpy(&product_, left_, sizeof product_);                                                 \
        product_;                                                                                  \
    })
#else
#define BLOCK_MULTIPLY(x, y) (((x)&UINT32_MAX) * ((y)&UINT32_MAX))
#endif
#include "crypto/argon2id_block.h"

#if defined(__x86_64__)
#define BLOCK_COMPRESS       compress_avx2
#define BLOCK_TARGET         __attribute__((target("avx2")))
#define BLOCK_WIDTH          4
#define BLOCK_VECTOR         four
#define BLOCK_MULTIPLY(x, y) ((four)_mm256_mul_epu32((__m256i)(x), (__m256i)(y)))
#include "crypto/argon2id_block.h"

#define BLOCK_COMPRESS       compress_avx512
#define BLOCK_TARGET         __attribute__((target("avx512f")))
#define BLOCK_WIDTH          8
#define BLOCK_VECTOR         eight
#define BLOCK_MULTIPLY(x, y) ((eight)_mm512_mul_epu32((__m512i)(x), (__m512i)(y)))
#include "crypto/argon2id_block.h"
#endif

skad_argon2id_kind skad_argon2id_best(void)
{
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512f") ? SKAD_ARGON2ID_AVX512
           : __builtin_cpu_supports("avx2")  ? SKAD_ARGON2ID_AVX2
                                             : SKAD_ARGON2ID_PORTABLE;
#else
    return SKAD_ARGON2ID_PORTABLE;
#endif
}

/* One for each skad_argon2id_kind. */
static const compress compressions[] = {
    compress_portable,
#if defined(__x86_64__)
    compress_avx2,
    compress_avx512,
#endif
};

/* ---- The hashes at both ends ---- */

static void put_u32(uint8_t out[static 4], uint32_t value)
{
    for (unsigned i = 0; i < 4; i++) {
        out[i] = (uint8_t)(value >> 8 * i);
    }
}

static void digest(const uint8_t *data, size_t len, uint8_t *out, size_t out_bytes)
{
    int failed = crypto_generichash_blake2b(out, out_bytes, data, len, NULL, 0);
    SKAD_ASSERT(failed == 0);
}

/* The hash H' of variable length (section 3.3); out_bytes is 1024 or 32. */
static void hash_long(const uint8_t *data, size_t len, uint8_t *out, size_t out_bytes)
{
    uint8_t input[4 + SKAD_ARGON2ID_BLOCK_BYTES];
    uint8_t chained[DIGEST_BYTES];
    SKAD_ASSERT(len <= SKAD_ARGON2ID_BLOCK_BYTES);
    put_u32(input, (uint32_t)out_bytes);
    memcpy(input + 4, data, len);
    if (out_bytes <= DIGEST_BYTES) {
        digest(input, 4 + len, out, out_bytes);
        return;
    }
    digest(input, 4 + len, chained, sizeof chained);
    while (out_bytes > DIGEST_BYTES) {
        memcpy(out, chained, CHAINED_BYTES);
        out += CHAINED_BYTES;
        out_bytes -= CHAINED_BYTES;
        digest(chained, sizeof chained, chained, sizeof chained);
    }
    memcpy(out, chained, out_bytes);
}

/* Words are little-endian in bytes. */
static void turn(block *of)
{
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    for (size_t i = 0; i < BLOCK_WORDS; i++) {
        of->words[i] = __builtin_bswap64(of->words[i]);
    }
#else
    (void)of;
#endif
}

/* Makes the first two blocks out of all parameters and the input. */
static void begin(const uint8_t *input, size_t len, const uint8_t *salt, uint32_t memory_kib,
                  block *memory)
{
    uint8_t start[40 + SKAD_ARGON2ID_INPUT_BYTES_MAX + SKAD_ARGON2ID_SALT_BYTES];
    uint8_t seed[DIGEST_BYTES + 8] = {0};
    size_t used = 28;
    put_u32(start, LANES);
    put_u32(start + 4, SKAD_ARGON2ID_OUT_BYTES);
    put_u32(start + 8, memory_kib);
    put_u32(start + 12, PASSES);
    put_u32(start + 16, VERSION);
    put_u32(start + 20, TYPE_ID);
    put_u32(start + 24, (uint32_t)len);
    memcpy(start + used, input, len);
    used += len;
    put_u32(start + used, SKAD_ARGON2ID_SALT_BYTES);
    memcpy(start + used + 4, salt, SKAD_ARGON2ID_SALT_BYTES);
    used += 4 + SKAD_ARGON2ID_SALT_BYTES;
    memset(start + used, 0, 8); /* neither secret nor associated data */
    digest(start, used + 8, seed, DIGEST_BYTES);
    for (uint32_t i = 0; i < 2; i++) {
        put_u32(seed + DIGEST_BYTES, i);
        hash_long(seed, sizeof seed, (uint8_t *)memory[i].words, sizeof memory[i]);
        turn(&memory[i]);
    }
}

/* ---- The pass ---- */

/* Pseudo-random words that follow from position alone. */
static void make_addresses(compress mix, uint64_t slice, uint64_t blocks, uint64_t counter,
                           block *out)
{
    static const block zero;
    block input = {.words = {0, 0, slice, blocks, PASSES, TYPE_ID, counter}};
    mix(&zero, &input, out);
    mix(&zero, out, out);
}

/* Which of the `count` blocks so far is mixed in; the later ones are more likely. */
static size_t choose_block(uint64_t random, uint64_t count)
{
    const uint64_t low = random & UINT32_MAX;
    return (size_t)(count - 1 - (count * (low * low >> 32) >> 32));
}

static void fill(compress mix, block *memory, size_t blocks)
{
    const size_t segment = blocks / SLICES;
    block addresses;
    for (size_t slice = 0; slice < SLICES; slice++) {
        for (size_t i = slice == 0 ? 2 : 0; i < segment; i++) {
            const size_t at = slice * segment + i;
            const bool independent = slice < SLICES / 2;
            if (independent && (i % BLOCK_WORDS == 0 || at == 2)) {
                make_addresses(mix, slice, blocks, i / BLOCK_WORDS + 1, &addresses);
            }
            const uint64_t random =
                independent ? addresses.words[i % BLOCK_WORDS] : memory[at - 1].words[0];
            mix(&memory[at - 1], &memory[choose_block(random, at - 1)], &memory[at]);
        }
    }
}

void skad_argon2id(const uint8_t *input, size_t len,
                   const uint8_t salt[static SKAD_ARGON2ID_SALT_BYTES], uint32_t memory_kib,
                   void *memory, skad_argon2id_kind kind,
                   uint8_t out[static SKAD_ARGON2ID_OUT_BYTES])
{
    block *all = memory;
    SKAD_ASSERT(len <= SKAD_ARGON2ID_INPUT_BYTES_MAX && memory_kib >= 2 * SLICES);
    SKAD_ASSERT(kind <= skad_argon2id_best());
    const size_t blocks = (size_t)memory_kib / SLICES * SLICES;
    begin(input, len, salt, memory_kib, all);
    fill(compressions[kind], all, blocks);
    turn(&all[blocks - 1]);
    hash_long((const uint8_t *)all[blocks - 1].words, sizeof(block), out, SKAD_ARGON2ID_OUT_BYTES);
}
