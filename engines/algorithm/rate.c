/* rate.c - the learning rate of a step, what comes of it, and words that options share. */
#include "engines/algorithm/options.h"

#include <math.h>
#include <string.h>

#include "engines/interface/direction.h"

const char *const zg_sides_words[] = {"two", "one", NULL};
const char *const zg_basis_words[] = {"shared", "own", NULL};
const char *const zg_schedule_words[] = {"constant", "linear", "cosine", NULL};
const char *const zg_direction_scale_words[] = {"none", "rms", NULL};

static bool is_schedule(const struct zg_algorithm_choice *choice, enum zg_schedule schedule)
{
    const char *const word = zg_algorithm_word(choice, "schedule");
    return word && strcmp(word, zg_schedule_words[schedule]) == 0;
}

static double factor_of(const struct zg_algorithm_choice *choice, uint64_t step)
{
    const double t = (double)step, warmup = (double)zg_algorithm_integer(choice, "warmup", 0);
    const double horizon = (double)zg_algorithm_integer(choice, "horizon", 0);
    const bool linear = is_schedule(choice, ZG_SCHEDULE_LINEAR);
    if (t < warmup)
        return t / warmup;
    if (horizon == 0 || !(linear || is_schedule(choice, ZG_SCHEDULE_COSINE)))
        return 1;
    if (t >= horizon)
        return 0;
    const double done = (t - warmup) / (horizon - warmup);
    return linear ? 1 - done : (1 + cos(acos(-1) * done)) / 2;
}

double zg_algorithm_lr(const struct zg_algorithm_choice *choice, uint64_t step)
{
    return (double)(float)zg_algorithm_real(choice, "lr") * factor_of(choice, step);
}

struct zg_layer_range zg_algorithm_layers(const struct zg_algorithm_choice *choice)
{
    const int64_t first = zg_algorithm_integer(choice, "first-layer", 0);
    const int64_t n = zg_algorithm_integer(choice, "layers", 0);
    return (struct zg_layer_range){first, n > 0 ? first + n : 0};
}

double zg_algorithm_distance(const struct zg_algorithm_choice *choice)
{
    const char *const sides = zg_algorithm_word(choice, "sides");
    const double eps = (double)(float)zg_algorithm_real(choice, "eps");
    return sides && strcmp(sides, zg_sides_words[ZG_SIDES_ONE]) == 0 ? eps : 2.0 * eps;
}

double zg_algorithm_lr_effective(const struct zg_algorithm_choice *choice, uint64_t step)
{
    struct zg_question question; /* of the same form in every step */
    choice->algorithm->announce(choice, 0, NULL, &question);
    const struct zg_direction *const d = &question.directions[0];
    const int64_t rank = zg_direction_rank(d);
    const double sigma = (double)d->scale * sqrt(rank > 0 ? (double)rank : 1);
    return zg_algorithm_lr(choice, step) * sigma /
           (zg_algorithm_distance(choice) * (double)zg_question_n_probed(&question));
}
