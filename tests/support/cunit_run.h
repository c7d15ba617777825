/* cunit_run.h - runs one CUnit suite and turns its result into an exit code. */
#ifndef ZG_TESTS_CUNIT_RUN_H
#define ZG_TESTS_CUNIT_RUN_H

#include <CUnit/CUnit.h>

struct zg_test {
    const char *name;
    void (*run)(void);
};

/* tests ends with a NULL name.  Returns 0 if at least one test ran and every assertion held. */
int zg_test_run(const char *suite, const struct zg_test *tests);

/* Asserts that `words` occur in a message; prints the message where they do not. */
void zg_test_expect_words(const char *message, const char *words);

/* Path of a file of the optional real data, or NULL (after printing why the test skips) if it is
 * absent. The result lives until the next call. */
const char *zg_test_data(const char *relative);

#endif
