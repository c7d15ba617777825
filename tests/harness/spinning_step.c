/*
 * spinning_step.c - makes a zogap whose every step takes longer, to see whether a gate finds out.
 *
 * After the real step (wrapped_step.h) it does two things more:
 *
 *   ZOGAP_TEST_SPIN=0.1           spins for a tenth of the time that the step took
 *   ZOGAP_TEST_LOOPS_fused=1000   of engine fused, goes round a loop of two or three instructions a
 *                                 thousand times: for gates on counts, whose time is valgrind's
 */
#include <stdio.h>
#include <stdlib.h>

#include "harness/base/clock.h"
#include "tests/harness/wrapped_step.h"

/* Looked up once an engine: searching the environment at every step would be work of its own. */
static long long rounds_of(const struct zg_engine *engine)
{
    enum { MOST = 16 };
    static struct {
        const struct zg_engine *engine;
        long long n;
    } known[MOST];
    int i = 0;
    while (i < MOST - 1 && known[i].engine && known[i].engine != engine)
        i++;
    if (known[i].engine != engine) {
        char name[64];
        snprintf(name, sizeof name, "ZOGAP_TEST_LOOPS_%.32s", engine->name);
        const char *const text = getenv(name);
        known[i].n = text ? atoll(text) : 0;
        known[i].engine = engine;
    }
    return known[i].n;
}

static double share_of(void)
{
    static double share = -1;
    const char *const text = share < 0 ? getenv("ZOGAP_TEST_SPIN") : NULL;
    if (share < 0)
        share = text ? atof(text) : 0;
    return share;
}

enum zg_status __wrap_zg_bench_step(struct zg_contender *contender,
                                    const struct zg_algorithm_choice *choice, struct zg_step *out,
                                    struct zg_error *err)
{
    const double share = share_of();
    const int64_t begin_ns = share > 0 ? zg_clock_wall_ns() : 0;
    const enum zg_status status = __real_zg_bench_step(contender, choice, out, err);
    if (share > 0) {
        const int64_t end_ns = zg_clock_wall_ns();
        while ((double)(zg_clock_wall_ns() - end_ns) < share * (double)(end_ns - begin_ns))
            ;
    }
    for (long long n = rounds_of(contender->item->engine); n > 0; n--)
        __asm__ volatile("" : "+r"(n)); /* or the compiler would leave the loop out */
    return status;
}
