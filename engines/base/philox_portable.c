/* philox_portable.c - the generator in whatever the compiler's baseline offers. */
#define VARIANT(name) name##_portable
#define LANES         16
#include "engines/base/philox_template.h"
