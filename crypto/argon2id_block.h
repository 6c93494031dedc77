/* The compression function G of Argon2 (RFC 9106, section 3.5) for one kind of processor. It is
 * included once for each, with
 *
 *     BLOCK_COMPRESS    the name of the function
 *     BLOCK_TARGET      its attributes
 *     BLOCK_WIDTH       words in a vector: 4 or 8
 *     BLOCK_VECTOR      a vector of so many
 *     BLOCK_MULTIPLY    how the lower halves of their words are multiplied
 *
 * A block is 8 rows of 16 words. A vector of four words holds a quarter of a row, and four of them
 * are permuted at once; with eight words it is two rows, or two columns of pairs. */

#define BLOCK_IN_ROW ((size_t)16 / BLOCK_WIDTH) /* vectors */
#define BLOCK_ALL    (8 * BLOCK_IN_ROW)

#if defined(__GNUC__) && !defined(__clang__)
/* gcc 12's analyzer takes the number of lanes of a vector for the bits of one. */
#pragma GCC diagnostic ignored "-Wanalyzer-shift-count-overflow"
#endif

#define BLOCK_ROTATE(x, bits) (((x) >> (bits)) | ((x) << (64 - (bits))))
#define BLOCK_PLUS(x, y)      ((x) + (y) + 2 * BLOCK_MULTIPLY(x, y))

#define BLOCK_HALF_ROUND(a, b, c, d, first, second)                                                \
    do {                                                                                           \
        (a) = BLOCK_PLUS(a, b);                                                                    \
        (d) = BLOCK_ROTATE((d) ^ (a), first);                                                      \
        (c) = BLOCK_PLUS(c, d);                                                                    \
        (b) = BLOCK_ROTATE((b) ^ (c), second);                                                     \
    } while (0)

#define BLOCK_ROUND(a, b, c, d)                                                                    \
    do {                                                                                           \
        BLOCK_HALF_ROUND(a, b, c, d, 32, 24);                                                      \
        BLOCK_HALF_ROUND(a, b, c, d, 16, 63);                                                      \
    } while (0)

#if BLOCK_WIDTH == 8
#define BLOCK_LEFT(x)   __builtin_shufflevector(x, x, 1, 2, 3, 0, 5, 6, 7, 4)
#define BLOCK_ACROSS(x) __builtin_shufflevector(x, x, 2, 3, 0, 1, 6, 7, 4, 5)
#define BLOCK_RIGHT(x)  __builtin_shufflevector(x, x, 3, 0, 1, 2, 7, 4, 5, 6)
/* Two rows: halves of both side by side, and apart again. */
#define BLOCK_LOW(x, y)  __builtin_shufflevector(x, y, 0, 1, 2, 3, 8, 9, 10, 11)
#define BLOCK_HIGH(x, y) __builtin_shufflevector(x, y, 4, 5, 6, 7, 12, 13, 14, 15)
/* Columns of pairs out of two rows, the first ones and the last ones, and apart again. */
#define BLOCK_FIRST(x, y) __builtin_shufflevector(x, y, 0, 1, 8, 9, 2, 3, 10, 11)
#define BLOCK_LAST(x, y)  __builtin_shufflevector(x, y, 4, 5, 12, 13, 6, 7, 14, 15)
#define BLOCK_UPPER(x, y) __builtin_shufflevector(x, y, 0, 1, 4, 5, 8, 9, 12, 13)
#define BLOCK_LOWER(x, y) __builtin_shufflevector(x, y, 2, 3, 6, 7, 10, 11, 14, 15)
#else
#define BLOCK_LEFT(x)     __builtin_shufflevector(x, x, 1, 2, 3, 0)
#define BLOCK_ACROSS(x)   __builtin_shufflevector(x, x, 2, 3, 0, 1)
#define BLOCK_RIGHT(x)    __builtin_shufflevector(x, x, 3, 0, 1, 2)
#define BLOCK_FIRST(x, y) __builtin_shufflevector(x, y, 0, 1, 4, 5)
#define BLOCK_LAST(x, y)  __builtin_shufflevector(x, y, 2, 3, 6, 7)
#define BLOCK_UPPER(x, y) BLOCK_FIRST(x, y)
#define BLOCK_LOWER(x, y) BLOCK_LAST(x, y)
#endif

