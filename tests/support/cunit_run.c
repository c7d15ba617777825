/* cunit_run.c - runs one CUnit suite and makes an exit code of its result. */
#include "tests/support/cunit_run.h"

#include <CUnit/Basic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int zg_test_run(const char *suite, const struct zg_test *tests)
{
    if (CU_initialize_registry() != CUE_SUCCESS)
        return EXIT_FAILURE;
    CU_pSuite s = CU_add_suite(suite, NULL, NULL);
    for (; s && tests->name; tests++)
        if (!CU_add_test(s, tests->name, tests->run))
            s = NULL;
    int failed = 1;
    if (s) {
        CU_basic_set_mode(CU_BRM_VERBOSE);
        CU_basic_run_tests();
        failed = CU_get_number_of_failures() != 0 || CU_get_number_of_tests_run() == 0;
    }
    CU_cleanup_registry();
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

void zg_test_expect_words(const char *message, const char *words)
{
    if (!strstr(message, words))
        printf("\n    \"%s\" is not in: %s\n", words, message);
    CU_ASSERT_PTR_NOT_NULL(strstr(message, words));
}

const char *zg_test_data(const char *relative)
{
    static char path[4096];
    snprintf(path, sizeof path, "%s/%s", ZOGAP_TEST_DATA, relative);
    if (access(path, R_OK) == 0)
        return path;
    printf("skipped: no test data at %s\n", path);
    return NULL;
}
