/* record.c - what a training asks of steps.h. */
#include "harness/train/record.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/train/weights.h"

static void name_file(char *name, size_t size, int64_t index)
{
    if (index == 0)
        snprintf(name, size, "steps.zo");
    else
        snprintf(name, size, "steps-%lld.zo", (long long)index + 1);
}

enum zg_status zg_train_record_open(struct zg_train_record *out, const char *dir, int64_t index,
                                    const struct zg_steps_head *head, bool go_on, char *note,
                                    size_t size, struct zg_error *err)
{
    char name[64], path[1200], torn[512] = "";
    name_file(name, sizeof name, index);
    snprintf(path, sizeof path, "%s/%s", dir, name);
    const bool is_there = go_on && access(path, F_OK) == 0;
    enum zg_status status = is_there
                                ? zg_steps_open(&out->file, dir, name, true, torn, sizeof torn, err)
                                : zg_steps_create(&out->file, dir, name, head, err);
    if (!status && is_there)
        status = zg_steps_check(out->file, head, err);
    if (status)
        return status;
    if (torn[0])
        snprintf(note, size, "%s", torn);
    out->n = zg_steps_n(out->file);
    return ZG_OK;
}

void zg_train_record_close(struct zg_train_record *record)
{
    zg_steps_close(&record->file);
    record->n = 0;
}

struct zg_train_step zg_train_record_step(const struct zg_train_record *record, int64_t t)
{
    struct zg_steps_record then;
    zg_steps_at(record->file, t, &then);
    return (struct zg_train_step){.wall_s = then.wall_s,
                                  .rows = then.rows,
                                  .n_forwards = zg_steps_head(record->file)->n_losses};
}

enum zg_status zg_train_record_replay(const struct zg_train_record *record,
                                      struct zg_contender *contender,
                                      const struct zg_algorithm_choice *choice, int64_t t,
                                      struct zg_step *out, struct zg_error *err)
{
    return zg_steps_replay(record->file, choice, contender->item->engine, contender->state, t,
                           contender->memory, out, err);
}

enum zg_status zg_train_record_add(struct zg_train_record *record, const struct zg_step *step,
                                   const struct zg_train_step *did, struct zg_error *err)
{
    struct zg_steps_record add = {
        .n_passes = step->n_passes, .rows = did->rows, .wall_s = did->wall_s};
    memcpy(add.loss, step->loss, (size_t)step->question.n_probes * sizeof *step->loss);
    return zg_steps_add(record->file, &add, err);
}

enum zg_status zg_train_record_weights(struct zg_train_record *record,
                                       struct zg_contender *contender, enum zg_scope scope,
                                       int64_t n_steps, bool is_last, uint64_t *hash,
                                       struct zg_error *err)
{
    uint64_t then, now;
    const bool is_known = n_steps <= record->n && zg_steps_weights(record->file, n_steps, &then);
    const bool is_due = is_last || n_steps % ZG_STEPS_WEIGHTS_EVERY == 0;
    if (!is_known && !is_due)
        return ZG_OK;
    const enum zg_status status =
        zg_weights_hash(contender->item->engine, contender->state,
                        zg_model_shape(contender->bench->data.model), scope, &now, err);
    if (status)
        return status;
    if (is_last)
        *hash = now;
    if (is_known)
        return zg_steps_check_weights(record->file, n_steps, now, err);
    if (n_steps < record->n) /* it stands behind its step, and others follow that */
        return ZG_OK;
    const struct zg_steps_record add = {.is_weights = true, .n_steps = n_steps, .weights = now};
    return zg_steps_add(record->file, &add, err);
}

enum zg_status zg_train_record_sync(struct zg_train_record *record, struct zg_error *err)
{
    return zg_steps_sync(record->file, err);
}
