/*
 * engines_roofline.h - the engines of a result directory on the roofline of the machine as the same
 * run measured it.
 *
 * An engine's step executes so many FLOPs and must move at least so many bytes (phases.csv): their
 * ratio is its intensity.  It can reach no more than the lesser of the dtype's peak and intensity x
 * read bandwidth (Williams, Waterman & Patterson, 2009); where that is the second, memory is the
 * bound.
 */
#ifndef ZG_HARNESS_ENGINES_ROOFLINE_H
#define ZG_HARNESS_ENGINES_ROOFLINE_H

#include "harness/rows/table.h"
#include "harness/store/reader.h"

/* A row an engine and case that was timed, to the standard output.  ZG_INPUT: phases.csv or
 * roofline.csv is missing or broken. */
enum zg_status zg_engines_roofline_print(const struct zg_result_reader *results,
                                         enum zg_format format, struct zg_error *err);

#endif
