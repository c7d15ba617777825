/* test_handoff.c - handoff.c: a time, also where threads share a cpu. */
#define _GNU_SOURCE /* sched_setaffinity */
#include "harness/peak/handoff.h"

#include <math.h>
#include <sched.h>

#include "tests/support/cunit_run.h"

static void test_one(void)
{
    CU_ASSERT(isnan(zg_handoff_ns(1)));
}

static void test_apart(void)
{
    for (int64_t n_threads = 2; n_threads <= 3; n_threads++) {
        const double ns = zg_handoff_ns(n_threads);
        CU_ASSERT(ns > 1 && ns < 1e8);
    }
}

/* Neither hangs nor reports less than a switch of threads costs. */
static void test_together(void)
{
    cpu_set_t all, one;
    CU_ASSERT_EQUAL_FATAL(sched_getaffinity(0, sizeof all, &all), 0);
    CPU_ZERO(&one);
    for (size_t cpu = 0; CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &all))
            CPU_SET(cpu, &one);
    /* a larger team than before: its new thread starts where its maker is */
    CU_ASSERT_EQUAL_FATAL(sched_setaffinity(0, sizeof one, &one), 0);
    const double ns = zg_handoff_ns(4);
    CU_ASSERT_EQUAL(sched_setaffinity(0, sizeof all, &all), 0);
    CU_ASSERT(ns > 100 && ns < 1e9);
}

int main(void)
{
    const struct zg_test tests[] = {{"one thread has none", test_one},
                                    {"threads apart", test_apart},
                                    {"threads on one cpu", test_together},
                                    {0}};
    return zg_test_run("handoff", tests);
}
