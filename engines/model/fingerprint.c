/*
 * fingerprint.c - one 64-bit number that two runs must share to have used the same weights.
 *
 *     hash(bytes, h) = XXH3_64 of the bytes with seed h
 *     part     h = 0; for each 4096 values of a stretch of the tensor:
 *              h = hash(little-endian fp32 bytes, h)
 *     tensor   hash(its parts, 0)
 *     model    h = 0; for each tensor, ids ascending:
 *              h = hash({ id, rows, columns, tensor } as 64-bit integers, h)
 *
 * Chaining through the seed keeps the hash's state in a register, with no allocation that could
 * fail. The cut into parts depends on the tensor's size alone, so the number is the same for every
 * thread count.  A tied head is not a tensor of its own and is left out.
 */
#include <omp.h>
#include <xxhash.h>

#include "engines/base/float_bits.h"
#include "engines/base/size.h"
#include "engines/model/source.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "fingerprints and safetensors are little-endian");

enum { MAX_PARTS = 256, CHUNK = 4096 };
#define MIN_PART_ELEMENTS (INT64_C(1) << 18)

/* Raises *largest to the bits of the largest magnitude: an exponent of all ones is NaN or
 * infinity. */
static uint64_t hash_part(const struct zg_model *model, int32_t id, int64_t begin, int64_t end,
                          uint32_t *largest)
{
    float values[CHUNK];
    uint64_t h = 0;
    uint32_t most = *largest;
    for (int64_t at = begin; at < end; at += CHUNK) {
        const int64_t n = zg_min64(CHUNK, end - at);
        zg_model_read_elements(model, id, at, n, values);
        h = XXH3_64bits_withSeed(values, (size_t)n * sizeof values[0], h);
        for (int64_t i = 0; i < n; i++) {
            const uint32_t magnitude = zg_bits_of_float(values[i]) & 0x7fffffffu;
            most = most > magnitude ? most : magnitude;
        }
    }
    *largest = most;
    return h;
}

static uint64_t hash_tensor(const struct zg_model *model, int32_t id, int64_t n_elements,
                            uint32_t *largest)
{
    uint64_t parts[MAX_PARTS];
    uint32_t most = *largest;
    const int64_t part = zg_max64(MIN_PART_ELEMENTS, zg_ceil_div(n_elements, MAX_PARTS));
    const int64_t n_parts = zg_ceil_div(n_elements, part);
#pragma omp parallel for schedule(dynamic, 1) reduction(max : most) if (n_parts > 1)
    for (int64_t i = 0; i < n_parts; i++)
        parts[i] = hash_part(model, id, i * part, zg_min64((i + 1) * part, n_elements), &most);
    *largest = most;
    return XXH3_64bits(parts, (size_t)n_parts * sizeof parts[0]);
}

uint64_t zg_model_fingerprint_read(const struct zg_model *model, bool *finite)
{
    uint64_t h = 0;
    uint32_t largest = 0;
    for (int32_t id = 0; id < zg_tensor_end(model->shape.n_layers); id++) {
        int64_t rows, cols;
        if (zg_tensor_owner(&model->shape, id) != id ||
            !zg_model_tensor_size(&model->shape, id, &rows, &cols))
            continue;
        const uint64_t entry[] = {(uint64_t)id, (uint64_t)rows, (uint64_t)cols,
                                  hash_tensor(model, id, rows * cols, &largest)};
        h = XXH3_64bits_withSeed(entry, sizeof entry, h);
        zg_model_release(model); /* or a mapped model would come into memory whole */
    }
    *finite = largest < 0x7f800000u;
    return h;
}

uint64_t zg_model_fingerprint(const struct zg_model *model)
{
    bool finite;
    return model->has_fingerprint ? model->fingerprint : zg_model_fingerprint_read(model, &finite);
}
