/* How many candidates for a node ID a core tries: our solver, which draws a seed for each, beside
 * the fastest known method, in which the next public key is the previous one plus a constant point.
 * A node needs a scalar, not a seed, so such keys are as good. Against the old scheme, where an ID
 * was a plain hash of the key, and the new one.
 *
 *   build/bench_grind [SECONDS]      by default 5 for each row
 *
 * Points are affine, in batches that share one inversion (Montgomery's trick): a key costs some
 * twenty field multiplications. The first key found is checked: its scalar gives it, and a
 * signature by it verifies. */
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/measure.h"
#include "crypto/argon2id.h"
#include "crypto/assert.h"
#include "crypto/hard_hash.h"
#include "crypto/keys.h"
#include "crypto/puzzle.h"
#include "proto/profile.h"

#define SECONDS_DEFAULT 5
#define BATCH           512 /* keys that share an inversion */
#define RATIO_MAX       1.5

/* ---- The field of 2^255 - 19, in five limbs of 51 bits ---- */

#define LIMBS 5
#define MASK  ((UINT64_C(1) << 51) - 1)

__extension__ typedef unsigned __int128 wide;

typedef struct field {
    uint64_t limb[LIMBS];
} field;

static field carried(const wide sums[LIMBS])
{
    field out;
    wide carry = 0;
    for (size_t i = 0; i < LIMBS; i++) {
        carry += sums[i];
        out.limb[i] = (uint64_t)carry & MASK;
        carry >>= 51;
    }
    out.limb[0] += 19 * (uint64_t)carry;
    out.limb[1] += out.limb[0] >> 51;
    out.limb[0] &= MASK;
    return out;
}

static field multiply(const field *a, const field *b)
{
    wide sums[LIMBS] = {0};
    for (size_t i = 0; i < LIMBS; i++) {
        for (size_t j = 0; j < LIMBS; j++) {
            const uint64_t other = i + j < LIMBS ? b->limb[j] : 19 * b->limb[j];
            sums[(i + j) % LIMBS] += (wide)a->limb[i] * other;
        }
    }
    return carried(sums);
}

static field add(const field *a, const field *b)
{
    field out;
    for (size_t i = 0; i < LIMBS; i++) {
        out.limb[i] = a->limb[i] + b->limb[i];
    }
    return out;
}

/* Adds 4 p first, so that no limb is negative. */
static field subtract(const field *a, const field *b)
{
    wide sums[LIMBS];
    for (size_t i = 0; i < LIMBS; i++) {
        sums[i] = (wide)a->limb[i] + 4 * (MASK - (i == 0 ? 18 : 0)) - b->limb[i];
    }
    return carried(sums);
}

/* a^(p - 2), whose bits are all ones but the second and the fourth from below. */
static field invert(const field *a)
{
    field out = {{1}};
    for (int bit = 254; bit >= 0; bit--) {
        out = multiply(&out, &out);
        if (bit != 2 && bit != 4) {
            out = multiply(&out, a);
        }
    }
    return out;
}

static field from_bytes(const uint8_t bytes[static 32])
{
    uint64_t word[4];
    memcpy(word, bytes, sizeof word);
    return (field){{word[0] & MASK, (word[0] >> 51 | word[1] << 13) & MASK,
                    (word[1] >> 38 | word[2] << 26) & MASK, (word[2] >> 25 | word[3] << 39) & MASK,
                    word[3] >> 12 & MASK}};
}

static void to_bytes(const field *a, uint8_t out[static 32])
{
    wide sums[LIMBS];
    field whole = *a;
    for (unsigned turn = 0; turn < 2; turn++) {
        for (size_t i = 0; i < LIMBS; i++) {
            sums[i] = whole.limb[i];
        }
        whole = carried(sums);
    }
    uint64_t above = 19; /* whether it is p or more */
    for (size_t i = 0; i < LIMBS; i++) {
        above = (whole.limb[i] + above) >> 51;
    }
    whole.limb[0] += 19 * above;
    for (size_t i = 0; i + 1 < LIMBS; i++) {
        whole.limb[i + 1] += whole.limb[i] >> 51;
        whole.limb[i] &= MASK;
    }
    whole.limb[LIMBS - 1] &= MASK;
    const uint64_t *limb = whole.limb;
    const uint64_t word[4] = {limb[0] | limb[1] << 51, limb[1] >> 13 | limb[2] << 38,
                              limb[2] >> 26 | limb[3] << 25, limb[3] >> 39 | limb[4] << 12};
    memcpy(out, word, sizeof word);
}

