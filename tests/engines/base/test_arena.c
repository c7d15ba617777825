/* test_arena.c - buffers: alignment, sizes that cannot be. */
#include "engines/base/arena.h"

#include <string.h>

#include "tests/support/cunit_run.h"

static void test_buffers(void)
{
    static const int64_t sizes[] = {
        0, 1, 63, 64, 65, 4096, (2 << 20) - 1, 2 << 20, (2 << 20) + 1, 5 << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        void *buffer = NULL;
        CU_ASSERT_EQUAL_FATAL(zg_buffer_alloc(&buffer, sizes[i], 1, "test", NULL), ZG_OK);
        CU_ASSERT_PTR_NOT_NULL_FATAL(buffer);
        const uintptr_t align = sizes[i] >= 2 << 20 ? 2 << 20 : 64;
        CU_ASSERT_EQUAL((uintptr_t)buffer % align, 0);
        memset(buffer, 0xa5, (size_t)sizes[i]);
        zg_buffer_free(buffer);
    }
    zg_buffer_free(NULL);
}

static void test_too_large(void)
{
    static const int64_t bad[][2] = {{INT64_MAX, 2},
                                     {INT64_MAX, 1},
                                     {-1, 4},
                                     {4, -1},
                                     {INT64_C(1) << 32, INT64_C(1) << 32},
                                     {INT64_C(1) << 61, 1}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct zg_error err = {0};
        void *buffer = &err;
        CU_ASSERT_EQUAL(zg_buffer_alloc(&buffer, bad[i][0], bad[i][1], "the test's buffer", &err),
                        ZG_ENV);
        CU_ASSERT_PTR_NULL(buffer);
        zg_test_expect_words(err.text, "the test's buffer");
    }
}

int main(void)
{
    static const struct zg_test tests[] = {
        {"buffers", test_buffers},
        {"sizes that cannot be", test_too_large},
        {NULL, NULL},
    };
    return zg_test_run("arena", tests);
}
