/* train.c - checked, opened, trained, ended. */
#include "harness/train/train.h"

#include <stdlib.h>

#include "harness/base/signals.h"
#include "harness/train/training.h"

static bool has_begun(const struct zg_training *t)
{
    bool has = t->request->policy.resume || zg_signals_caught();
    for (int64_t e = 0; e < t->n_engines; e++)
        has |= t->engines[e].used.n_steps > 0;
    return has;
}

/* What fails before the first step leaves no directory behind. */
static enum zg_status train(struct zg_training *t, struct zg_error *err)
{
    enum zg_status status = zg_training_check(t, err);
    if (status)
        return status;
    status = zg_training_open(t, err);
    if (!status && t->all_there)
        return zg_training_tell_all_there(t, err);
    if (!status)
        status = zg_training_loop(t, err);
    if (status && t->request->policy.resume && !t->begun)
        return status; /* the files are as they were */
    if (status && !has_begun(t)) {
        zg_result_dir_discard(&t->dir);
        return status;
    }
    return zg_training_finish(t, status, err);
}

enum zg_status zg_train_run(const struct zg_request *request, struct zg_error *err)
{
    struct zg_training *const t = calloc(1, sizeof *t);
    if (!t)
        return zg_fail(err, ZG_ENV, "no memory for a training");
    t->request = request;
    const enum zg_status status = train(t, err);
    zg_training_close(t);
    free(t);
    return status;
}
