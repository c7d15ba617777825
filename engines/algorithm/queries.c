/* queries.c - probes of several directions, and their mean gradient: queries.h. */
#include "engines/algorithm/queries.h"

#include "engines/algorithm/options.h"
#include "engines/base/philox.h"
#include "engines/base/size.h"

#include <string.h>

static bool is_one_sided(const struct zg_algorithm_choice *choice)
{
    return strcmp(zg_algorithm_word(choice, "sides"), zg_sides_words[ZG_SIDES_ONE]) == 0;
}

static bool has_own_v(const struct zg_algorithm_choice *choice)
{
    const char *const word = zg_algorithm_word(choice, "basis");
    return word && strcmp(word, zg_basis_words[ZG_BASIS_OWN]) == 0;
}

static int64_t n_queries_of(const struct zg_algorithm_choice *choice)
{
    return zg_algorithm_integer(choice, "queries", 1);
}

void zg_queries_need(const struct zg_algorithm_choice *choice, struct zg_engine_limits *limits)
{
    const int64_t n = n_queries_of(choice);
    const int64_t n_probes = is_one_sided(choice) ? n + 1 : 2 * n;
    limits->max_probes = zg_max64(limits->max_probes, n_probes);
    limits->max_directions = zg_max64(limits->max_directions, n);
    if (has_own_v(choice) && n > 1)
        limits->features |= ZG_FEATURE_BIT(ZG_F_OWN_V);
    if (zg_algorithm_real(choice, "wd") > 0)
        limits->features |= ZG_FEATURE_BIT(ZG_F_DECAY);
}

void zg_queries_ask(const struct zg_algorithm_choice *choice, const struct zg_direction *first,
                    struct zg_question *out)
{
    const float eps = (float)zg_algorithm_real(choice, "eps");
    const bool one_sided = is_one_sided(choice), own_v = has_own_v(choice);
    out->n_directions = n_queries_of(choice);
    out->n_probes = 0;
    for (int32_t i = 0; i < out->n_directions; i++) {
        struct zg_direction *const d = &out->directions[i];
        *d = *first;
        if (i > 0)
            d->seed_u = zg_seed_derive(first->seed_u, (uint64_t)i);
        if (i > 0 && own_v)
            d->seed_v = zg_seed_derive(first->seed_v, (uint64_t)i);
        out->probes[out->n_probes++] = (struct zg_probe){i, eps};
        if (!one_sided)
            out->probes[out->n_probes++] = (struct zg_probe){i, -eps};
        else if (i == 0)
            out->probes[out->n_probes++] = (struct zg_probe){0, 0};
    }
}

void zg_queries_ask_others(struct zg_question *question)
{
    const int64_t n = question->n_directions;
    for (int64_t i = n; i < 2 * n; i++) {
        question->directions[i] = question->directions[i - n];
        question->directions[i].seed_u =
            zg_seed_derive(question->directions[0].seed_u, (uint64_t)i);
    }
    question->n_directions = 2 * n;
}

void zg_queries_answer(const struct zg_algorithm_choice *choice, uint64_t step, double rate,
                       const struct zg_question *question, const double *loss,
                       struct zg_answer *out)
{
    const int64_t n = n_queries_of(choice), first = question->n_directions - n;
    const bool one_sided = is_one_sided(choice);
    const double distance = zg_algorithm_distance(choice);
    const double decay =
        zg_algorithm_lr(choice, step) * (double)(float)zg_algorithm_real(choice, "wd");
    *out = (struct zg_answer){.n_gradients = n, .n_updates = n, .weight_decay = (float)decay};
    for (int64_t i = 0; i < n; i++) {
        const int64_t plus = one_sided ? i + (i > 0) : 2 * i;
        const int64_t base = one_sided ? 1 : plus + 1;
        out->gradient[i] = (loss[plus] - loss[base]) / distance;
        out->updates[i] =
            (struct zg_update){.direction = (int32_t)(first + i),
                               .coefficient = (float)(rate * out->gradient[i] / (double)n)};
    }
}
