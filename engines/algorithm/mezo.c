/*
 * mezo.c - MeZO (Malladi et al. 2023, arXiv:2305.17333), exactly: dense directions.
 *
 *     z_t ~ N(0, 1) for every weight of the scope, of seed (seed, t)
 *     W  <- W - lr (c_t z_t + wd W)          c_t: queries.h
 */
#include "engines/algorithm/options.h"
#include "engines/algorithm/queries.h"
#include "engines/base/philox.h"
#include "engines/base/size.h"

static const struct zg_algorithm_option options[] = {
    ZG_OPTION_EPS, ZG_OPTION_LR, ZG_OPTION_FIRST_LAYER, ZG_OPTION_LAYERS, ZG_OPTIONS_OF_STEPS,
};

static uint32_t needs(const struct zg_algorithm_choice *choice, struct zg_engine_limits *limits)
{
    zg_queries_need(choice, limits);
    limits->max_rank = zg_max64(limits->max_rank, 1); /* the least that an engine opens for */
    return 1u << ZG_DIRECTION_DENSE;
}

static void announce(const struct zg_algorithm_choice *choice, uint64_t step, const double *memory,
                     struct zg_question *out)
{
    (void)memory;
    const struct zg_direction first = {.kind = ZG_DIRECTION_DENSE,
                                       .scope = choice->scope,
                                       .layers = zg_algorithm_layers(choice),
                                       .scale = 1,
                                       .seed_u = zg_seed_derive(choice->seed, step)};
    zg_queries_ask(choice, &first, out);
}

static void answer(const struct zg_algorithm_choice *choice, uint64_t step,
                   const struct zg_question *question, const double *loss, double *memory,
                   struct zg_answer *out)
{
    (void)memory;
    zg_queries_answer(choice, step, zg_algorithm_lr(choice, step), question, loss, out);
}

const struct zg_algorithm zg_algorithm_mezo = {
    .name = "mezo",
    .summary = "MeZO, arXiv:2305.17333: two probes along a dense direction",
    .options = options,
    .needs = needs,
    .announce = announce,
    .answer = answer,
};
