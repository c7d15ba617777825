/* gate.c - the cases of a gate, their names and verdicts: gate.h. */
#include "harness/gate/gate.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/size.h"
#include "harness/base/grow.h"
#include "harness/base/status_line.h"
#include "harness/rows/algorithm_cell.h"
#include "harness/rows/case_row.h"
#include "harness/stats/stats.h"

/* Beyond these an estimate says nothing that helps. */
enum { MOST_MORE = 2000 };
#define MOST_EXCLUDED 3.0 /* times the baseline */

void zg_gate_close(struct zg_gate *gate)
{
    for (int64_t i = 0; i < gate->n_cases; i++)
        for (int side = 0; side < 2; side++)
            free(gate->cases[i].values[side]);
    for (int64_t i = 0; i < gate->n_warnings; i++)
        free(gate->warnings[i]);
    for (int64_t i = 0; i < gate->n_causes; i++)
        free(gate->causes[i].text);
    free(gate->cases);
    free(gate->warnings);
    free(gate->causes);
    zg_result_reader_close(&gate->sets[0]);
    zg_result_reader_close(&gate->sets[1]);
    *gate = (struct zg_gate){0};
}

/* ---- gathering ------------------------------------------------------------------------------- */

enum zg_status zg_gate_add_case(struct zg_gate *gate, const struct zg_case_row *id,
                                struct zg_error *err)
{
    if (!zg_grow(&gate->cases, gate->n_cases, sizeof *gate->cases))
        return zg_fail(err, ZG_ENV, "no memory for %lld cases", (long long)gate->n_cases + 1);
    gate->cases[gate->n_cases++] = (struct zg_gate_case){.id = *id};
    return ZG_OK;
}

enum zg_status zg_gate_add_cost(struct zg_gate_case *c, enum zg_gate_side side, double cost,
                                struct zg_error *err)
{
    if (!zg_grow(&c->values[side], c->n[side], sizeof cost))
        return zg_fail(err, ZG_ENV, "no memory for %lld blocks", (long long)c->n[side] + 1);
    c->values[side][c->n[side]++] = cost;
    return ZG_OK;
}

enum zg_status zg_gate_warn(struct zg_gate *gate, struct zg_error *err, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    char *const copy = strdup(text);
    if (!copy || !zg_grow(&gate->warnings, gate->n_warnings, sizeof *gate->warnings)) {
        free(copy);
        return zg_fail(err, ZG_ENV, "no memory for a warning");
    }
    gate->warnings[gate->n_warnings++] = copy;
    return ZG_OK;
}

/* ---- what would explain a difference --------------------------------------------------------- */

/* The same but for numbers: "steal of 0.7 %" and "steal of 12 %". */
static bool same_but_for_numbers(const char *a, const char *b)
{
    static const char number[] = "0123456789.";
    for (;; a++, b++) {
        a += strspn(a, number);
        b += strspn(b, number);
        if (*a != *b)
            return false;
        if (!*a)
            return true;
    }
}

static struct zg_gate_cause *find_or_add_cause(struct zg_gate *gate, const char *text)
{
    for (int64_t i = 0; i < gate->n_causes; i++)
        if (same_but_for_numbers(gate->causes[i].text, text))
            return &gate->causes[i];
    if (!zg_grow(&gate->causes, gate->n_causes, sizeof *gate->causes))
        return NULL;
    struct zg_gate_cause *const cause = &gate->causes[gate->n_causes];
    *cause = (struct zg_gate_cause){.text = strdup(text)};
    gate->n_causes += cause->text != NULL;
    return cause->text ? cause : NULL;
}

enum zg_status zg_gate_count_run(struct zg_gate *gate, enum zg_gate_side side,
                                 const struct zg_result_meta *meta, struct zg_error *err)
{
    gate->n_runs[side]++;
    for (size_t i = 0; i < json_array_size(meta->warnings); i++) {
        const char *const text = json_string_value(json_array_get(meta->warnings, i));
        struct zg_gate_cause *const cause = text ? find_or_add_cause(gate, text) : NULL;
        if (text && !cause)
            return zg_fail(err, ZG_ENV, "no memory for a warning");
        if (cause)
            cause->n[side]++;
    }
    return ZG_OK;
}

