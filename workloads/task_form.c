/* task_form.c - names in a task: splits, metrics, fields. */
#include "workloads/task_form.h"

#include <string.h>

#include "engines/base/nearest.h"

const struct zg_task_names *zg_task_field(const struct zg_task *task, const char *name)
{
    for (int64_t i = 0; i < task->n_fields; i++)
        if (strcmp(task->fields[i].name, name) == 0)
            return &task->fields[i].paths;
    return NULL;
}

const char *zg_task_metric_name(enum zg_task_metric metric)
{
    static const char *const names[ZG_N_TASK_METRICS] = {[ZG_TASK_ACCURACY] = "accuracy",
                                                         [ZG_TASK_F1] = "f1",
                                                         [ZG_TASK_MACRO_F1] = "macro_f1",
                                                         [ZG_TASK_EXACT_MATCH] = "exact_match"};
    return names[metric];
}

const char *zg_split_name(enum zg_split split)
{
    return split == ZG_SPLIT_TRAIN ? "train" : "dev";
}

enum zg_status zg_split_parse(enum zg_split *out, const char *text, struct zg_error *err)
{
    for (int split = 0; split < ZG_N_SPLITS; split++)
        if (strcmp(text, zg_split_name((enum zg_split)split)) == 0) {
            *out = (enum zg_split)split;
            return ZG_OK;
        }
    return zg_fail(err, ZG_USAGE, "split '%s' is unknown: train or dev%s", text,
                   zg_nearest_word(text, "train dev").hint);
}
