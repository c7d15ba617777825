/* support.h - what several suites of tests/workloads need: temporary files, and errors that must
 * come. */
#ifndef ZG_TESTS_WORKLOADS_SUPPORT_H
#define ZG_TESTS_WORKLOADS_SUPPORT_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engines/error.h"
#include "tests/support/cunit_run.h"

/* Writes bytes[n] to DIR/name and leaves the path in path[size]. */
static inline void write_file(const char *dir, const char *name, const char *bytes, size_t n,
                              char *path, size_t size)
{
    snprintf(path, size, "%s/%s", dir, name);
    FILE *file = fopen(path, "wb");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    CU_ASSERT_EQUAL(fwrite(bytes, 1, n, file), n);
    CU_ASSERT_EQUAL(fclose(file), 0);
}

static inline void make_dir(char dir[64])
{
    strcpy(dir, "/tmp/zogap-test-XXXXXX");
    CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
}

/* Removes the named files (NULL ends them) and the folder. */
static inline void remove_dir(const char *dir, const char *const *names)
{
    char path[256];
    for (; *names; names++) {
        snprintf(path, sizeof path, "%s/%s", dir, *names);
        unlink(path);
    }
    CU_ASSERT_EQUAL(rmdir(dir), 0);
}

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
