/*
 * sweep_tell.h - what people are told while the cases of a sweep are measured one after the other:
 * which case it is, how long all of them will take, and what each gave as soon as it is there.
 */
#ifndef ZG_HARNESS_SWEEP_TELL_H
#define ZG_HARNESS_SWEEP_TELL_H

#include <stdio.h>

#include "harness/rows/schema.h"
#include "harness/run/session.h"

/* "batch 4, rank 2": the options that vary, with the case's values; "" where none does.  Into
 * text[size]; returns text. */
const char *zg_sweep_case_name(const struct zg_session *session, int64_t index, char *text,
                               size_t size);

/* Seconds that the cases after this one will take, if estimates come true as they did so far; in
 * the first case as they do in its sampling: `case_s` is what that case is now thought to take. */
double zg_sweep_rest_s(const struct zg_session *session, int64_t index,
                       const struct zg_sweep_pace *pace, double case_s);

/* "case 1 of 4, batch 1: naive 0.184 s; fused 70.0 ms, 2.66x [2.51, 2.80]" of the rows of a case
 * that is done. */
void zg_sweep_tell_result(const struct zg_session *session, int64_t index,
                          const struct zg_summary_row *rows, FILE *out);

/* Copies the lines of a case's notes, its name behind "note: " or what else stands before the first
 * colon. */
void zg_sweep_put_notes(const struct zg_session *session, int64_t index, const char *notes,
                        FILE *out);

#endif