/* ---- Points of the curve ---- */

typedef struct point {
    field x;
    field y;
} point;

static field curve_d; /* -121665 / 121666 */

static field small(uint64_t number)
{
    return (field){{number}};
}

/* x from y and the sign of x, by the square root of a fraction (RFC 8032, section 5.1.3). */
static point decompress(const uint8_t bytes[static 32])
{
    const field one = small(1);
    point out = {.y = from_bytes(bytes)};
    const field y2 = multiply(&out.y, &out.y);
    const field above = subtract(&y2, &one);
    const field scaled = multiply(&curve_d, &y2);
    const field below = add(&scaled, &one);
    const field inverse = invert(&below);
    const field x2 = multiply(&above, &inverse);
    field power = one; /* x2^((p + 3) / 8), with (p + 3) / 8 = 2^252 - 2 */
    for (int bit = 251; bit >= 0; bit--) {
        power = multiply(&power, &power);
        if (bit != 0) {
            power = multiply(&power, &x2);
        }
    }
    field check = multiply(&power, &power);
    check = subtract(&check, &x2);
    uint8_t rest[32];
    static const uint8_t zero[32];
    to_bytes(&check, rest);
    if (memcmp(rest, zero, sizeof rest) != 0) { /* times the square root of -1, 2^((p - 1) / 4) */
        field root = one;
        const field two = small(2);
        for (int bit = 252; bit >= 0; bit--) { /* (p - 1) / 4 = 2^253 - 5 */
            root = multiply(&root, &root);
            if (bit != 2) {
                root = multiply(&root, &two);
            }
        }
        power = multiply(&power, &root);
    }
    uint8_t sign[32];
    to_bytes(&power, sign);
    if ((sign[0] & 1) != bytes[31] >> 7) {
        const field none = small(0);
        power = subtract(&none, &power);
    }
    out.x = power;
    return out;
}

static void compress_point(const point *of, uint8_t out[static 32])
{
    uint8_t x[32];
    to_bytes(&of->y, out);
    to_bytes(&of->x, x);
    out[31] = (uint8_t)(out[31] | x[0] << 7);
}

/* ---- The grinder ---- */

typedef struct grinder {
    uint8_t scalar[32]; /* of the centre at the beginning */
    uint64_t done;      /* points by which the centre has moved */
    point centre;       /* scalar * B + done * B */
    point steps[BATCH]; /* 1 B, 2 B, ... */
    point found[BATCH]; /* centre + steps */
    field wait[2 * BATCH];
    field before[2 * BATCH];
} grinder;

static void begin(grinder *self)
{
    uint8_t bytes[32];
    uint8_t number[32] = {0};
    const field numerator = small(121665);
    const field denominator = small(121666);
    const field none = small(0);
    const field inverse = invert(&denominator);
    const field quotient = multiply(&numerator, &inverse);
    curve_d = subtract(&none, &quotient);
    crypto_core_ed25519_scalar_random(self->scalar);
    int failed = crypto_scalarmult_ed25519_base_noclamp(bytes, self->scalar);
    self->centre = decompress(bytes);
    self->done = 0;
    for (unsigned i = 0; i < BATCH; i++) {
        number[0] = (uint8_t)(i + 1);
        number[1] = (uint8_t)((i + 1) >> 8);
        failed |= crypto_scalarmult_ed25519_base_noclamp(bytes, number);
        self->steps[i] = decompress(bytes);
    }
    SKAD_ASSERT(failed == 0);
}

/* Adds all steps to the centre: x = (x1 y2 + x2 y1) / (1 + d t), y = (y1 y2 + x1 x2) / (1 - d t),
 * t = x1 x2 y1 y2. The last sum is the next centre. */
