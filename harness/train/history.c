/* history.c - an array that grows by a step at a time. */
#include "harness/train/history.h"

#include <math.h>
#include <stdlib.h>

#include "harness/base/grow.h"

struct zg_train_step zg_train_step_of(const struct zg_step *step, uint64_t rows, double wall_s)
{
    const int64_t n = step->question.n_probes;
    double sum = 0; /* finite where all are */
    for (int64_t i = 0; i < n; i++)
        sum += step->loss[i];
    return (struct zg_train_step){
        .loss_plus = step->loss[0],
        .loss_minus = n > 1 ? step->loss[1] : NAN,
        .c = isfinite(sum) && step->answer.n_gradients > 0 ? step->answer.gradient[0] : NAN,
        .wall_s = wall_s,
        .rows = rows,
        .n_forwards = n};
}

enum zg_status zg_train_history_add(struct zg_train_history *history,
                                    const struct zg_train_step *step, struct zg_error *err)
{
    if (!zg_grow(&history->steps, history->n, sizeof *history->steps))
        return zg_fail(err, ZG_ENV, "no memory for step %lld", (long long)history->n);
    history->steps[history->n++] = *step;
    return ZG_OK;
}

void zg_train_history_close(struct zg_train_history *history)
{
    free(history->steps);
    *history = (struct zg_train_history){0};
}
