/*
 * spinning_step.c - makes a zogap whose every step takes longer, to see whether a gate finds out.
 *
 * Linked with -Wl,--wrap=zg_bench_step: the linker gives every call of zg_bench_step() in the
 * harness to __wrap_zg_bench_step(), which calls the real one and then spins for ZOGAP_TEST_SPIN
 * times as long as it took: 0.1 is a slow-down of 10 %.  The product has no such switch.
 */
#include <stdlib.h>

#include "harness/bench.h"
#include "harness/clock.h"

enum zg_status __real_zg_bench_step(struct zg_contender *contender,
                                    const struct zg_lozo_options *lozo, struct zg_lozo_step *out,
                                    struct zg_error *err);
enum zg_status __wrap_zg_bench_step(struct zg_contender *contender,
                                    const struct zg_lozo_options *lozo, struct zg_lozo_step *out,
                                    struct zg_error *err);

enum zg_status __wrap_zg_bench_step(struct zg_contender *contender,
                                    const struct zg_lozo_options *lozo, struct zg_lozo_step *out,
                                    struct zg_error *err)
{
    const char *const share = getenv("ZOGAP_TEST_SPIN");
    const int64_t begin_ns = zg_clock_wall_ns();
    const enum zg_status status = __real_zg_bench_step(contender, lozo, out, err);
    const int64_t end_ns = zg_clock_wall_ns();
    const double spin_ns = (share ? atof(share) : 0) * (double)(end_ns - begin_ns);
    while ((double)(zg_clock_wall_ns() - end_ns) < spin_ns)
        ;
    return status;
}
