/*
 * precision.h - an engine's precision as text: "bf16", or "bf16+int8" where the mean and the half
 * difference of a pair (mechanism `centred`) have their own; and what a precision is expected to
 * keep.
 */
#ifndef ZG_HARNESS_PRECISION_H
#define ZG_HARNESS_PRECISION_H

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

/* ---- what each is held to -------------------------------------------------------------------- */

/* Largest difference of losses up to 1 between engines that agree, the coarsest of whose dtypes is
 * this one: verify.h derives it. */
double zg_loss_tolerance(enum zg_dtype coarsest);

/* Largest relative rms error, and least share of equal signs, of L+ - L- against fp32: fidelity.h
 * says how they are measured. */
double zg_fidelity_rms_bound(enum zg_dtype dtype, enum zg_dtype dtype_d);
double zg_fidelity_sign_bound(enum zg_dtype dtype, enum zg_dtype dtype_d);

#endif
