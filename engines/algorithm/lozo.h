/*
 * lozo.h - LoZO (Chen et al. 2024, arXiv:2410.07698): two-point zeroth-order steps along low-rank
 * directions.
 *
 *     U_t [out x r] fresh every step, V [in x r] redrawn every nu steps, entries N(0, 1)
 *     c_t = (L(W + eps U V^T) - L(W - eps U V^T)) / (2 eps)
 *     W  <- W - lr c_t U_t V^T
 *
 * The algorithm drives an engine through zo.h and is the only step loop: every engine runs this
 * code.
 */
#ifndef ZG_ALGORITHM_LOZO_H
#define ZG_ALGORITHM_LOZO_H

#include "engines/zo.h"

/* Which U the update uses on a step that redraws V. */
enum zg_lozo_direction {
    ZG_LOZO_CORRECT, /* the one it probed with */
    /* another one, as the official code does: LOZOtrainer.py draws V, then U from the step's seed
     * for the probe (706-715), but reseeds and draws only U for the update (804-809) */
    ZG_LOZO_OFFICIAL,
};

struct zg_lozo_options {
    int64_t rank;   /* r >= 1 */
    int64_t nu;     /* steps between redraws of V, >= 1 */
    float eps;      /* > 0 */
    float lr;       /* >= 0 */
    bool rms_scale; /* scale the direction by 1/sqrt(rank); the official code does not */
    enum zg_lozo_direction direction;
    enum zg_scope scope;
    uint64_t seed;
};

struct zg_lozo_step {
    double loss_plus, loss_minus;
    double projected_gradient; /* c_t */
};

/* Seeds of step t: splitmix64 of (seed, t) for U, of (seed, t / nu) for V (their streams differ,
 * zo.h).  The U of the official update: on steps that redraw V splitmix64 of (U's seed, 1), else
 * U's own. */
uint64_t zg_lozo_seed_u(const struct zg_lozo_options *options, uint64_t step);
uint64_t zg_lozo_seed_v(const struct zg_lozo_options *options, uint64_t step);
uint64_t zg_lozo_seed_u_official(const struct zg_lozo_options *options, uint64_t step);

/* ZG_USAGE where a field is out of its range. */
enum zg_status zg_lozo_check(const struct zg_lozo_options *options, struct zg_error *err);

/* Runs step t on the batch.  Allocates nothing.  ZG_CHECK: a loss is NaN or Inf (no update is
 * made). */
enum zg_status zg_lozo_run_step(const struct zg_lozo_options *options,
                                const struct zg_engine *engine, struct zg_engine_state *state,
                                uint64_t step, const struct zg_batch *batch,
                                struct zg_lozo_step *out, struct zg_error *err);

#endif
