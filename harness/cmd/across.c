/* across.c - what `zogap compare --across` takes: across.h. */
#include "harness/cmd/across.h"

#include <string.h>

#include "engines/algorithm/algorithm.h"
#include "engines/base/nearest.h"
#include "harness/request/request.h"
#include "harness/rows/algorithm_cell.h"
#include "harness/rows/case_row.h"

/* An option of an algorithm, as the tables have it; NULL: no algorithm has it. */
static const char *find_option(const char *key)
{
    const struct zg_algorithm *algorithm;
    for (int64_t i = 0; (algorithm = zg_algorithm_at(i)); i++)
        for (int64_t j = 0; algorithm->options[j].key; j++)
            if (zg_option_key_same(algorithm->options[j].key, key))
                return algorithm->options[j].key;
    return NULL;
}

/* Has an algorithm before the index-th the option, too? */
static bool is_listed(int64_t index, const char *key)
{
    for (int64_t i = 0; i < index; i++)
        if (zg_algorithm_option(zg_algorithm_at(i), key))
            return true;
    return false;
}

const char *zg_across_word(int64_t index)
{
    const int64_t n_columns = zg_case_n_columns() - 1;
    const struct zg_algorithm *algorithm;
    if (index < n_columns)
        return zg_schema_summary.columns[index + 1].name;
    index -= n_columns;
    for (int64_t i = 0; (algorithm = zg_algorithm_at(i)); i++)
        for (int64_t j = 0; algorithm->options[j].key; j++)
            if (!is_listed(i, algorithm->options[j].key) && index-- == 0)
                return algorithm->options[j].key;
    return NULL;
}

static enum zg_status fail_across(const struct zg_flag *flag, const char *name,
                                  struct zg_error *err)
{
    char known[384];
    zg_flag_words(flag, known, sizeof known);
    return zg_fail(err, ZG_USAGE, "--across %s: must be one of %s%s", name, known,
                   zg_nearest_word(name, known).hint);
}

static enum zg_status add_across(struct zg_case_across *across, const struct zg_flag *flag,
                                 const char *name, struct zg_error *err)
{
    const int64_t column = zg_case_column_find(name);
    const char *const option = find_option(name);
    if (column >= 0 && strcmp(name, "engine") != 0)
        across->columns |= UINT64_C(1) << column;
    else if (option && across->n_options < ZG_MAX_ACROSS_OPTIONS)
        across->options[across->n_options++] = option;
    else
        return fail_across(flag, name, err);
    return ZG_OK;
}

enum zg_status zg_across_set(void *target, const struct zg_flag *flag, const char *value,
                             struct zg_error *err)
{
    struct zg_request *const request = target;
    struct zg_words words;
    enum zg_status status = zg_words_split(&words, "--across", value, ',', err);
    if (status)
        return status;
    request->across = (struct zg_case_across){0};
    for (int64_t i = 0; i < words.n_words && !status; i++)
        status = add_across(&request->across, flag, words.words[i], err);
    zg_words_close(&words);
    return status;
}
