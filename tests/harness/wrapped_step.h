/*
 * wrapped_step.h - a step of the harness, wrapped: with -Wl,--wrap=zg_bench_step the linker gives
 * every call of zg_bench_step() to __wrap_zg_bench_step(), and __real_zg_bench_step() is the one of
 * bench.h.  zogap itself has no such switch.
 */
#ifndef ZG_TESTS_HARNESS_WRAPPED_STEP_H
#define ZG_TESTS_HARNESS_WRAPPED_STEP_H

#include "harness/bench/bench.h"

enum zg_status __real_zg_bench_step(struct zg_contender *contender,
                                    const struct zg_algorithm_choice *choice, struct zg_step *out,
                                    struct zg_error *err);
enum zg_status __wrap_zg_bench_step(struct zg_contender *contender,
                                    const struct zg_algorithm_choice *choice, struct zg_step *out,
                                    struct zg_error *err);

#endif