enum zg_status zg_gate_warn_of_runs(struct zg_gate *gate, struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    for (int64_t i = 0; i < gate->n_causes && !status; i++) {
        const struct zg_gate_cause *const cause = &gate->causes[i];
        if (gate->n_runs[0] == 1 && gate->n_runs[1] == 1)
            status = zg_gate_warn(gate, err, "%s%s%s: %s", cause->n[0] ? "baseline" : "",
                                  cause->n[0] && cause->n[1] ? " and " : "",
                                  cause->n[1] ? "candidate" : "", cause->text);
        else
            status = zg_gate_warn(
                gate, err, "%s (%lld of %lld runs of the baseline, %lld of %lld of the candidate)",
                cause->text, (long long)cause->n[0], (long long)gate->n_runs[0],
                (long long)cause->n[1], (long long)gate->n_runs[1]);
    }
    return status;
}

/* ---- names ----------------------------------------------------------------------------------- */

static void append(char *text, size_t size, const char *name, const char *value)
{
    const size_t n = strlen(text);
    snprintf(text + n, size - n, ", %s %s", name, value);
}

/* The options of the algorithm that differ among the cases, in the place of the whole text. */
static void append_options(const struct zg_gate *gate, struct zg_gate_case *c)
{
    struct zg_option_cell option, other;
    for (const char *at = c->id.algorithm; zg_option_cell_next(&at, &option);) {
        bool differs = false;
        for (int64_t i = 0; i < gate->n_cases && !differs; i++)
            differs = !zg_option_cell_find(gate->cases[i].id.algorithm, option.key, &other) ||
                      strcmp(option.value, other.value) != 0;
        if (differs)
            append(c->name, sizeof c->name, option.key, option.value);
    }
}

static const char *show_column(const struct zg_gate_case *c, const struct zg_column *column,
                               char *text, size_t size)
{
    const struct zg_cell cell = zg_row_cell(column, &c->id);
    return zg_cell_show(&cell, text, size);
}

/* Does the column differ among the cases? */
static bool differs(const struct zg_gate *gate, const struct zg_column *column)
{
    char first[32], text[32];
    bool all_same = true;
    for (int64_t i = 1; i < gate->n_cases && all_same; i++)
        all_same = !strcmp(show_column(&gate->cases[0], column, first, sizeof first),
                           show_column(&gate->cases[i], column, text, sizeof text));
    return !all_same;
}

static void name_case(const struct zg_gate *gate, struct zg_gate_case *c)
{
    snprintf(c->name, sizeof c->name, "%s", c->id.engine ? c->id.engine : "");
    for (int64_t i = 0; i < zg_case_n_columns(); i++) {
        const struct zg_column *const column = &zg_schema_summary.columns[i];
        char shown[32];
        if (!strcmp(column->name, "engine") || !differs(gate, column))
            continue;
        if (!strcmp(column->name, "algorithm"))
            append_options(gate, c);
        else
            append(c->name, sizeof c->name, column->name,
                   show_column(c, column, shown, sizeof shown));
    }
}

void zg_gate_name_cases(struct zg_gate *gate)
{
    for (int64_t i = 0; i < gate->n_cases; i++)
        name_case(gate, &gate->cases[i]);
}

/* ---- verdicts -------------------------------------------------------------------------------- */

static enum zg_status find_medians(struct zg_gate_case *c, struct zg_error *err)
{
    for (int side = 0; side < 2; side++) {
        double *const copy = calloc((size_t)c->n[side] + 1, sizeof *copy);
        if (!copy)
            return zg_fail(err, ZG_ENV, "no memory for %lld costs", (long long)c->n[side]);
        if (c->n[side] > 0)
            memcpy(copy, c->values[side], (size_t)c->n[side] * sizeof *copy);
        c->median[side] = zg_median(copy, c->n[side]);
        free(copy);
    }
    return ZG_OK;
}

static double busy_share(const struct zg_gate *gate, const struct zg_gate_case *c)
{
    const int64_t n = c->n[ZG_GATE_BASELINE];
    return gate->paired && n > 0 ? (double)gate->n_busy / (double)n : 0;
}

__attribute__((format(printf, 2, 3))) static void add_to_reason(struct zg_judged *judged,
                                                                const char *format, ...)
{
    const size_t n = strlen(judged->reason);
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(judged->reason + n, sizeof judged->reason - n, format, arguments);
    va_end(arguments);
}

