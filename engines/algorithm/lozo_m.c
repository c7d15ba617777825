/*
 * lozo_m.c - LOZO-M: LoZO with momentum on U (Chen et al. 2024, arXiv:2410.07698; the official code
 * is LOZO's medium_models/src/LOZOtrainer.py, 363-405).
 *
 *     g_t = mean of c U_t over the queries               as LoZO, lozo.c
 *     M_0 = g_0
 *     M_t = beta M_{t-1} + (1 - beta) g_t
 *     M_t = beta M_{t-1} (V_old^T V) / n_in + (1 - beta) g_t    where V was redrawn
 *     W  <- W - lr (M_t V^T + wd W)
 *
 * 1-D tensors: the same of c z.  M is the engine's (zo.h, apply_momentum).  Only nu = 1 differs
 * from the official code, which then never carries M over, as it stores V_old at t mod nu = nu - 1
 * after it was redrawn.
 */
#include "engines/algorithm/lowrank.h"
#include "engines/algorithm/options.h"
#include "engines/algorithm/queries.h"

static const struct zg_algorithm_option options[] = {
    ZG_OPTION_RANK(2),
    ZG_OPTION_NU,
    ZG_OPTION_EPS,
    ZG_OPTION_LR,
    {.key = "beta",
     .kind = ZG_ALGORITHM_REAL,
     .is_main = true,
     .fallback = 0.9,
     .max = 0.9999,
     .summary = "share of the momentum that a step keeps"},
    ZG_OPTION_DIRECTION_SCALE,
    ZG_OPTIONS_OF_STEPS,
};

static uint32_t needs(const struct zg_algorithm_choice *choice, struct zg_engine_limits *limits)
{
    limits->features |= ZG_FEATURE_BIT(ZG_F_MOMENTUM);
    return zg_lowrank_need(choice, ZG_DIRECTION_LOWRANK, limits);
}

static void announce(const struct zg_algorithm_choice *choice, uint64_t step, const double *memory,
                     struct zg_question *out)
{
    (void)memory;
    const struct zg_direction first = zg_lowrank_direction(choice, step, ZG_DIRECTION_LOWRANK);
    zg_queries_ask(choice, &first, out);
}

static void answer(const struct zg_algorithm_choice *choice, uint64_t step,
                   const struct zg_question *question, const double *loss, double *memory,
                   struct zg_answer *out)
{
    (void)memory;
    const double beta = step == 0 ? 0 : (double)(float)zg_algorithm_real(choice, "beta");
    zg_queries_answer(choice, step, 1 - beta, question, loss, out);
    out->has_momentum = true;
    out->momentum =
        (struct zg_momentum){.keep = (float)beta, .rate = (float)zg_algorithm_lr(choice, step)};
}

const struct zg_algorithm zg_algorithm_lozo_m = {
    .name = "lozo-m",
    .summary = "LOZO-M, arXiv:2410.07698: LoZO with momentum on U",
    .options = options,
    .needs = needs,
    .announce = announce,
    .answer = answer,
};
