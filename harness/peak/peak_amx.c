/* peak_amx.c - the tile product loops of peak_kernels.h: tdpbf16ps and tdpbssd. */
#include <string.h>

#include "engines/base/tiles.h"
#include "harness/peak/peak_kernels.h"

/* Of the eight tiles four accumulate, as in the kernels, two are a and two b. */
enum { SIDE = ZG_TILE_SIDE, N_ACCUMULATORS = 4 };

/* The i-th accumulator starts at i everywhere. */
static void begin(const uint32_t starts[N_ACCUMULATORS], uint32_t a, uint32_t b)
{
    zg_tiles_begin();
    uint32_t words[SIDE * SIDE];
#define FILL(tile, word)                                                                           \
    for (int k = 0; k < SIDE * SIDE; k++)                                                          \
        words[k] = (word);                                                                         \
    zg_tiles_publish(words);                                                                       \
    _tile_loadd(tile, words, 64);
    FILL(0, starts[0])
    FILL(1, starts[1])
    FILL(2, starts[2])
    FILL(3, starts[3])
    FILL(4, a)
    FILL(5, a)
    FILL(6, b)
    FILL(7, b)
#undef FILL
}

static void end(uint32_t sums[N_ACCUMULATORS][SIDE * SIDE])
{
    _tile_stored(0, sums[0], 64);
    _tile_stored(1, sums[1], 64);
    _tile_stored(2, sums[2], 64);
    _tile_stored(3, sums[3], 64);
    zg_tiles_end();
}

/* Two numbers with no bits past bf16's. */
static uint32_t bf16_pair(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits >> 16 | (bits & 0xffff0000u);
}

static float bf16_loop(int64_t n_iterations, float a, float b)
{
    float first[N_ACCUMULATORS] = {0, 1, 2, 3}, sum = 0;
    uint32_t starts[N_ACCUMULATORS], sums[N_ACCUMULATORS][SIDE * SIDE];
    memcpy(starts, first, sizeof starts);
    begin(starts, bf16_pair(a), bf16_pair(b));
    for (int64_t n = 0; n < n_iterations; n++) {
        _tile_dpbf16ps(0, 4, 6);
        _tile_dpbf16ps(1, 4, 7);
        _tile_dpbf16ps(2, 5, 6);
        _tile_dpbf16ps(3, 5, 7);
    }
    end(sums);
    for (int i = 0; i < N_ACCUMULATORS; i++)
        for (int k = 0; k < SIDE * SIDE; k++) {
            float x;
            memcpy(&x, &sums[i][k], sizeof x);
            sum += x;
        }
    return sum;
}

static float int8_loop(int64_t n_iterations, float a, float b)
{
    const uint32_t starts[N_ACCUMULATORS] = {0, 1, 2, 3}, four = 0x01010101u;
    uint32_t sums[N_ACCUMULATORS][SIDE * SIDE];
    float sum = 0;
    begin(starts, (uint8_t)(int8_t)a * four, (uint8_t)(int8_t)b * four);
    for (int64_t n = 0; n < n_iterations; n++) {
        _tile_dpbssd(0, 4, 6);
        _tile_dpbssd(1, 4, 7);
        _tile_dpbssd(2, 5, 6);
        _tile_dpbssd(3, 5, 7);
    }
    end(sums);
    for (int i = 0; i < N_ACCUMULATORS; i++)
        for (int k = 0; k < SIDE * SIDE; k++)
            sum += (float)(int32_t)sums[i][k];
    return sum;
}

const struct zg_peak_loop zg_peak_bf16_amx = {
    .isa = ZG_ISA_AMX,
    .flops_per_iteration = INT64_C(2) * N_ACCUMULATORS * SIDE * SIDE * 2 * SIDE, /* pairs */
    .a = 1.0f,
    .b = 1.0f,
    .run = bf16_loop,
};

const struct zg_peak_loop zg_peak_int8_amx = {
    .isa = ZG_ISA_AMX,
    .flops_per_iteration = INT64_C(2) * N_ACCUMULATORS * SIDE * SIDE * 4 * SIDE, /* fours */
    .a = 1.0f,
    .b = 1.0f,
    .run = int8_loop,
};