/* What an undecided case leaves to do: blocks, and the time that they take; and what it shows all
 * the same. */
static void advise(const struct zg_gate *gate, struct zg_judged *judged)
{
    char text[32];
    if (judged->judgement != ZG_JUDGED_UNDECIDED || judged->pairing == ZG_COUNTED)
        return;
    const double n = (double)zg_min64(judged->n_baseline, judged->n_candidate);
    const double more = zg_judge_blocks_wanted(judged) - n;
    if (judged->busy > 0 && judged->busy <= ZG_JUDGE_BUSY)
        add_to_reason(judged, "; the machine was busy in %.0f %% of the blocks",
                      100 * judged->busy);
    if (judged->busy > ZG_JUDGE_BUSY)
        add_to_reason(judged, "; judge again when it is quiet");
    else if (more > MOST_MORE)
        add_to_reason(judged,
                      "; more than %d blocks more would be needed: a quieter machine, or a "
                      "larger --max-regression",
                      MOST_MORE);
    else
        add_to_reason(judged, "; about %.0f more block%s%s%s%s would tell", more,
                      more == 1 ? "" : "s", gate->block_s > 0 ? " (" : "",
                      gate->block_s > 0 ? zg_duration_show(more * gate->block_s, text, sizeof text)
                                        : "",
                      gate->block_s > 0 ? ")" : "");
    if (judged->high < MOST_EXCLUDED)
        add_to_reason(judged, "; excludes a slow-down above %.3g %%",
                      100 * fmax(judged->high - 1, 0));
}

enum zg_status zg_gate_judge(struct zg_gate *gate, struct zg_error *err)
{
    const enum zg_pairing pairing = gate->measure == ZG_GATE_INSTRUCTIONS ? ZG_COUNTED
                                    : gate->paired                        ? ZG_PAIRED
                                                                          : ZG_UNPAIRED;
    struct zg_judged *const judged = calloc((size_t)gate->n_cases + 1, sizeof *judged);
    if (!judged)
        return zg_fail(err, ZG_ENV, "no memory for %lld cases", (long long)gate->n_cases);
    for (int64_t i = 0; i < gate->n_cases; i++) {
        const struct zg_gate_case *const c = &gate->cases[i];
        judged[i] = (struct zg_judged){.name = c->name,
                                       .pairing = pairing,
                                       .threshold = gate->threshold,
                                       .baseline = c->values[ZG_GATE_BASELINE],
                                       .candidate = c->values[ZG_GATE_CANDIDATE],
                                       .n_baseline = c->n[ZG_GATE_BASELINE],
                                       .n_candidate = c->n[ZG_GATE_CANDIDATE],
                                       .busy = busy_share(gate, c)};
    }
    enum zg_status status = zg_judge(judged, gate->n_cases, err);
    for (int64_t i = 0; i < gate->n_cases && !status; i++) {
        gate->cases[i].judged = judged[i];
        advise(gate, &gate->cases[i].judged);
        status = find_medians(&gate->cases[i], err);
    }
    free(judged);
    return status;
}

int64_t zg_gate_count(const struct zg_gate *gate, enum zg_judgement judgement)
{
    int64_t n = 0;
    for (int64_t i = 0; i < gate->n_cases; i++)
        n += gate->cases[i].judged.judgement == judgement;
    return n;
}

enum zg_judgement zg_gate_verdict(const struct zg_gate *gate)
{
    for (int j = 0; j < ZG_N_JUDGEMENTS; j++) /* in the order of gravity */
        if (zg_gate_count(gate, (enum zg_judgement)j) > 0)
            return (enum zg_judgement)j;
    return ZG_JUDGED_SAME;
}

double zg_gate_samples_share(const struct zg_gate *gate)
{
    return gate->wall_s > 0 ? gate->samples_s / gate->wall_s : NAN;
}

const char *zg_gate_sentence(const struct zg_gate *gate, char *text, size_t size)
{
    size_t n = 0;
    text[0] = '\0';
    for (int j = 0; j < ZG_N_JUDGEMENTS && n < size; j++)
        n += (size_t)snprintf(text + n, size - n, "%s%lld %s", j ? ", " : "",
                              (long long)zg_gate_count(gate, (enum zg_judgement)j),
                              zg_judgement_name((enum zg_judgement)j));
    return text;
}
