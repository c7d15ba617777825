/*
 * size.h - checked arithmetic for sizes that come from files and options: the one place everybody
 * uses.
 *
 * Each function returns false, leaving *out alone, where an operand is negative or the result
 * exceeds INT64_MAX.
 */
#ifndef ZG_BASE_SIZE_H
#define ZG_BASE_SIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool zg_size_mul(int64_t a, int64_t b, int64_t *out)
{
    int64_t product;
    if (a < 0 || b < 0 || __builtin_mul_overflow(a, b, &product))
        return false;
    *out = product;
    return true;
}

static inline bool zg_size_add(int64_t a, int64_t b, int64_t *out)
{
    int64_t sum;
    if (a < 0 || b < 0 || __builtin_add_overflow(a, b, &sum))
        return false;
    *out = sum;
    return true;
}

/* a rounded up to a multiple of m > 0; sizes of our own that cannot overflow. */
static inline int64_t zg_round_up(int64_t a, int64_t m)
{
    return (a + m - 1) / m * m;
}
static inline int64_t zg_ceil_div(int64_t a, int64_t b)
{
    return (a + b - 1) / b;
}
static inline int64_t zg_min64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}
static inline int64_t zg_max64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}
/* An order for qsort: -1, 0 or 1. */
static inline int zg_compare64(int64_t a, int64_t b)
{
    return (a > b) - (a < b);
}

#endif
