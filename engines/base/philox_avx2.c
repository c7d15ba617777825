/* philox_avx2.c - the generator on AVX2; built with its flags, called only where cpu.h says so. */
#include <immintrin.h>
#include <stdint.h>

#define VARIANT(name) name##_avx2
#define GROUPS        2
#define MUL_LOW(a, b) ((word_vector)_mm256_mul_epu32((__m256i)(a), (__m256i)(b)))
typedef uint64_t word_vector __attribute__((vector_size(32)));
#include "engines/base/philox_template.h"
