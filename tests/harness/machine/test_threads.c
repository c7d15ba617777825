/* test_threads.c - threads.c: teams that can be made and teams that cannot. */
#include "harness/machine/threads.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "tests/support/cunit_run.h"
#include "tests/support/fake_root.h"

static void teams_can_be_made(void)
{
    struct zg_error err = {0};
    CU_ASSERT_EQUAL(zg_threads_try(1, &err), ZG_OK);
    CU_ASSERT_EQUAL(zg_threads_try(8, &err), ZG_OK);
    static const char *const good[] = {"4096", "512k", " 4 M ", "1g", "1048576B", "640K", ""};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        setenv("OMP_STACKSIZE", good[i], 1);
        CU_ASSERT_EQUAL(zg_threads_try(2, &err), ZG_OK);
    }
    unsetenv("OMP_STACKSIZE");
    CU_ASSERT_STRING_EQUAL(err.text, "");
}

static void expect_refused(const char *name, const char *value, int64_t n, const char *says)
{
    struct zg_error err = {0};
    setenv(name, value, 1);
    CU_ASSERT_EQUAL(zg_threads_try(n, &err), ZG_ENV);
    unsetenv(name);
    zg_test_expect_words(err.text, name);
    zg_test_expect_words(err.text, says);
}

static void wrong_stacks_are_named(void)
{
    static const char *const bad[] = {
        "k", "-4", "4x", "4 k k", "99999999999999999999", "18446744073709551615k", "1.5M"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        expect_refused("OMP_STACKSIZE", bad[i], 2, "is no size");
    expect_refused("GOMP_STACKSIZE", "1", 2, "refuses stacks of that size");
    expect_refused("OMP_STACKSIZE", "100000G", 3, "team of 3 threads");
    expect_refused("GOMP_STACKSIZE", "100000G", 2, "GOMP_STACKSIZE=100000G");
}

static void limits_are_named(void)
{
    char text[256];
    fake_root_open();
    fake_root_write("/proc/self/cgroup", "0::/box/inner\n");
    fake_root_write("/sys/fs/cgroup/box/pids.max", "12\n");
    fake_root_write("/sys/fs/cgroup/box/inner/pids.max", "max\n");
    zg_threads_limits(text, sizeof text);
    zg_test_expect_words(text, "the cgroup's pids.max is 12");
    fake_root_close();
    fake_root_open();
    zg_threads_limits(text, sizeof text);
    CU_ASSERT_PTR_NULL(strstr(text, "pids.max"));
    fake_root_close();
}

#if defined(__SANITIZE_ADDRESS__)
#define HAS_SANITIZER 1 /* it wants terabytes of addresses itself */
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HAS_SANITIZER 1
#endif
#endif

#ifndef HAS_SANITIZER
/* More than the C library keeps stacks of ended threads for. */
static void address_space_is_named(void)
{
    struct zg_error err = {0};
    struct rlimit before, now;
    getrlimit(RLIMIT_AS, &before);
    now = before;
    now.rlim_cur = 1; /* what is mapped stays */
    if (setrlimit(RLIMIT_AS, &now) != 0)
        return;
    const enum zg_status status = zg_threads_try(200, &err);
    setrlimit(RLIMIT_AS, &before);
    CU_ASSERT_EQUAL(status, ZG_ENV);
    zg_test_expect_words(err.text, "team of 200 threads");
    zg_test_expect_words(err.text, "ulimit -v is 0 KiB");
}
#endif

int main(void)
{
    static const struct zg_test tests[] = {{"teams can be made", teams_can_be_made},
                                           {"wrong stacks are named", wrong_stacks_are_named},
                                           {"limits are named", limits_are_named},
#ifndef HAS_SANITIZER
                                           {"address space is named", address_space_is_named},
#endif
                                           {NULL, NULL}};
    return zg_test_run("harness/threads", tests);
}
