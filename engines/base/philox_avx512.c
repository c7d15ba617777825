/* philox_avx512.c - the generator on AVX-512; built with its flags, called only where cpu.h says
 * so. */
#include <immintrin.h>
#include <stdint.h>

#define VARIANT(name) name##_avx512
#define GROUPS        4
#define MUL_LOW(a, b) ((word_vector)_mm512_mul_epu32((__m512i)(a), (__m512i)(b)))
typedef uint64_t word_vector __attribute__((vector_size(64)));
#include "engines/base/philox_template.h"
