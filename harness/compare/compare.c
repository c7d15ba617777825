/* compare.c - which cases of several result directories belong together, and their ratios. */
#include "harness/compare/compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/size.h"
#include "harness/rows/case_row.h"
#include "harness/stats/shift.h"
#include "harness/store/alike.h"

static const struct zg_stats nothing = {
    .median = NAN, .mad = NAN, .low = NAN, .high = NAN, .coverage = NAN};

static enum zg_status no_memory(struct zg_error *err)
{
    return zg_fail(err, ZG_ENV, "no memory to compare");
}

/* ---- which cases belong together ------------------------------------------------------------- */

static const struct zg_result_case *first_of(const struct zg_compare *compare,
                                             const struct zg_compare_line *line)
{
    for (int64_t i = 0; i < compare->n_sets; i++)
        if (line->cells[i].c)
            return line->cells[i].c;
    return NULL;
}

/* The last line whose case is the same by zg_case_row_same_across(): of this engine, or by
 * zg_case_row_same_work(): that it could have been measured on.  NULL: there is none. */
static struct zg_compare_line *find_line(struct zg_compare *compare, const struct zg_result_case *c,
                                         bool (*same)(const struct zg_case_row *,
                                                      const struct zg_case_row *,
                                                      const struct zg_case_across *))
{
    for (int64_t i = compare->n_lines - 1; i >= 0; i--)
        if (same(&c->id, &first_of(compare, &compare->lines[i])->id, &compare->options.across))
            return &compare->lines[i];
    return NULL;
}

/* Inserts a line after `after`, at the end where it is NULL.  There is room for one a case. */
static struct zg_compare_line *insert_line(struct zg_compare *compare,
                                           struct zg_compare_line *after, int64_t group)
{
    struct zg_compare_line *const line = after ? after + 1 : compare->lines + compare->n_lines;
    const int64_t n_behind = compare->lines + compare->n_lines - line;
    memmove(line + 1, line, (size_t)n_behind * sizeof *line);
    line->group = group;
    line->cells = compare->cells + compare->n_lines * compare->n_sets;
    compare->n_lines++;
    for (int64_t i = 0; i < compare->n_sets; i++)
        line->cells[i] = (struct zg_compare_cell){.time = nothing,
                                                  .over_first = nothing,
                                                  .speedup = nothing,
                                                  .change = nothing,
                                                  .instructions = nothing,
                                                  .instructions_over_first = nothing};
    return line;
}

/* A case that another set has nothing like: names what differs from the nearest there. */
static enum zg_status fail_unlike(const struct zg_compare *compare, int64_t set,
                                  const struct zg_result_case *c, int64_t other,
                                  struct zg_error *err)
{
    const struct zg_result_reader *const there = compare->sets[other];
    char text[320], best[320] = "";
    int64_t fewest = INT64_MAX;
    for (int64_t i = 0; i < there->n_cases; i++) {
        const int64_t n = zg_case_row_differences(&c->id, &there->cases[i].id,
                                                  &compare->options.across, text, sizeof text);
        if (n < fewest) {
            fewest = n;
            memcpy(best, text, sizeof best);
        }
    }
    return zg_fail(err, ZG_INPUT,
                   "%.120s and %.120s are not of the same cases: %s; --across COLUMN lets a column "
                   "differ, --common leaves such cases out",
                   compare->sets[set]->dir, there->dir, best);
}

/* Adds what is not there yet. */
static void add_unlike(char *all, const char *text)
{
    const size_t n = strlen(all);
    if (*text && !strstr(all, text) && n + strlen(text) + 3 < ZG_COMPARE_TEXT)
        snprintf(all + n, ZG_COMPARE_TEXT - n, "%s%s", n ? ", " : "", text);
}

/* The same columns may stand for other files: told, where the work was the same in size. */
static void note_unlike(struct zg_compare *compare, int64_t set, const struct zg_result_case *first,
                        const struct zg_result_case *c)
{
    char text[ZG_COMPARE_TEXT / 2];
    const struct zg_case_across *const across = &compare->options.across;
    zg_alike_case_differences(first, c, ZG_UNLIKE_FILES, across, text, sizeof text);
    add_unlike(compare->unlike[set], text);
    zg_alike_case_differences(first, c, ZG_UNLIKE_MECHANISMS, across, text, sizeof text);
    add_unlike(compare->unlike[set], text);
}

static enum zg_status fail_other_work(const struct zg_compare *compare, int64_t set,
                                      const struct zg_result_case *c, const char *text,
                                      struct zg_error *err)
{
    const char *const unlike = compare->unlike[set];
    return zg_fail(err, ZG_INPUT,
                   "%.120s and %.120s: engine %.100s did not do the same work: %s%s%s; give every "
                   "run the same --steps and --data",
                   compare->sets[0]->dir, compare->sets[set]->dir, c->id.engine, unlike,
                   unlike[0] ? ", " : "", text);
}