/* The permutation P: the round on columns, then on diagonals. */
#define BLOCK_PERMUTE(a, b, c, d)                                                                  \
    do {                                                                                           \
        BLOCK_ROUND(a, b, c, d);                                                                   \
        (b) = BLOCK_LEFT(b);                                                                       \
        (c) = BLOCK_ACROSS(c);                                                                     \
        (d) = BLOCK_RIGHT(d);                                                                      \
        BLOCK_ROUND(a, b, c, d);                                                                   \
        (b) = BLOCK_RIGHT(b);                                                                      \
        (c) = BLOCK_ACROSS(c);                                                                     \
        (d) = BLOCK_LEFT(d);                                                                       \
    } while (0)

/* Writes G(x, y) to `out`, which may be either. */
BLOCK_TARGET static void BLOCK_COMPRESS(const block *x, const block *y, block *out)
{
    const BLOCK_VECTOR *left = (const BLOCK_VECTOR *)(const void *)x;
    const BLOCK_VECTOR *right = (const BLOCK_VECTOR *)(const void *)y;
    BLOCK_VECTOR *to = (BLOCK_VECTOR *)(void *)out;
    BLOCK_VECTOR mixed[BLOCK_ALL];
    BLOCK_VECTOR row[BLOCK_ALL];
    for (size_t i = 0; i < BLOCK_ALL; i++) {
        mixed[i] = left[i] ^ right[i];
    }
    for (size_t i = 0; i < BLOCK_ALL; i += 4) {
#if BLOCK_WIDTH == 8
        BLOCK_VECTOR a = BLOCK_LOW(mixed[i], mixed[i + 2]);
        BLOCK_VECTOR b = BLOCK_HIGH(mixed[i], mixed[i + 2]);
        BLOCK_VECTOR c = BLOCK_LOW(mixed[i + 1], mixed[i + 3]);
        BLOCK_VECTOR d = BLOCK_HIGH(mixed[i + 1], mixed[i + 3]);
        BLOCK_PERMUTE(a, b, c, d);
        row[i] = BLOCK_LOW(a, b);
        row[i + 1] = BLOCK_LOW(c, d);
        row[i + 2] = BLOCK_HIGH(a, b);
        row[i + 3] = BLOCK_HIGH(c, d);
#else
        row[i] = mixed[i];
        row[i + 1] = mixed[i + 1];
        row[i + 2] = mixed[i + 2];
        row[i + 3] = mixed[i + 3];
        BLOCK_PERMUTE(row[i], row[i + 1], row[i + 2], row[i + 3]);
#endif
    }
    for (size_t part = 0; part < BLOCK_IN_ROW; part++) { /* of each row */
        BLOCK_VECTOR first[4];
        BLOCK_VECTOR last[4];
        for (size_t i = 0; i < 4; i++) {
            const size_t at = 2 * i * BLOCK_IN_ROW + part;
            first[i] = BLOCK_FIRST(row[at], row[at + BLOCK_IN_ROW]);
            last[i] = BLOCK_LAST(row[at], row[at + BLOCK_IN_ROW]);
        }
        BLOCK_PERMUTE(first[0], first[1], first[2], first[3]);
        BLOCK_PERMUTE(last[0], last[1], last[2], last[3]);
        for (size_t i = 0; i < 4; i++) {
            const size_t at = 2 * i * BLOCK_IN_ROW + part;
            to[at] = mixed[at] ^ BLOCK_UPPER(first[i], last[i]);
            to[at + BLOCK_IN_ROW] = mixed[at + BLOCK_IN_ROW] ^ BLOCK_LOWER(first[i], last[i]);
        }
    }
}

#undef BLOCK_IN_ROW
#undef BLOCK_ALL
#undef BLOCK_ROTATE
#undef BLOCK_PLUS
#undef BLOCK_HALF_ROUND
#undef BLOCK_ROUND
#undef BLOCK_LEFT
#undef BLOCK_ACROSS
#undef BLOCK_RIGHT
#undef BLOCK_LOW
#undef BLOCK_HIGH
#undef BLOCK_FIRST
#undef BLOCK_LAST
#undef BLOCK_UPPER
#undef BLOCK_LOWER
#undef BLOCK_PERMUTE
#undef BLOCK_COMPRESS
#undef BLOCK_TARGET
#undef BLOCK_WIDTH
#undef BLOCK_VECTOR
#undef BLOCK_MULTIPLY
