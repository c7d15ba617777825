/* narrow_avx2.c - narrow.h on AVX2; built with its flags, called only where cpu.h says so. */
#define VARIANT(name) name##_avx2
#include "engines/base/narrow_template.h"