static enum zg_status add_case(struct zg_compare *compare, int64_t set,
                               const struct zg_result_case *c, struct zg_error *err)
{
    struct zg_compare_line *line = find_line(compare, c, zg_case_row_same_across);
    struct zg_compare_line *const like = line ? line : find_line(compare, c, zg_case_row_same_work);
    char text[320];
    if (set > 0 && !like && compare->options.common) {
        compare->n_left_out++;
        return ZG_OK;
    }
    if (set > 0 && !like)
        return fail_unlike(compare, set, c, 0, err);
    if (line && line->cells[set].c)
        return zg_fail(err, ZG_INPUT,
                       "--across: %.120s has engine %.100s on cases that differ in these columns "
                       "only; which one is meant?",
                       compare->sets[set]->dir, c->id.engine);
    if (!line)
        line = set == 0 ? insert_line(compare, NULL, c->group)
                        : insert_line(compare, like, like->group);
    const struct zg_result_case *const other = first_of(compare, line);
    line->cells[set].c = c;
    if (!other)
        return ZG_OK;
    note_unlike(compare, set, other, c);
    if (zg_result_case_differences(other, c, &compare->options.across, text, sizeof text) == 0)
        return ZG_OK;
    return fail_other_work(compare, set, c, text, err);
}

/* Has every set an engine on the case of each line? */
static enum zg_status check_groups(const struct zg_compare *compare, struct zg_error *err)
{
    for (int64_t i = 0; i < compare->n_lines; i++) {
        const struct zg_result_case *const c = first_of(compare, &compare->lines[i]);
        for (int64_t set = 1; set < compare->n_sets; set++) {
            const struct zg_result_reader *const there = compare->sets[set];
            bool found = false;
            for (int64_t j = 0; j < there->n_cases && !found; j++)
                found =
                    zg_case_row_same_work(&c->id, &there->cases[j].id, &compare->options.across);
            if (!found)
                return fail_unlike(compare, 0, c, set, err);
        }
    }
    return ZG_OK;
}

/* A table without a ratio would compare nothing. */
static enum zg_status check_engines(const struct zg_compare *compare, struct zg_error *err)
{
    for (int64_t set = 1; set < compare->n_sets; set++) {
        bool shared = false;
        for (int64_t i = 0; i < compare->n_lines && !shared; i++)
            shared = compare->lines[i].cells[0].c && compare->lines[i].cells[set].c;
        if (!shared)
            return zg_fail(err, ZG_INPUT,
                           "%.120s and %.120s have no engine on a case in common: %.100s in one, "
                           "%.100s in the other",
                           compare->sets[0]->dir, compare->sets[set]->dir,
                           compare->sets[0]->cases[0].id.engine,
                           compare->sets[set]->cases[0].id.engine);
    }
    return ZG_OK;
}

static void keep_common(struct zg_compare *compare)
{
    int64_t n = 0;
    for (int64_t i = 0; i < compare->n_lines; i++) {
        int64_t n_there = 0;
        for (int64_t set = 0; set < compare->n_sets; set++)
            n_there += compare->lines[i].cells[set].c != NULL;
        if (n_there == compare->n_sets)
            compare->lines[n++] = compare->lines[i];
        else
            compare->n_left_out += n_there;
    }
    compare->n_lines = n;
}

static enum zg_status make_lines(struct zg_compare *compare, struct zg_error *err)
{
    int64_t n = 0, n_cells;
    for (int64_t set = 0; set < compare->n_sets; set++)
        n += compare->sets[set]->n_cases;
    if (!zg_size_mul(n, compare->n_sets, &n_cells))
        return no_memory(err);
    compare->lines = calloc((size_t)n, sizeof *compare->lines);
    compare->cells = calloc((size_t)n_cells, sizeof *compare->cells);
    compare->unlike = calloc((size_t)compare->n_sets, sizeof *compare->unlike);
    if (!compare->lines || !compare->cells || !compare->unlike)
        return no_memory(err);
    enum zg_status status = ZG_OK;
    for (int64_t set = 0; set < compare->n_sets; set++)
        for (int64_t i = 0; i < compare->sets[set]->n_cases && !status; i++)
            status = add_case(compare, set, &compare->sets[set]->cases[i], err);
    if (!status && compare->options.common)
        keep_common(compare);
    else if (!status)
        status = check_groups(compare, err);
    if (!status)
        status = check_engines(compare, err);
    return status;
}

/* ---- numbers --------------------------------------------------------------------------------- */

/* exp of the shift from log x to log y, the other way round where `inverse`. */
static enum zg_status ratio_of(const double *x, int64_t n, const double *y, int64_t m, bool inverse,
                               struct zg_stats *out, struct zg_error *err)
{
    struct zg_shift shift;
    enum zg_status status = ZG_OK;
    *out = nothing;
    if (n == 0 || m == 0)
        return ZG_OK;
    double *const logs = calloc((size_t)(n + m), sizeof *logs);
    if (!logs)
        return no_memory(err);
    for (int64_t i = 0; i < n + m; i++)
        logs[i] = log(i < n ? x[i] : y[i - n]);
    status = inverse ? zg_shift_of(logs + n, m, logs, n, ZG_CONFIDENCE, &shift, err)
                     : zg_shift_of(logs, n, logs + n, m, ZG_CONFIDENCE, &shift, err);
    free(logs);
    if (status)
        return status;
    *out = (struct zg_stats){.n = zg_min64(n, m),
                             .median = exp(shift.estimate),
                             .mad = NAN,
                             .low = exp(shift.low),
                             .high = exp(shift.high),
                             .coverage = shift.coverage,
                             .has_interval = shift.has_interval};
    return ZG_OK;
}

