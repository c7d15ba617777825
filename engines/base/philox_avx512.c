/* philox_avx512.c - the generator for 16 lanes a vector; built with AVX-512 flags, called only where cpu.h says so. */
#define VARIANT(name) name##_avx512
#define LANES         16
#include "engines/base/philox_template.h"
