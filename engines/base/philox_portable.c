/* philox_portable.c - the generator in whatever the compiler's baseline offers: one block a
 * lane, plain integers. */
#include <stdint.h>

#define VARIANT(name) name##_portable
#define GROUPS        2
#define MUL_LOW(a, b) ((uint64_t)(uint32_t)(a) * (uint32_t)(b))
typedef uint64_t word_vector;
#include "engines/base/philox_template.h"
