/* philox_avx2.c - the generator for 8 lanes a vector; built with AVX2 flags, called only where cpu.h says so. */
#define VARIANT(name) name##_avx2
#define LANES         16
#include "engines/base/philox_template.h"
