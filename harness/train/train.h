/*
 * train.h - a training from a checked request to its result directory: engines side by side on the
 * same rows and directions, step by step in turn, until each has done what --steps, --epochs,
 * --budget-time or --budget-forwards asks for.
 *
 *     status = zg_train_run(request, &err);
 *
 * What is in the directory, and how it is gone on with: README.md.
 */
#ifndef ZG_TRAIN_TRAIN_H
#define ZG_TRAIN_TRAIN_H

#include "harness/request/request.h"

/* ZG_USAGE, ZG_INPUT: what was asked, or a file.  ZG_CHECK: a loss is not finite; what was written
 * stays.  ZG_ENV: the machine, a file that cannot be written, interrupted. */
enum zg_status zg_train_run(const struct zg_request *request, struct zg_error *err);

#endif
