/* test_clock.c - clock.c. */
#include "harness/base/clock.h"
#include "tests/support/cunit_run.h"

static void wall_runs_forward(void)
{
    int64_t before = zg_clock_wall_ns();
    for (int i = 0; i < 10000; i++) {
        const int64_t now = zg_clock_wall_ns();
        CU_ASSERT_FATAL(now >= before);
        before = now;
    }
}

/* The process burns processor time while this loop runs, and no more than wall time on one
 * thread.  Wall time is read outside; both clocks tick in nanoseconds, but cpu accounting may
 * lag by a scheduler tick (10 ms at most). */
static void cpu_follows_work(void)
{
    const int64_t wall_begin = zg_clock_wall_ns(), cpu_begin = zg_clock_cpu_ns();
    while (zg_clock_cpu_ns() - cpu_begin < 20000000) {
    }
    const int64_t cpu = zg_clock_cpu_ns() - cpu_begin, wall = zg_clock_wall_ns() - wall_begin;
    CU_ASSERT(cpu >= 20000000);
    CU_ASSERT(cpu <= wall + 10000000);
}

static void cost_is_plausible(void)
{
    struct zg_clock_cost cost;
    zg_clock_measure(&cost);
    /* More than a cycle, less than a slow system call. */
    CU_ASSERT(cost.wall_read_s > 1e-10 && cost.wall_read_s < 1e-4);
    CU_ASSERT(cost.cpu_read_s > 1e-10 && cost.cpu_read_s < 1e-4);
    CU_ASSERT(cost.wall_resolution_s > 0 && cost.wall_resolution_s < 1e-2);
}

int main(void)
{
    const struct zg_test tests[] = {{"wall time runs forward", wall_runs_forward},
                                    {"cpu time follows work", cpu_follows_work},
                                    {"the cost of a read is plausible", cost_is_plausible},
                                    {0}};
    return zg_test_run("clock", tests);
}
