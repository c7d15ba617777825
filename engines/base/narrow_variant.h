/* narrow_variant.h - the forms of narrow.h's functions, one an ISA, for the table in narrow.c. */
#ifndef ZG_BASE_NARROW_VARIANT_H
#define ZG_BASE_NARROW_VARIANT_H

#include <stdint.h>

void zg_narrow_bf16_portable(const float *restrict x, int64_t n, uint16_t *restrict y);
void zg_narrow_bf16_avx2(const float *restrict x, int64_t n, uint16_t *restrict y);
void zg_narrow_bf16_avx512(const float *restrict x, int64_t n, uint16_t *restrict y);
float zg_narrow_int8_portable(const float *restrict x, int64_t n, int8_t *restrict q);
float zg_narrow_int8_avx2(const float *restrict x, int64_t n, int8_t *restrict q);
float zg_narrow_int8_avx512(const float *restrict x, int64_t n, int8_t *restrict q);

#endif
