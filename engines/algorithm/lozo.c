/*
 * lozo.c - LoZO (Chen et al. 2024, arXiv:2410.07698): two-point zeroth-order steps along low-rank
 * directions.
 *
 *     U_t [out x r] fresh every step, V [in x r] redrawn every nu steps, entries N(0, 1)
 *     c_t = (L(W + eps U V^T) - L(W - eps U V^T)) / (2 eps)
 *     W  <- W - lr c_t U_t V^T
 *
 * Several queries a step are the mean of c U over directions that share V, or with basis=own have
 * each its own (queries.h).
 *
 * Seeds of step t: splitmix64 of (seed, t) for U, of (seed, t / nu) for V; their streams differ,
 * zo.h.
 *
 * direction=official goes along another U on steps that redraw V, as the official code does:
 * LOZOtrainer.py draws V, then U from the step's seed for the probe (706-715), but reseeds and
 * draws only U for the update (804-809).
 */
#include "engines/algorithm/lowrank.h"
#include "engines/algorithm/options.h"
#include "engines/algorithm/queries.h"
#include "engines/base/size.h"

#include <string.h>

static const char *const directions[] = {"correct", "official", NULL};
enum { CORRECT };

static const struct zg_algorithm_option options[] = {
    ZG_OPTION_RANK(2),
    ZG_OPTION_NU,
    ZG_OPTION_EPS,
    ZG_OPTION_LR,
    {.key = "direction",
     .kind = ZG_ALGORITHM_WORD,
     .fallback = CORRECT,
     .words = directions,
     .summary = "update along the probed direction, or, as the official code, along "
                "another on steps that redraw V"},
    ZG_OPTION_DIRECTION_SCALE,
    ZG_OPTION_BASIS,
    ZG_OPTION_FIRST_LAYER,
    ZG_OPTION_LAYERS,
    ZG_OPTIONS_OF_STEPS,
};

static bool is_official(const struct zg_algorithm_choice *choice)
{
    return strcmp(zg_algorithm_word(choice, "direction"), directions[CORRECT]) != 0;
}

static uint32_t needs(const struct zg_algorithm_choice *choice, struct zg_engine_limits *limits)
{
    /* the official update goes along a second; room for it in either case, as the room is part of
     * the layout of a runtime's buffers, which decides how a library rounds its sums */
    limits->max_directions = zg_max64(limits->max_directions, 2);
    if (is_official(choice))
        limits->max_directions =
            zg_max64(limits->max_directions, 2 * zg_algorithm_integer(choice, "queries", 1));
    return zg_lowrank_need(choice, ZG_DIRECTION_LOWRANK, limits);
}

static void announce(const struct zg_algorithm_choice *choice, uint64_t step, const double *memory,
                     struct zg_question *out)
{
    (void)memory;
    const struct zg_direction first = zg_lowrank_direction(choice, step, ZG_DIRECTION_LOWRANK);
    zg_queries_ask(choice, &first, out);
    if (is_official(choice) && step % (uint64_t)zg_algorithm_period(choice) == 0)
        zg_queries_ask_others(out);
}

static void answer(const struct zg_algorithm_choice *choice, uint64_t step,
                   const struct zg_question *question, const double *loss, double *memory,
                   struct zg_answer *out)
{
    (void)memory;
    zg_queries_answer(choice, step, zg_algorithm_lr(choice, step), question, loss, out);
}

const struct zg_algorithm zg_algorithm_lozo = {
    .name = "lozo",
    .summary = "LoZO, arXiv:2410.07698: two probes along a low-rank direction",
    .options = options,
    .needs = needs,
    .announce = announce,
    .answer = answer,
};
