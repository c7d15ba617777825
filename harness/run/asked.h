/*
 * asked.h - what a run was asked to measure, as meta.json keeps it: in what it means, for the same
 * may be written in many ways, from many folders.  --resume holds it against what is asked now.
 */
#ifndef ZG_HARNESS_ASKED_H
#define ZG_HARNESS_ASKED_H

#include <jansson.h>

#include "harness/run/session.h"

/* {"engines": [labels], "sweep": [options that have a list, the last varies fastest], "cases":
 * {column: [its values over all cases, each once]}}.  NULL: no memory. */
json_t *zg_asked_json(const struct zg_session *session);

/* What two cases must have in common to be made of the same, in hexadecimal; `model` NULL: that of
 * the weights is null, not known. */
json_t *zg_fingerprints_json(const struct zg_fingerprints *prints, const uint64_t *model);

/* Of each case the fingerprints of its files, as zg_session_check_files() found them. */
json_t *zg_asked_prints_json(struct zg_session *session);

#endif