static void advance(grinder *self)
{
    const field one = small(1);
    const field t = multiply(&self->centre.x, &self->centre.y);
    const field dt = multiply(&t, &curve_d);
    field product = one;
    for (size_t i = 0; i < BATCH; i++) {
        const point *step = &self->steps[i];
        const field crossed = multiply(&self->centre.x, &step->y);
        const field other = multiply(&self->centre.y, &step->x);
        const field ys = multiply(&self->centre.y, &step->y);
        const field xs = multiply(&self->centre.x, &step->x);
        const field mixed = multiply(&step->x, &step->y);
        const field all = multiply(&dt, &mixed);
        self->found[i] = (point){add(&crossed, &other), add(&ys, &xs)};
        self->wait[2 * i] = add(&one, &all);
        self->wait[2 * i + 1] = subtract(&one, &all);
        for (size_t j = 2 * i; j < 2 * i + 2; j++) {
            self->before[j] = product;
            product = multiply(&product, &self->wait[j]);
        }
    }
    field inverse = invert(&product);
    for (size_t i = 2 * BATCH; i-- > 0;) {
        const field own = multiply(&inverse, &self->before[i]);
        inverse = multiply(&inverse, &self->wait[i]);
        field *to = i % 2 == 0 ? &self->found[i / 2].x : &self->found[i / 2].y;
        *to = multiply(to, &own);
    }
    self->centre = self->found[BATCH - 1];
    self->done += BATCH;
}

/* Key i of the last batch: whether its scalar gives it, and signs for it. */
static bool owned(const grinder *self, size_t i, const uint8_t public_key[static 32])
{
    static const uint8_t message[] = "to whom it may concern";
    uint8_t moved[32] = {0};
    uint8_t scalar[32];
    uint8_t check[32];
    const uint64_t steps = self->done - BATCH + i + 1;
    memcpy(moved, &steps, sizeof steps);
    crypto_core_ed25519_scalar_add(scalar, self->scalar, moved);
    if (crypto_scalarmult_ed25519_base_noclamp(check, scalar) != 0 ||
        memcmp(check, public_key, sizeof check) != 0) {
        return false;
    }
    uint8_t signature[64];
    uint8_t random[32];
    uint8_t wide_hash[64];
    uint8_t challenge[32];
    uint8_t product[32];
    crypto_hash_sha512_state state;
    crypto_core_ed25519_scalar_random(random);
    int failed = crypto_scalarmult_ed25519_base_noclamp(signature, random);
    crypto_hash_sha512_init(&state);
    crypto_hash_sha512_update(&state, signature, 32);
    crypto_hash_sha512_update(&state, public_key, 32);
    crypto_hash_sha512_update(&state, message, sizeof message);
    crypto_hash_sha512_final(&state, wide_hash);
    crypto_core_ed25519_scalar_reduce(challenge, wide_hash);
    crypto_core_ed25519_scalar_mul(product, challenge, scalar);
    crypto_core_ed25519_scalar_add(signature + 32, product, random);
    return failed == 0 &&
           crypto_sign_ed25519_verify_detached(signature, message, sizeof message, public_key) == 0;
}

/* ---- Rows ---- */

/* Candidates a second, each up to the static puzzle. */
static double grind(uint32_t memory_kib, double seconds)
{
    static grinder self;
    static void *memory;
    memory = memory != NULL ? memory : aligned_alloc(SKAD_ARGON2ID_MEMORY_ALIGN, 64 << 20);
    uint64_t tries = 0;
    bool checked = false;
    SKAD_ASSERT(memory != NULL);
    begin(&self);
    const double start = bench_cpu_s();
    double took = 0;
    while (took < seconds) {
        advance(&self);
        for (size_t i = 0; i < BATCH && took < seconds; i++) {
            uint8_t key[32];
            skad_id id;
            compress_point(&self.found[i], key);
            if (memory_kib == 0) {
                skad_hash_one(SKAD_HASH_NODE_ID, key, sizeof key, id.bytes);
            } else {
                skad_argon2id(key, sizeof key, skad_hash_personal(SKAD_HASH_NODE_ID), memory_kib,
                              memory, skad_argon2id_best(), id.bytes);
            }
            tries++;
            if (skad_puzzle_static_ok(&id, 8) && !checked) {
                checked = true;
                if (!owned(&self, i, key)) {
                    (void)fprintf(stderr, "grind: a key that its scalar does not give\n");
                    exit(EXIT_FAILURE);
                }
            }
            took = i % 64 == 0 ? bench_cpu_s() - start : took;
        }
    }
    return (double)tries / took;
}