/* What a cell is made of: a case's samples, its speed-ups and its instructions a step. */
struct values {
    int64_t n, n_speedups, n_instructions;
    double *speedups, *instructions, *scratch; /* [n] each */
};

static bool may_be_told(const struct zg_result_case *c)
{
    return c && c->n > 0 && c->verified != 0;
}

static enum zg_status get_values(const struct zg_result_reader *set, const struct zg_result_case *c,
                                 struct values *v, struct zg_error *err)
{
    *v = (struct values){0};
    if (!may_be_told(c))
        return ZG_OK;
    const int64_t column = zg_result_reader_counter(set, ZG_INSTRUCTIONS_COLUMN);
    const struct zg_result_case *const baseline = zg_result_reader_baseline(set, c);
    v->n = c->n;
    v->speedups = calloc(3 * (size_t)c->n, sizeof *v->speedups);
    if (!v->speedups)
        return no_memory(err);
    v->instructions = v->speedups + c->n;
    v->scratch = v->instructions + c->n;
    if (may_be_told(baseline) && baseline != c)
        v->n_speedups = zg_result_case_ratios(baseline, c, v->speedups);
    if (column >= 0)
        v->n_instructions = c->n;
    for (int64_t i = 0; i < v->n_instructions; i++)
        v->instructions[i] = c->counters[i * set->n_counters + column];
    return ZG_OK;
}

static void fill_own(struct zg_compare_cell *cell, const struct values *v)
{
    zg_stats_of(cell->c->wall_s, v->n, v->scratch, &cell->time);
    zg_stats_of(v->speedups, v->n_speedups, v->scratch, &cell->speedup);
    zg_stats_of(v->instructions, v->n_instructions, v->scratch, &cell->instructions);
}

/* 1 without an interval, where there is anything. */
static struct zg_stats against_itself(const struct zg_stats *of)
{
    struct zg_stats one = nothing;
    one.median = isfinite(of->median) ? 1 : NAN;
    return one;
}

static enum zg_status fill_ratios(struct zg_compare_cell *cell, const struct values *v,
                                  const struct zg_result_case *first, const struct values *first_v,
                                  struct zg_error *err)
{
    if (cell->c == first) {
        cell->over_first = against_itself(&cell->time);
        cell->change = against_itself(&cell->speedup);
        cell->instructions_over_first = against_itself(&cell->instructions);
        return ZG_OK;
    }
    enum zg_status status =
        ratio_of(first->wall_s, first_v->n, cell->c->wall_s, v->n, true, &cell->over_first, err);
    if (!status)
        status = ratio_of(first_v->speedups, first_v->n_speedups, v->speedups, v->n_speedups, false,
                          &cell->change, err);
    if (!status)
        status = ratio_of(first_v->instructions, first_v->n_instructions, v->instructions,
                          v->n_instructions, true, &cell->instructions_over_first, err);
    return status;
}

static enum zg_status fill_line(const struct zg_compare *compare,
                                const struct zg_compare_line *line, struct zg_error *err)
{
    struct values first, v;
    enum zg_status status = get_values(compare->sets[0], line->cells[0].c, &first, err);
    for (int64_t set = 0; set < compare->n_sets && !status; set++) {
        status = get_values(compare->sets[set], line->cells[set].c, &v, err);
        if (!status && v.n > 0)
            fill_own(&line->cells[set], &v);
        if (!status && v.n > 0 && first.n > 0)
            status = fill_ratios(&line->cells[set], &v, line->cells[0].c, &first, err);
        free(v.speedups);
    }
    free(first.speedups);
    return status;
}

/* ---- all ------------------------------------------------------------------------------------- */

enum zg_status zg_compare_make(struct zg_compare **out, const struct zg_result_reader *const *sets,
                               int64_t n_sets, const struct zg_compare_options *options,
                               struct zg_error *err)
{
    *out = NULL;
    struct zg_compare *compare = calloc(1, sizeof *compare);
    if (!compare)
        return no_memory(err);
    *compare = (struct zg_compare){.sets = sets, .n_sets = n_sets, .options = *options};
    enum zg_status status = make_lines(compare, err);
    for (int64_t i = 0; i < compare->n_lines && !status; i++)
        status = fill_line(compare, &compare->lines[i], err);
    if (status)
        zg_compare_close(&compare);
    *out = compare;
    return status;
}

void zg_compare_close(struct zg_compare **compare)
{
    if (!compare || !*compare)
        return;
    free((*compare)->lines);
    free((*compare)->cells);
    free((*compare)->unlike);
    free(*compare);
    *compare = NULL;
}
