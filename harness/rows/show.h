/*
 * show.h - what tables have in common: numbers, times, the verdict of a check and the title of a
 * case, as people read them.
 */
#ifndef ZG_HARNESS_SHOW_H
#define ZG_HARNESS_SHOW_H

#include <stdbool.h>
#include <stddef.h>

#include "engines/model.h"
#include "harness/rows/schema.h"
#include "harness/stats/stats.h"

/* The number by a format of printf, "-" where it is NaN or infinite: into text[size]. */
const char *zg_real_show(char *text, size_t size, const char *format, double value);
/* "2.221 s", "35.10 ms", "12.00 us", "-" for NaN: into text[size]. */
const char *zg_step_time_show(double s, char *text, size_t size);
/* "2.221 s [2.105, 2.330]"; without an interval only the median. */
const char *zg_step_interval_show(const struct zg_stats *s, char *text, size_t size);
/* What a check found, where the coarsest dtype of the two engines is this one. */
const char *zg_verified_show(char *text, size_t size, int64_t verified, bool is_reference,
                             enum zg_dtype coarsest);
/* Model, task, batch, ... of a row, into text[size]. */
const char *zg_case_show(const struct zg_summary_row *row, char *text, size_t size);
/* The line above a case's table: the same, and the row's number of blocks. */
void zg_case_title_print(const struct zg_summary_row *row);

#endif
