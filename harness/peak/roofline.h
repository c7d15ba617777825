/*
 * roofline.h - the measured peaks of peak.h as rows of roofline.csv.
 *
 *     struct zg_roofline roofline;
 *     zg_roofline_make(&roofline, &peak, &request);  // what zg_peak_measure() was asked
 *     status = zg_roofline_write(&roofline, dir, &err);
 */
#ifndef ZG_HARNESS_ROOFLINE_H
#define ZG_HARNESS_ROOFLINE_H

#include "harness/peak/peak.h"
#include "harness/rows/schema.h"

struct zg_roofline {
    struct zg_roofline_row rows[2 * (ZG_N_DTYPES + 2)];
    int64_t n_rows;
    char reasons[ZG_N_DTYPES][160]; /* the rows' texts live here */
};

/* For one thread and, where the team is larger, for all of it: what the request asked for.  A row
 * without a value says why.  The roofline must not be copied: its rows point into it. */
void zg_roofline_make(struct zg_roofline *out, const struct zg_peak *peak,
                      const struct zg_peak_request *request);

/* Writes dir/roofline.csv, whole or not at all. */
enum zg_status zg_roofline_write(const struct zg_roofline *roofline, const char *dir,
                                 struct zg_error *err);

#endif
