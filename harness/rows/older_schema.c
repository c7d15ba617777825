/* older_schema.c - the columns of versions 1 and 2, and the algorithm's text from theirs. */
#include "harness/rows/older_schema.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct gone { /* behind the row struct, which is of pointers, int64_t and double as this is */
    const char *direction, *direction_scale;
    int64_t rank, nu;
    double eps, lr;
};

static const struct zg_column gone_columns[] = {
    {"direction", ZG_COLUMN_TEXT, offsetof(struct gone, direction)},
    {"direction_scale", ZG_COLUMN_TEXT, offsetof(struct gone, direction_scale)},
    {"rank", ZG_COLUMN_INTEGER, offsetof(struct gone, rank)},
    {"nu", ZG_COLUMN_INTEGER, offsetof(struct gone, nu)},
    {"eps", ZG_COLUMN_REAL, offsetof(struct gone, eps)},
    {"lr", ZG_COLUMN_REAL, offsetof(struct gone, lr)},
};
enum { N_GONE = sizeof gone_columns / sizeof gone_columns[0] };

/* In their order until version 2; version 1 ended before the last. */
static const char *const case_columns[] = {"engine",    "model",     "task",
                                           "objective", "algorithm", "dtype",
                                           "scope",     "direction", "direction_scale",
                                           "split",     "batch",     "rank",
                                           "nu",        "eps",       "lr",
                                           "bos",       "row_limit", "threads",
                                           "seed",      "synthetic", "layers_resident"};
enum { N_CASE = sizeof case_columns / sizeof case_columns[0] };

/* Where a version's first files ended.  What has none was the same from the first to the last. */
static const struct {
    int version;
    const char *file, *last_at_first;
} first_ends[] = {{1, "samples.csv", "involuntary_switches"},
                  {2, "samples.csv", "involuntary_switches"},
                  {1, "phases.csv", "bytes_per_step"},
                  {2, "phases.csv", "bytes_per_step"},
                  {1, "summary.csv", "steps"},
                  {2, "summary.csv", "layers"},
                  {1, "verify.csv", "reason"},
                  {2, "verify.csv", "reason"}};

static bool is_gone(const char *name, struct zg_column *out)
{
    for (int i = 0; i < N_GONE; i++)
        if (strcmp(gone_columns[i].name, name) == 0) {
            *out = gone_columns[i];
            return true;
        }
    return false;
}

static struct zg_column find_case_column(const struct zg_schema *schema, const char *name)
{
    int64_t i = 0;
    while (strcmp(schema->columns[i].name, name) != 0)
        i++;
    return schema->columns[i];
}

bool zg_older_schema_of(struct zg_older_schema *out, const struct zg_schema *schema, int version)
{
    const int64_t n_case_before = version == 1 ? N_CASE - 1 : N_CASE;
    const int64_t n_case = N_CASE - N_GONE; /* of this version */
    if (version < 1 || version > 2 || schema == &zg_schema_roofline ||
        schema->n_columns + N_GONE > ZG_MOST_COLUMNS)
        return false;
    *out = (struct zg_older_schema){.schema = *schema};
    int64_t n = 0;
    for (int64_t i = 0; i < n_case_before; i++) {
        struct zg_column column;
        if (is_gone(case_columns[i], &column))
            column.offset += schema->row_size;
        else
            column = find_case_column(schema, case_columns[i]);
        out->columns[n++] = column;
    }
    for (int64_t i = n_case; i < schema->n_columns; i++)
        out->columns[n++] = schema->columns[i];
    out->schema.columns = out->columns;
    out->schema.n_columns = n;
    out->schema.row_size = schema->row_size + sizeof(struct gone);
    for (size_t i = 0; i < sizeof first_ends / sizeof first_ends[0]; i++)
        if (first_ends[i].version == version && strcmp(first_ends[i].file, schema->file) == 0)
            out->schema.last_at_first = first_ends[i].last_at_first;
    return true;
}

/* ---- the algorithm's text -------------------------------------------------------------------- */

static void append(char text[ZG_OLDER_TEXT], const char *key, const char *value)
{
    const size_t n = strlen(text);
    snprintf(text + n, ZG_OLDER_TEXT - n, "%c%s=%s", strchr(text, ':') ? '+' : ':', key, value);
}

static void append_integer(char text[ZG_OLDER_TEXT], const char *key, int64_t value)
{
    char cell[32];
    snprintf(cell, sizeof cell, "%lld", (long long)value);
    if (value != ZG_NO_INTEGER)
        append(text, key, cell);
}

static void append_real(char text[ZG_OLDER_TEXT], const char *key, double value)
{
    char cell[32];
    snprintf(cell, sizeof cell, "%.9g", value);
    if (!isnan(value))
        append(text, key, cell);
}

static void append_word(char text[ZG_OLDER_TEXT], const char *key, const char *value,
                        const char *usual)
{
    if (value && strcmp(value, usual) != 0)
        append(text, key, value);
}

const char *zg_older_algorithm(const struct zg_older_schema *older, const void *row,
                               char text[ZG_OLDER_TEXT])
{
    const struct zg_case_row *const id = row;
    struct gone gone;
    memcpy(&gone, (const char *)row + older->schema.row_size - sizeof gone, sizeof gone);
    snprintf(text, ZG_OLDER_TEXT, "%s", id->algorithm ? id->algorithm : "");
    if (!text[0])
        return text;
    append_integer(text, "rank", gone.rank);
    append_integer(text, "nu", gone.nu);
    append_real(text, "eps", gone.eps);
    append_real(text, "lr", gone.lr);
    append_word(text, "direction", gone.direction, "correct");
    append_word(text, "direction-scale", gone.direction_scale, "none");
    return text;
}