typedef struct clock_stop {
    double seconds;
    double start_s; /* of this process's processor time */
    double tries_per_s;
    atomic_bool stop;
} clock_stop;

static double process_cpu_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Of the processor's time, which the solver's thread has for itself. */
static void note(const skad_progress *progress, void *user)
{
    clock_stop *self = user;
    self->tries_per_s = (double)progress->tries / (process_cpu_s() - self->start_s);
    if (progress->elapsed_s >= self->seconds) {
        atomic_store(&self->stop, true);
    }
}

/* The solver itself, one thread, at a puzzle that has no solution. */
static double solve(uint32_t memory_kib, bool dynamic, double seconds)
{
    skad_profile profile = *skad_profile_builtin("public");
    skad_identity identity;
    skad_puzzle_nonce nonce;
    clock_stop end = {.seconds = seconds, .start_s = process_cpu_s()};
    const skad_solve_options options = {
        .threads = 1, .stop = &end.stop, .progress = note, .user = &end};
    profile.memory_kib = memory_kib;
    profile.static_bits = 255;
    profile.dynamic_bits = 255;
    const skad_id id = {{1}};
    const skad_status status = dynamic ? skad_puzzle_solve(&id, &profile, 1, &options, &nonce)
                                       : skad_identity_generate(&profile, 1, &options, &identity);
    SKAD_ASSERT(status == SKAD_ERR_STOPPED);
    return end.tries_per_s;
}

static double signature_checks_per_s(double seconds)
{
    static const uint8_t digest[SKAD_HASH_BYTES] = {1};
    uint8_t key[SKAD_PUBLIC_KEY_BYTES];
    uint8_t secret[SKAD_SECRET_KEY_BYTES];
    uint8_t signature[SKAD_SIGNATURE_BYTES];
    static const uint8_t seed[32] = {3};
    uint64_t count = 0;
    skad_keypair_from_seed(seed, key, secret);
    skad_sign(SKAD_SIGN_DATAGRAM, digest, secret, signature);
    const double start = bench_cpu_s();
    while (bench_cpu_s() - start < seconds) {
        bool ok = skad_verify(SKAD_SIGN_DATAGRAM, digest, key, signature);
        SKAD_ASSERT(ok);
        count++;
    }
    return (double)count / (bench_cpu_s() - start);
}

int main(int argc, char **argv)
{
    const double seconds = argc > 1 ? strtod(argv[1], NULL) : SECONDS_DEFAULT;
    const skad_profile *profile = skad_profile_builtin("public");
    static const char *const kinds[] = {"portable", "AVX2", "AVX-512"};
    skad_crypto_init();
    bench_pin(0);
    printf("candidates a second and core; memory-hard hash: %s\n\n", kinds[skad_argon2id_best()]);
    printf("scheme                      our solver   grinder      ratio\n");
    const double plain = solve(0, false, seconds);
    const double plain_ground = grind(0, seconds);
    printf("old: plain hash          %12.0f %12.0f %9.1f\n", plain, plain_ground,
           plain_ground / plain);
    const double hard = solve(profile->memory_kib, false, seconds);
    const double hard_ground = grind(profile->memory_kib, seconds);
    printf("new: Argon2id, %3" PRIu32 " KiB   %12.0f %12.0f %9.2f   (at most %.1f)\n",
           profile->memory_kib, hard, hard_ground, hard_ground / hard, RATIO_MAX);
    const double nonces = solve(profile->memory_kib, true, seconds);
    const double checks = signature_checks_per_s(seconds / 5);
    printf("\nnonces a second          %12.0f\n", nonces);
    printf("signature checks         %12.0f   a proof of an identity costs %.1f of them\n", checks,
           2 * checks / nonces);
    const double tries = (double)(UINT64_C(1) << profile->static_bits);
    const double nonce_tries = (double)(UINT64_C(1) << profile->dynamic_bits);
    printf("an identity of 'public': %12.0f core-seconds once, %.0f in each epoch\n", tries / hard,
           nonce_tries / nonces);
    return hard_ground / hard <= RATIO_MAX ? EXIT_SUCCESS : EXIT_FAILURE;
}
