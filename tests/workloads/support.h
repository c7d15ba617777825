/* support.h - what the suites of tests/workloads share: errors that must come. */
#ifndef ZG_TESTS_WORKLOADS_SUPPORT_H
#define ZG_TESTS_WORKLOADS_SUPPORT_H

#include <stdio.h>
#include <string.h>

#include "engines/error.h"
#include "tests/support/cunit_run.h"

/* The failure has that status and a one-line text that contains `part`. */
static inline void check_failure(enum zg_status got, enum zg_status want,
                                 const struct zg_error *err, const char *part)
{
    const int good =
        got == want && err->status == want && strstr(err->text, part) && !strchr(err->text, '\n');
    if (!good)
        printf("\n    wanted status %d with '%s', got %d: %s\n", (int)want, part, (int)got,
               err->text);
    CU_ASSERT_TRUE(good);
}

#endif
