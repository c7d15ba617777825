/*
 * error.h - status and message of everything that can fail.
 *
 * A fallible function returns an enum zg_status and takes a `struct zg_error *err` last.  The
 * caller owns the struct; NULL is allowed where only the status matters.  The first failure wins: a
 * later zg_fail() on the same struct keeps the first text, because the first is the cause and the
 * rest are consequences.  Only harness/main.c prints errors and exits; the status is the exit code.
 */
#ifndef ZG_ENGINES_ERROR_H
#define ZG_ENGINES_ERROR_H

#include "engines/api.h"

ZG_PUBLIC_BEGIN

enum zg_status {
    ZG_OK = 0,    /* done */
    ZG_CHECK = 1, /* a check failed: engines disagree, a gate found a regression */
    ZG_USAGE = 2, /* an option, or a combination of options, that makes no sense */
    ZG_INPUT = 3, /* a file or its content is bad */
    ZG_ENV = 4,   /* the environment or I/O failed: no memory, disk full, nothing measured */
};

struct zg_error {
    enum zg_status status; /* ZG_OK until the first zg_fail() */
    /* One printable line, no newline: names the file or option, the value, and what would be
     * right. */
    char text[1024];
};

/* Empties *err.  NULL is allowed. */
void zg_error_clear(struct zg_error *err);

/* Records the failure if it is the first in *err, and returns `status`.  Of a text that does not
 * fit the middle is left out. */
enum zg_status zg_fail(struct zg_error *err, enum zg_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "PREFIX: " before the text of a failure that is already recorded, and returns `status`. */
enum zg_status zg_fail_within(struct zg_error *err, enum zg_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

ZG_PUBLIC_END

#endif
