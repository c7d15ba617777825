/*
 * dtypes.h - an engine's precision as text: "bf16", or "bf16+int8" where the mean and the half
 * difference of a pair (mechanism `centred`) have their own.
 */
#ifndef ZG_HARNESS_DTYPES_H
#define ZG_HARNESS_DTYPES_H

#include "engines/error.h"
#include "engines/model.h"

/* ZG_USAGE names `what`, the text and the known dtypes. */
enum zg_status zg_dtypes_parse(const char *what, const char *text, enum zg_dtype *dtype,
                               enum zg_dtype *dtype_d, struct zg_error *err);

/* Such a text, of static storage. */
const char *zg_dtypes_name(enum zg_dtype dtype, enum zg_dtype dtype_d);

/* Unit roundoff: what rounding a number to this dtype changes at most, relative to the number; of
 * int8 relative to the largest of its row. */
double zg_dtype_rounding(enum zg_dtype dtype);

/* The coarser of the dtypes in such a text; fp32 where it is none, or NULL. */
enum zg_dtype zg_dtypes_coarsest(const char *text);

/* The coarser of two. */
enum zg_dtype zg_dtype_coarser(enum zg_dtype a, enum zg_dtype b);

#endif
