/*
 * planted_step.c - turns the defect on that ZOGAP_TEST_PLANT=ENGINE:NAME asks for, in that engine
 * alone: while it opens, and in its steps, the algorithm's share of them included.  The reference
 * of a check and the comparison stay as they are.
 *
 * Linked with -Wl,--wrap (wrapped_step.h), of zg_bench_open_engine() and zg_direction_check() too.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/bench/direction_check.h"
#include "tests/harness/wrapped_step.h"

enum zg_plant zg_plant;
uint64_t zg_plant_step;

enum zg_status __real_zg_bench_open_engine(struct zg_bench *bench, int64_t index,
                                           const struct zg_entry *entry, struct zg_error *err);
enum zg_status __wrap_zg_bench_open_engine(struct zg_bench *bench, int64_t index,
                                           const struct zg_entry *entry, struct zg_error *err);

/* The plant that the engine of that name is to have.  A name that is not in the table ends the
 * program: a defect that is not there must not pass for one that is missed or found. */
static enum zg_plant plant_of(const char *engine)
{
    static const struct {
        enum zg_plant plant;
        const char *name;
    } plants[] = {
#define X(id, name) {ZG_PLANT_##id, name},
#include "tests/harness/bench/plants.def"
#undef X
    };
    const char *const wanted = getenv("ZOGAP_TEST_PLANT");
    if (!wanted)
        return ZG_PLANT_NONE;
    const size_t length = strcspn(wanted, ":");
    for (size_t i = 0; i < sizeof plants / sizeof plants[0] && wanted[length]; i++)
        if (strcmp(plants[i].name, wanted + length + 1) == 0)
            return strlen(engine) == length && memcmp(engine, wanted, length) == 0 ? plants[i].plant
                                                                                   : ZG_PLANT_NONE;
    fprintf(stderr, "no plant %s\n", wanted);
    abort();
}

enum zg_status __wrap_zg_bench_open_engine(struct zg_bench *bench, int64_t index,
                                           const struct zg_entry *entry, struct zg_error *err)
{
    zg_plant_step = 0;
    zg_plant = plant_of(entry->item->engine->name);
    const enum zg_status status = __real_zg_bench_open_engine(bench, index, entry, err);
    zg_plant = ZG_PLANT_NONE;
    return status;
}

enum zg_status __wrap_zg_bench_step(struct zg_contender *contender,
                                    const struct zg_algorithm_choice *choice, struct zg_step *out,
                                    struct zg_error *err)
{
    zg_plant_step = contender->next_step;
    zg_plant = plant_of(contender->item->engine->name);
    const enum zg_status status = __real_zg_bench_step(contender, choice, out, err);
    zg_plant = ZG_PLANT_NONE;
    return status;
}

enum zg_status __real_zg_direction_check(struct zg_contender *contender,
                                         const struct zg_trial_options *options,
                                         struct zg_verify_row *row, char *reason, size_t size,
                                         struct zg_error *err);
enum zg_status __wrap_zg_direction_check(struct zg_contender *contender,
                                         const struct zg_trial_options *options,
                                         struct zg_verify_row *row, char *reason, size_t size,
                                         struct zg_error *err);

enum zg_status __wrap_zg_direction_check(struct zg_contender *contender,
                                         const struct zg_trial_options *options,
                                         struct zg_verify_row *row, char *reason, size_t size,
                                         struct zg_error *err)
{
    zg_plant_step = contender->next_step;
    zg_plant = plant_of(contender->item->engine->name);
    const enum zg_status status =
        __real_zg_direction_check(contender, options, row, reason, size, err);
    zg_plant = ZG_PLANT_NONE;
    return status;
}
