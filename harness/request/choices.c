/* choices.c - choices.h, each from the list that its owner keeps. */
#include "harness/request/choices.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "engines/algorithm/algorithm.h"
#include "engines/model.h"
#include "engines/zo.h"
#include "workloads/task.h"

const char *zg_choice_engine(int64_t index)
{
    const struct zg_engine *engine;
    for (int64_t i = 0; (engine = zg_engine_at(i)); i++)
        if (!engine->missing && index-- == 0)
            return engine->name;
    return NULL;
}

static const char *const sets[] = {"default", "all", "none"}; /* of mechanisms */

const char *zg_choice_mechanism(int64_t index)
{
    const int64_t n_sets = sizeof sets / sizeof *sets;
    if (index < n_sets)
        return sets[index];
    index -= n_sets;
    return index < ZG_N_MECHANISMS ? zg_mechanism_name((enum zg_mechanism)index) : NULL;
}

const char *zg_choice_algorithm(int64_t index)
{
    const struct zg_algorithm *const algorithm = zg_algorithm_at(index);
    return algorithm ? algorithm->name : NULL;
}

const char *zg_choice_model(int64_t index)
{
    int64_t n_shapes = 0;
    while (zg_model_shape_name(n_shapes, NULL))
        n_shapes++;
    return index < n_shapes ? zg_model_shape_name(index, NULL)
                            : zg_model_shipped_name(index - n_shapes);
}

const char *zg_choice_task(int64_t index)
{
    return zg_task_builtin(index);
}

/* ---- settings -------------------------------------------------------------------------------- */

/* Words are offered one after the other; the one before which none is left is taken. */
struct search {
    int64_t left;
    char *text;
    size_t size;
};

__attribute__((format(printf, 2, 3))) static void offer(struct search *search, const char *format,
                                                        ...)
{
    if (search->left-- != 0)
        return;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(search->text, search->size, format, arguments);
    va_end(arguments);
}

static void offer_of_engine(struct search *search, const struct zg_engine *engine)
{
    const struct zg_engine_setting_doc *doc = engine->settings;
    for (; doc && doc->key; doc++)
        for (const char *choice = doc->choices; *choice;) {
            const size_t n = strcspn(choice, "|");
            offer(search, "%s=%.*s", doc->key, (int)n, choice);
            choice += n + (choice[n] != '\0');
        }
    for (int d = 0; d < ZG_N_DTYPES; d++)
        if (engine->dtypes & 1u << d)
            offer(search, "dtype=%s", zg_dtype_name((enum zg_dtype)d));
    for (size_t i = 0; engine->mechanisms && i < sizeof sets / sizeof *sets; i++)
        offer(search, "mechanisms=%s", sets[i]);
    for (int m = 0; m < ZG_N_MECHANISMS; m++)
        if (engine->mechanisms & ZG_MECHANISM_BIT((unsigned)m)) {
            offer(search, "mechanisms=%s", zg_mechanism_name((enum zg_mechanism)m));
            offer(search, "mechanisms=-%s", zg_mechanism_name((enum zg_mechanism)m));
        }
}

static void offer_of_algorithm(struct search *search, const struct zg_algorithm *algorithm)
{
    for (const struct zg_algorithm_option *option = algorithm->options; option->key; option++) {
        for (const char *const *word = option->words; word && *word; word++)
            offer(search, "%s=%s", option->key, *word);
        if (!option->words)
            offer(search, "%s=", option->key);
    }
}

const char *zg_choice_setting(const char *of, int64_t index, char *text, size_t size)
{
    struct search search = {.left = index, .text = text, .size = size};
    const struct zg_engine *const engine = zg_engine_find(of);
    const struct zg_algorithm *algorithm;
    if (engine && !engine->missing)
        offer_of_engine(&search, engine);
    for (int64_t i = 0; (algorithm = zg_algorithm_at(i)); i++)
        if (strcmp(algorithm->name, of) == 0)
            offer_of_algorithm(&search, algorithm);
    return search.left < 0 ? text : NULL;
}
