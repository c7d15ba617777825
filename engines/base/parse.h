/*
 * parse.h - strict numbers from text: a number to its last character, in its range, never silently
 * another.
 *
 * `what` names the option in the message: "--batch 0: must be an integer of at least 1".
 */
#ifndef ZG_BASE_PARSE_H
#define ZG_BASE_PARSE_H

#include <stdint.h>

#include "engines/error.h"

enum zg_status zg_parse_int(const char *what, const char *text, int64_t min, int64_t max,
                            int64_t *out, struct zg_error *err);
/* Any finite number. */
enum zg_status zg_parse_real(const char *what, const char *text, double *out, struct zg_error *err);

#endif
