/*
 * range.h - ranges in a list of integers: FROM-TO, all; FROM-TO+STEP and FROM-TO*FACTOR, up to TO
 * at most.
 */
#ifndef ZG_HARNESS_RANGE_H
#define ZG_HARNESS_RANGE_H

#include "engines/error.h"

/* The list with the ranges written out, "4-16+4,64" as "4,8,12,16,64", in memory that the caller
 * frees.  What is no range stays as it is.  ZG_USAGE: a range that goes down, stands still or has
 * more than 1000 values. */
enum zg_status zg_ranges_expand(char **out, const char *what, const char *list,
                                struct zg_error *err);

#endif
