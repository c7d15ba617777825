/*
 * lozo.c - LoZO (Chen et al. 2024, arXiv:2410.07698): two-point zeroth-order steps along low-rank
 * directions.
 *
 *     U_t [out x r] fresh every step, V [in x r] redrawn every nu steps, entries N(0, 1)
 *     c_t = (L(W + eps U V^T) - L(W - eps U V^T)) / (2 eps)
 *     W  <- W - lr c_t U_t V^T
 *
 * Seeds of step t: splitmix64 of (seed, t) for U, of (seed, t / nu) for V; their streams differ,
 * zo.h.
 *
 * direction=official goes along another U on steps that redraw V, as the official code does:
 * LOZOtrainer.py draws V, then U from the step's seed for the probe (706-715), but reseeds and
 * draws only U for the update (804-809).
 */
#include "engines/algorithm/algorithm.h"

#include "engines/base/philox.h"
#include "engines/base/size.h"

#include <math.h>

enum { RANK, NU, EPS, LR, DIRECTION, DIRECTION_SCALE };
enum { CORRECT, OFFICIAL };
enum { SCALE_NONE, SCALE_RMS };

/* Products of sizes stay inside int64_t. */
enum { MOST_RANK = 1 << 14 };

static const char *const directions[] = {"correct", "official", NULL};
static const char *const scales[] = {"none", "rms", NULL};

static const struct zg_algorithm_option options[] = {
    [RANK] = {.key = "rank",
              .kind = ZG_ALGORITHM_INTEGER,
              .is_main = true,
              .fallback = 2,
              .min = 1,
              .max = MOST_RANK,
              .summary = "columns of U and V"},
    [NU] = {.key = "nu",
            .kind = ZG_ALGORITHM_INTEGER,
            .is_main = true,
            .fallback = 50,
            .min = 1,
            .summary = "steps between redraws of V"},
    [EPS] = {.key = "eps",
             .kind = ZG_ALGORITHM_REAL,
             .is_main = true,
             .fallback = 1e-3,
             .above_min = true,
             .summary = "probe size"},
    /* 0 measures without moving */
    [LR] = {.key = "lr",
            .kind = ZG_ALGORITHM_REAL,
            .is_main = true,
            .fallback = 1e-6,
            .summary = "learning rate"},
    [DIRECTION] = {.key = "direction",
                   .kind = ZG_ALGORITHM_WORD,
                   .fallback = CORRECT,
                   .words = directions,
                   .summary = "update along the probed direction, or, as the official code, along "
                              "another on steps that redraw V"},
    [DIRECTION_SCALE] = {.key = "direction-scale",
                         .kind = ZG_ALGORITHM_WORD,
                         .fallback = SCALE_NONE,
                         .words = scales,
                         .summary = "scale of U V^T: 1, or 1/sqrt(rank)"},
    {.key = NULL},
};

static uint32_t needs(const struct zg_algorithm_choice *choice, struct zg_engine_limits *limits)
{
    limits->max_probes = zg_max64(limits->max_probes, 2);
    /* the official update goes along a second; room for it in either case, as the room is part of
     * the layout of a runtime's buffers, which decides how a library rounds its sums */
    limits->max_directions = zg_max64(limits->max_directions, 2);
    limits->max_rank = zg_max64(limits->max_rank, choice->values[RANK].integer);
    return 1u << ZG_DIRECTION_LOWRANK;
}

static void announce(const struct zg_algorithm_choice *choice, uint64_t step, const double *memory,
                     struct zg_question *out)
{
    (void)memory;
    const int64_t rank = choice->values[RANK].integer;
    const uint64_t nu = (uint64_t)choice->values[NU].integer;
    const float eps = (float)choice->values[EPS].real;
    const bool rms = choice->values[DIRECTION_SCALE].integer == SCALE_RMS;
    const struct zg_direction probed = {
        .kind = ZG_DIRECTION_LOWRANK,
        .scope = choice->scope,
        .rank = rank,
        .scale = rms ? 1.0f / sqrtf((float)rank) : 1.0f,
        .seed_u = zg_seed_derive(choice->seed, step),
        .seed_v = zg_seed_derive(choice->seed, step / nu),
    };
    out->n_directions = 1;
    out->directions[0] = probed;
    if (choice->values[DIRECTION].integer == OFFICIAL && step % nu == 0) {
        out->directions[1] = probed;
        out->directions[1].seed_u = zg_seed_derive(probed.seed_u, 1);
        out->n_directions = 2;
    }
    out->n_probes = 2;
    out->probes[0] = (struct zg_probe){0, eps};
    out->probes[1] = (struct zg_probe){0, -eps};
}

static void answer(const struct zg_algorithm_choice *choice, uint64_t step,
                   const struct zg_question *question, const double *loss, double *memory,
                   struct zg_answer *out)
{
    (void)step;
    (void)memory;
    const double eps = (double)(float)choice->values[EPS].real;
    const double lr = (double)(float)choice->values[LR].real;
    const double c = (loss[0] - loss[1]) / (2.0 * eps);
    out->n_gradients = 1;
    out->gradient[0] = c;
    out->n_updates = 1;
    out->updates[0] = (struct zg_update){.direction = (int32_t)(question->n_directions - 1),
                                         .coefficient = (float)(lr * c)};
    out->weight_decay = 0;
}

const struct zg_algorithm zg_algorithm_lozo = {
    .name = "lozo",
    .summary = "LoZO, arXiv:2410.07698: two probes along a low-rank direction",
    .options = options,
    .needs = needs,
    .announce = announce,
    .answer = answer,
};
