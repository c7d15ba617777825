/*
 * kept.h - columns that stay bf16 beside int8 (provider.h, keep_columns()): what providers do to a
 * row of W or of x before they round the rest.
 */
#ifndef ZG_RUNTIME_KEPT_H
#define ZG_RUNTIME_KEPT_H

#include "engines/base/convert.h"
#include "engines/base/narrow.h"
#include "engines/runtime/provider.h"

/* kept[c] = row[columns[c]] as bf16 holds it; n <= ZG_MAX_KEPT. */
static inline void zg_kept_round(const struct zg_narrow *narrow, const float *row,
                                 const int32_t *columns, int64_t n, float *kept)
{
    uint16_t low[ZG_MAX_KEPT];
    if (n <= 0)
        return;
    for (int64_t c = 0; c < n; c++)
        kept[c] = row[columns[c]];
    narrow->bf16(kept, n, low);
    for (int64_t c = 0; c < n; c++)
        kept[c] = zg_float_of_bf16(low[c]);
}

/* They leave the row, so that they are no part of its scale. */
static inline void zg_kept_remove(float *row, const int32_t *columns, int64_t n)
{
    for (int64_t c = 0; c < n; c++)
        row[columns[c]] = 0.0f;
}

#endif
