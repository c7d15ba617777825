/* lowrank.c - U fresh, V of its period, and their scale: lowrank.h. */
#include "engines/algorithm/lowrank.h"

#include <math.h>
#include <string.h>

#include "engines/algorithm/options.h"
#include "engines/algorithm/queries.h"
#include "engines/base/philox.h"
#include "engines/base/size.h"

struct zg_direction zg_lowrank_direction(const struct zg_algorithm_choice *choice, uint64_t step,
                                         enum zg_direction_kind kind)
{
    const int64_t rank = zg_algorithm_integer(choice, "rank", 1);
    const char *const scale = zg_algorithm_word(choice, "direction-scale");
    const bool rms = !scale || strcmp(scale, zg_direction_scale_words[ZG_SCALE_RMS]) == 0;
    return (struct zg_direction){
        .kind = kind,
        .scope = choice->scope,
        .layers = zg_algorithm_layers(choice),
        .rank = rank,
        .scale = rms ? 1.0f / sqrtf((float)rank) : 1.0f,
        .seed_u = zg_seed_derive(choice->seed, step),
        .seed_v = zg_seed_derive(choice->seed, step / (uint64_t)zg_algorithm_period(choice)),
    };
}

uint32_t zg_lowrank_need(const struct zg_algorithm_choice *choice, enum zg_direction_kind kind,
                         struct zg_engine_limits *limits)
{
    zg_queries_need(choice, limits);
    limits->max_rank = zg_max64(limits->max_rank, zg_algorithm_integer(choice, "rank", 1));
    return 1u << kind;
}
