/* narrow_avx512.c - narrow.h on AVX-512; built with its flags, called only where cpu.h says so. */
#define VARIANT(name) name##_avx512
#include "engines/base/narrow_template.h"
