/* narrow_portable.c - narrow.h in whatever the compiler's baseline offers. */
#define VARIANT(name) name##_portable
#include "engines/base/narrow_template.h"
