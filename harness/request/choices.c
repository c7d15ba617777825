/* choices.c - choices.h, each from the list that its owner keeps. */
#include "harness/request/choices.h"

#include "engines/algorithm/algorithm.h"
#include "engines/model.h"
#include "engines/zo.h"
#include "workloads/task.h"

const char *zg_choice_engine(int64_t index)
{
    const struct zg_engine *engine;
    for (int64_t i = 0; (engine = zg_engine_at(i)); i++)
        if (!engine->missing && index-- == 0)
            return engine->name;
    return NULL;
}

const char *zg_choice_mechanism(int64_t index)
{
    static const char *const sets[] = {"default", "all", "none"};
    const int64_t n_sets = sizeof sets / sizeof *sets;
    if (index < n_sets)
        return sets[index];
    index -= n_sets;
    return index < ZG_N_MECHANISMS ? zg_mechanism_name((enum zg_mechanism)index) : NULL;
}

const char *zg_choice_algorithm(int64_t index)
{
    const struct zg_algorithm *const algorithm = zg_algorithm_at(index);
    return algorithm ? algorithm->name : NULL;
}

const char *zg_choice_model(int64_t index)
{
    return zg_model_shape_name(index, NULL);
}

const char *zg_choice_task(int64_t index)
{
    return zg_task_builtin(index);
}
