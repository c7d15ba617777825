/* lozo.c - see lozo.h. */
#include "engines/algorithm/lozo.h"

#include "engines/base/philox.h"

#include <math.h>

uint64_t zg_lozo_seed_u(const struct zg_lozo_options *options, uint64_t step)
{
    return zg_seed_derive(options->seed, step);
}

uint64_t zg_lozo_seed_v(const struct zg_lozo_options *options, uint64_t step)
{
    return zg_seed_derive(options->seed, step / (uint64_t)options->nu);
}

uint64_t zg_lozo_seed_u_official(const struct zg_lozo_options *options, uint64_t step)
{
    const uint64_t probed = zg_lozo_seed_u(options, step);
    return step % (uint64_t)options->nu == 0 ? zg_seed_derive(probed, 1) : probed;
}

enum zg_status zg_lozo_check(const struct zg_lozo_options *options, struct zg_error *err)
{
    if (options->rank < 1)
        return zg_fail(err, ZG_USAGE, "rank %lld, must be at least 1", (long long)options->rank);
    if (options->nu < 1)
        return zg_fail(err, ZG_USAGE, "nu %lld, must be at least 1", (long long)options->nu);
    if (!(options->eps > 0) || !isfinite(options->eps))
        return zg_fail(err, ZG_USAGE, "eps %g, must be above 0", (double)options->eps);
    if (!(options->lr >= 0) || !isfinite(options->lr))
        return zg_fail(err, ZG_USAGE, "lr %g, must be at least 0", (double)options->lr);
    if (options->direction != ZG_LOZO_CORRECT && options->direction != ZG_LOZO_OFFICIAL)
        return zg_fail(err, ZG_USAGE, "direction %d is unknown", (int)options->direction);
    if (options->scope != ZG_SCOPE_LINEAR && options->scope != ZG_SCOPE_FULL)
        return zg_fail(err, ZG_USAGE, "scope %d is unknown", (int)options->scope);
    return ZG_OK;
}

enum zg_status zg_lozo_run_step(const struct zg_lozo_options *options,
                                const struct zg_engine *engine, struct zg_engine_state *state,
                                uint64_t step, const struct zg_batch *batch,
                                struct zg_lozo_step *out, struct zg_error *err)
{
    const struct zg_direction probed = {
        .kind = ZG_DIRECTION_LOWRANK,
        .scope = options->scope,
        .rank = options->rank,
        .scale = options->rms_scale ? 1.0f / sqrtf((float)options->rank) : 1.0f,
        .seed_u = zg_lozo_seed_u(options, step),
        .seed_v = zg_lozo_seed_v(options, step),
    };
    struct zg_direction directions[2] = {probed, probed};
    directions[1].seed_u = zg_lozo_seed_u_official(options, step);
    const bool other =
        options->direction == ZG_LOZO_OFFICIAL && directions[1].seed_u != probed.seed_u;
    enum zg_status status = engine->begin(state, directions, other ? 2 : 1, err);
    if (status)
        return status;

    const struct zg_probe probes[] = {{0, options->eps}, {0, -options->eps}};
    double loss[2];
    struct zg_scores scores = {.loss = loss};
    status = engine->score(state, batch, probes, 2, &scores, err);
    if (status)
        return status;
    *out =
        (struct zg_lozo_step){loss[0], loss[1], (loss[0] - loss[1]) / (2.0 * (double)options->eps)};
    if (!isfinite(loss[0]) || !isfinite(loss[1]))
        return zg_fail(err, ZG_CHECK, "step %llu: the losses are %g and %g; no update is made",
                       (unsigned long long)step, loss[0], loss[1]);
    const struct zg_update update = {
        .direction = other ? 1 : 0,
        .coefficient = (float)((double)options->lr * out->projected_gradient),
    };
    return engine->apply(state, &update, 1, 0.0f, err);
}
