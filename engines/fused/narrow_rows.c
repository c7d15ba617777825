/*
 * narrow_rows.c - rows of fp32 as the words that low-precision kernels multiply (kernels.h).
 *
 * Rounding is base/narrow.h's; what is added here is zeros up to whole words, and the forms of x
 * that save a kernel an instruction for each row and word.  Once a call and row, so plain loops do.
 */
#include <string.h>

#include "engines/base/convert.h"
#include "engines/base/size.h"
#include "engines/fused/kernels.h"

enum { CHUNK = 64 }; /* numbers widened at once, from a copy that the compiler sees no alias of */

float zg_narrow_row_bf16(const struct zg_narrow *narrow, const float *x, int64_t n, void *row,
                         int64_t n_words)
{
    uint16_t *h = row;
    narrow->bf16(x, n, h);
    memset(h + n, 0, (size_t)(2 * n_words - n) * sizeof *h);
    return 1.0f;
}

float zg_narrow_row_bf16_wide(const struct zg_narrow *narrow, const float *x, int64_t n, void *row,
                              int64_t n_words)
{
    float *wide = row;
    uint16_t h[CHUNK];
    for (int64_t begin = 0; begin < n; begin += CHUNK) {
        const int64_t end = zg_min64(n, begin + CHUNK);
        narrow->bf16(x + begin, end - begin, h);
        for (int64_t i = begin; i < end; i++)
            wide[i] = zg_float_of_bf16(h[i - begin]);
    }
    memset(wide + n, 0, (size_t)(2 * n_words - n) * sizeof *wide);
    return 1.0f;
}

float zg_narrow_row_int8(const struct zg_narrow *narrow, const float *x, int64_t n, void *row,
                         int64_t n_words)
{
    int8_t *q = row;
    const float scale = narrow->int8(x, n, q);
    memset(q + n, 0, (size_t)(4 * n_words - n));
    return scale;
}

float zg_narrow_row_int8_offset(const struct zg_narrow *narrow, const float *x, int64_t n,
                                void *row, int64_t n_words)
{
    uint8_t *q = row;
    const float scale = zg_narrow_row_int8(narrow, x, n, row, n_words);
    for (int64_t i = 0; i < 4 * n_words; i++)
        q[i] ^= 0x80u; /* + 128 */
    return scale;
}

/* Bytes 0 and 2 of a word, sign-extended to its 16-bit halves.  Written in 32-bit operations so
 * that the loop below needs no shuffle of bytes, which SSE2 lacks. */
static inline uint32_t widen_even(uint32_t bytes)
{
    const uint32_t low = bytes & 0x00ff00ffu, sign = low >> 7 & 0x00010001u;
    return low | ((sign << 16) - (sign << 8)); /* 0xff00 over each negative byte */
}

float zg_narrow_row_int8_wide(const struct zg_narrow *narrow, const float *x, int64_t n, void *row,
                              int64_t n_words)
{
    /* The int8 numbers start out in the second half of the row; each chunk is read before anything
     * is written that far. */
    uint32_t *wide = row, words[CHUNK];
    const uint32_t *q = wide + n_words;
    const float scale = zg_narrow_row_int8(narrow, x, n, wide + n_words, n_words);
    for (int64_t begin = 0; begin < n_words; begin += CHUNK) {
        const int64_t chunk = zg_min64(CHUNK, n_words - begin);
        memcpy(words, q + begin, (size_t)chunk * sizeof *words);
        for (int64_t i = 0; i < chunk; i++) {
            const uint32_t even = widen_even(words[i]), odd = widen_even(words[i] >> 8);
            memcpy(&wide[2 * (begin + i)], &even, sizeof even);
            memcpy(&wide[2 * (begin + i) + 1], &odd, sizeof odd);
        }
    }
    return scale;
}
