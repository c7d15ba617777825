/*
 * factorised.c - high-rank factorised directions (arXiv:2605.28760): as LoZO, with both factors
 * fresh in every step, and unit variance.
 *
 *     D_t = U_t V_t^T / sqrt(r)              U_t, V_t of seed (seed, t), r = 128 ... 512
 *     W  <- W - lr c_t D_t                   c_t: queries.h
 */
#include "engines/algorithm/lowrank.h"
#include "engines/algorithm/options.h"
#include "engines/algorithm/queries.h"

static const struct zg_algorithm_option options[] = {
    ZG_OPTION_RANK(128),   ZG_OPTION_EPS,    ZG_OPTION_LR,        ZG_OPTION_BASIS,
    ZG_OPTION_FIRST_LAYER, ZG_OPTION_LAYERS, ZG_OPTIONS_OF_STEPS,
};

static uint32_t needs(const struct zg_algorithm_choice *choice, struct zg_engine_limits *limits)
{
    return zg_lowrank_need(choice, ZG_DIRECTION_FACTORISED, limits);
}

static void announce(const struct zg_algorithm_choice *choice, uint64_t step, const double *memory,
                     struct zg_question *out)
{
    (void)memory;
    const struct zg_direction first = zg_lowrank_direction(choice, step, ZG_DIRECTION_FACTORISED);
    zg_queries_ask(choice, &first, out);
}

static void answer(const struct zg_algorithm_choice *choice, uint64_t step,
                   const struct zg_question *question, const double *loss, double *memory,
                   struct zg_answer *out)
{
    (void)memory;
    zg_queries_answer(choice, step, zg_algorithm_lr(choice, step), question, loss, out);
}

const struct zg_algorithm zg_algorithm_factorised = {
    .name = "factorised",
    .summary = "high-rank U V^T / sqrt(rank), arXiv:2605.28760: both factors fresh in every step",
    .options = options,
    .period = 1,
    .needs = needs,
    .announce = announce,
    .answer = answer,
};
