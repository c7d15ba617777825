/*
 * show.h - what tables have in common: numbers, times, the verdict of a check and the title of a
 * case, as people read them.
 */
#ifndef ZG_HARNESS_SHOW_H
#define ZG_HARNESS_SHOW_H

#include <stdbool.h>
#include <stddef.h>

#include "engines/model.h"
#include "harness/rows/case_axes.h"
#include "harness/rows/schema.h"
#include "harness/stats/stats.h"

/* The number by a format of printf, "-" where it is NaN or infinite: into text[size]. */
const char *zg_real_show(char *text, size_t size, const char *format, double value);
/* "2.22 s", "35.1 ms", "12.0 us", "-" for NaN: into text[size]. */
const char *zg_step_time_show(double s, char *text, size_t size);
/* "2.22 s [2.10, 2.33]"; without an interval only the median. */
const char *zg_step_interval_show(const struct zg_stats *s, char *text, size_t size);

/* Marks behind what a cell shows, each explained once below the table that has it. */
enum zg_mark {
    ZG_MARK_VAGUE,     /* *: the interval spans more than a factor of two */
    ZG_MARK_DISTURBED, /* !: samples were disturbed */
    ZG_MARK_APART,     /* ?: ratio and times say different things */
};
struct zg_marks {
    unsigned bits; /* of those that are used */
};
void zg_mark_add(struct zg_marks *used, enum zg_mark mark, char *text, size_t size);
/* Prints the legend of those that are used. */
void zg_marks_print(const struct zg_marks *used, bool markdown);

/* "6.12x [6.05, 6.20]", with the mark of an interval that spans too much. */
const char *zg_ratio_show(const struct zg_stats *ratio, struct zg_marks *used, char *text,
                          size_t size);
/* A row's time of a step, marked where its interval spans too much or samples were disturbed. */
const char *zg_summary_time_show(const struct zg_summary_row *row, struct zg_marks *used,
                                 char *text, size_t size);

/* What a check found, where the coarsest dtype of the two engines is this one. */
const char *zg_verified_show(char *text, size_t size, int64_t verified, bool is_reference,
                             enum zg_dtype coarsest);
/* Model, task, batch, ... of a row, but for the axes (NULL: none), into text[size]. */
const char *zg_case_show(const struct zg_case_axes *axes, const struct zg_summary_row *row,
                         char *text, size_t size);
/* The line above a case's table: the same, and the row's number of blocks. */
void zg_case_title_print(const struct zg_summary_row *row);

#endif
