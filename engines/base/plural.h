/* plural.h - words in the plural: zg_fail(err, ZG_INPUT, "%lld field%s", n, zg_plural(n)). */
#ifndef ZG_BASE_PLURAL_H
#define ZG_BASE_PLURAL_H

#include <stdint.h>

/* "s" but after one. */
static inline const char *zg_plural(int64_t n)
{
    return n == 1 ? "" : "s";
}

#endif
