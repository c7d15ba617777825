/* algorithm.c - the algorithms of algorithms.def, their options' values, and questions. */
#include "engines/algorithm/algorithm.h"

#include <math.h>
#include <string.h>

#include "engines/base/philox.h"
#include "engines/base/size.h"

#define ZG_ALGORITHM(name) extern const struct zg_algorithm zg_algorithm_##name;
#include "engines/algorithm/algorithms.def"
#undef ZG_ALGORITHM

static const struct zg_algorithm *const algorithms[] = {
#define ZG_ALGORITHM(name) &zg_algorithm_##name,
#include "engines/algorithm/algorithms.def"
#undef ZG_ALGORITHM
};

const struct zg_algorithm *zg_algorithm_at(int64_t index)
{
    const int64_t n = (int64_t)(sizeof algorithms / sizeof algorithms[0]);
    return index >= 0 && index < n ? algorithms[index] : NULL;
}

const struct zg_algorithm *zg_algorithm_find(const char *name)
{
    const struct zg_algorithm *algorithm;
    for (int64_t i = 0; (algorithm = zg_algorithm_at(i)); i++)
        if (strcmp(algorithm->name, name) == 0)
            return algorithm;
    return NULL;
}

const struct zg_algorithm_option *zg_algorithm_option(const struct zg_algorithm *algorithm,
                                                      const char *key)
{
    for (const struct zg_algorithm_option *option = algorithm->options; option->key; option++)
        if (strcmp(option->key, key) == 0)
            return option;
    return NULL;
}

/* ---- values ---------------------------------------------------------------------------------- */

struct zg_algorithm_choice zg_algorithm_default(const struct zg_algorithm *algorithm)
{
    struct zg_algorithm_choice choice = {.algorithm = algorithm};
    const struct zg_algorithm_option *const options = algorithm->options;
    for (int64_t i = 0; options[i].key; i++)
        if (options[i].kind == ZG_ALGORITHM_REAL)
            choice.values[i].real = options[i].fallback;
        else
            choice.values[i].integer = (int64_t)options[i].fallback;
    return choice;
}

/* The value's place, -1 where there is no such option of this kind. */
static int64_t place_of(const struct zg_algorithm_choice *choice, const char *key,
                        enum zg_algorithm_kind kind)
{
    const struct zg_algorithm_option *const option = zg_algorithm_option(choice->algorithm, key);
    return option && option->kind == kind ? option - choice->algorithm->options : -1;
}

int64_t zg_algorithm_integer(const struct zg_algorithm_choice *choice, const char *key,
                             int64_t otherwise)
{
    const int64_t i = place_of(choice, key, ZG_ALGORITHM_INTEGER);
    return i < 0 ? otherwise : choice->values[i].integer;
}

double zg_algorithm_real(const struct zg_algorithm_choice *choice, const char *key)
{
    const int64_t i = place_of(choice, key, ZG_ALGORITHM_REAL);
    return i < 0 ? (double)NAN : choice->values[i].real;
}

const char *zg_algorithm_word(const struct zg_algorithm_choice *choice, const char *key)
{
    const int64_t i = place_of(choice, key, ZG_ALGORITHM_WORD);
    return i < 0 ? NULL : choice->algorithm->options[i].words[choice->values[i].integer];
}

bool zg_algorithm_gives(const struct zg_algorithm_choice *choice, const char *key)
{
    const struct zg_algorithm_option *const option = zg_algorithm_option(choice->algorithm, key);
    return option && choice->given & 1u << (option - choice->algorithm->options);
}

void zg_algorithm_set_real(struct zg_algorithm_choice *choice, const char *key, double value)
{
    const int64_t i = place_of(choice, key, ZG_ALGORITHM_REAL);
    if (i >= 0)
        choice->values[i].real = value;
}

uint32_t zg_algorithm_needs(const struct zg_algorithm_choice *choice,
                            struct zg_engine_limits *limits)
{
    limits->scopes |= ZG_SCOPE_BIT(choice->scope);
    return choice->algorithm->needs(choice, limits);
}

int64_t zg_algorithm_period(const struct zg_algorithm_choice *choice)
{
    const int64_t own = choice->algorithm->period;
    return zg_algorithm_integer(choice, "nu", own > 0 ? own : INT64_MAX);
}

static void set_number(struct zg_algorithm_choice *choice, const char *key,
                       enum zg_algorithm_kind kind, int64_t value)
{
    const int64_t i = place_of(choice, key, kind);
    if (i >= 0)
        choice->values[i].integer = value;
}

void zg_algorithm_set_period(struct zg_algorithm_choice *choice, int64_t n)
{
    set_number(choice, "nu", ZG_ALGORITHM_INTEGER, n);
}

void zg_algorithm_set_horizon(struct zg_algorithm_choice *choice, int64_t n_steps)
{
    if (zg_algorithm_integer(choice, "horizon", 0) == 0)
        set_number(choice, "horizon", ZG_ALGORITHM_INTEGER, n_steps);
}

void zg_algorithm_hold_lr(struct zg_algorithm_choice *choice)
{
    set_number(choice, "schedule", ZG_ALGORITHM_WORD, 0); /* the first is `constant` */
    set_number(choice, "warmup", ZG_ALGORITHM_INTEGER, 0);
}

/* ---- questions ------------------------------------------------------------------------------- */

int64_t zg_question_n_probed(const struct zg_question *question)
{
    int64_t n = 0;
    for (int64_t p = 0; p < question->n_probes; p++)
        n = zg_max64(n, question->probes[p].direction + 1);
    return n;
}

void zg_question_redraw(struct zg_question *question, uint64_t seed_u, uint64_t seed_v)
{
    const uint64_t first_v = question->directions[0].seed_v;
    question->n_directions = zg_question_n_probed(question);
    for (int64_t j = 0; j < question->n_directions; j++) {
        struct zg_direction *const d = &question->directions[j];
        d->seed_u = j == 0 ? seed_u : zg_seed_derive(seed_u, (uint64_t)j);
        d->seed_v = d->seed_v == first_v ? seed_v : zg_seed_derive(seed_v, (uint64_t)j);
    }
}
