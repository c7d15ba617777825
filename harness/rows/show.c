/* show.c - numbers and cases as people read them: a time in the unit that fits, "-" where there is
 * none. */
#include "harness/rows/show.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engines/base/printable.h"
#include "harness/base/page.h"
#include "harness/rows/algorithm_cell.h"
#include "harness/rows/precision.h"

const char *zg_real_show(char *text, size_t size, const char *format, double value)
{
    if (isfinite(value))
        snprintf(text, size, format, value);
    else
        snprintf(text, size, "-");
    return text;
}

static const struct unit { /* of the time of a step */
    double least_s, per_s;
    const char *name;
} units[] = {{0.1, 1, "s"}, {1e-4, 1e3, "ms"}, {-INFINITY, 1e6, "us"}};

static const struct unit *unit_of(double s)
{
    const struct unit *unit = units;
    while (s < unit->least_s)
        unit++;
    return unit;
}

const char *zg_step_time_show(double s, char *text, size_t size)
{
    const struct unit *const unit = unit_of(s);
    const size_t n = strlen(zg_figure_show(s * unit->per_s, text, (int64_t)size));
    if (isfinite(s))
        snprintf(text + n, size - n, " %s", unit->name);
    return text;
}

const char *zg_step_interval_show(const struct zg_stats *s, char *text, size_t size)
{
    const struct unit *const unit = unit_of(s->median);
    char low[32], high[32];
    zg_step_time_show(s->median, text, size);
    const size_t n = strlen(text);
    if (s->has_interval)
        snprintf(text + n, size - n, " [%s, %s]",
                 zg_figure_show(s->low * unit->per_s, low, sizeof low),
                 zg_figure_show(s->high * unit->per_s, high, sizeof high));
    return text;
}

/* ---- marks ----------------------------------------------------------------------------------- */

static const struct { /* in the order of enum zg_mark */
    const char *mark, *legend;
} marks[] = {
    {"*", "the interval spans more than a factor of two: too noisy or too few blocks to tell"},
    {"!", "some of its samples were disturbed (column `disturbed` of samples.csv): the process was "
          "stopped, or none of its threads ran for a tenth of the time or more"},
    {"?", "ratio and times of the steps point different ways: too noisy to tell which is faster"},
};

void zg_mark_add(struct zg_marks *used, enum zg_mark mark, char *text, size_t size)
{
    const size_t n = strlen(text);
    const bool again = n > 0 && strchr("*!?", text[n - 1]);
    used->bits |= 1u << mark;
    snprintf(text + n, size - n, "%s%s", again ? "" : " ", marks[mark].mark);
}

void zg_marks_print(const struct zg_marks *used, bool markdown)
{
    for (unsigned i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (used->bits & 1u << i) {
            fputs(markdown ? "\n" : "", stdout);
            zg_page_print(stdout, "%s%s  %s", markdown ? "\\" : "", marks[i].mark, marks[i].legend);
        }
}

const char *zg_ratio_show(const struct zg_stats *ratio, struct zg_marks *used, char *text,
                          size_t size)
{
    zg_stats_show_ratio(ratio, text, (int64_t)size);
    if (isfinite(ratio->median) && zg_stats_is_vague(ratio))
        zg_mark_add(used, ZG_MARK_VAGUE, text, size);
    return text;
}

const char *zg_summary_time_show(const struct zg_summary_row *row, struct zg_marks *used,
                                 char *text, size_t size)
{
    const struct zg_stats time = {.median = row->wall_s_per_step_median,
                                  .low = row->wall_s_per_step_ci_low,
                                  .high = row->wall_s_per_step_ci_high,
                                  .has_interval = isfinite(row->wall_s_per_step_ci_low)};
    zg_step_time_show(time.median, text, size);
    if (zg_stats_is_vague(&time))
        zg_mark_add(used, ZG_MARK_VAGUE, text, size);
    if (row->n_disturbed > 0)
        zg_mark_add(used, ZG_MARK_DISTURBED, text, size);
    return text;
}

/* What a check that was passed means: fp32 is held to rounding, and nothing coarser to be. */
const char *zg_verified_show(char *text, size_t size, int64_t verified, bool is_reference,
                             enum zg_dtype coarsest)
{
    if (verified == ZG_NO_INTEGER)
        return "-";
    if (!verified)
        return "DISAGREES";
    if (is_reference || coarsest == ZG_FP32)
        return "equal";
    snprintf(text, size, "%s: loss within %g", zg_dtype_name(coarsest),
             zg_loss_tolerance(coarsest));
    return text;
}

/* ---- the title of cases ---------------------------------------------------------------------- */

/* ", rank 2, nu 50" of an algorithm's text: its options but the sizes of a step. */
static void put_options(FILE *out, const struct zg_case_axes *axes, const char *algorithm)
{
    struct zg_option_cell option;
    while (zg_option_cell_next(&algorithm, &option))
        if (strcmp(option.key, "algorithm") && strcmp(option.key, "eps") &&
            strcmp(option.key, "lr") && !zg_case_axes_has_option(axes, option.key))
            fprintf(out, ", %s %s", option.key, option.value);
}

static const char *or_dash(const char *text)
{
    return text ? text : "-";
}

static void put_model(FILE *out, const struct zg_case_axes *axes, const struct zg_summary_row *row)
{
    const bool several = zg_case_axes_has(axes, "model");
    fputs(several ? "several models" : or_dash(row->id.model), out);
    if (row->id.synthetic == 1 && !zg_case_axes_has(axes, "synthetic"))
        fputs(" (synthetic weights: throughput only)", out);
    if (zg_case_axes_has(axes, "layers_resident"))
        fputs(" (resident layers, repeated: throughput only)", out);
    else if (row->extrapolated == 1 && several)
        fprintf(out, " (%lld layers resident, repeated: throughput only)",
                (long long)row->id.layers_resident);
    else if (row->extrapolated == 1)
        fprintf(out, " (%lld of %lld layers resident, repeated: throughput only)",
                (long long)row->id.layers_resident, (long long)row->layers);
}

/* "sst2 (train, task)" less what differs. */
static void put_task(FILE *out, const struct zg_case_axes *axes, const struct zg_case_row *id)
{
    const char *const names[] = {"task", "split", "objective"};
    const char *const values[] = {id->task, id->split, id->objective};
    const char *between = ", ";
    bool open = false;
    for (int i = 0; i < 3; i++) {
        if (zg_case_axes_has(axes, names[i]))
            continue;
        fprintf(out, "%s%s", between, or_dash(values[i]));
        open |= i > 0 && strcmp(between, " (") == 0;
        between = i == 0 ? " (" : ", ";
    }
    fputs(open ? ")" : "", out);
}

const char *zg_case_show(const struct zg_case_axes *axes, const struct zg_summary_row *row,
                         char *text, size_t size)
{
    static const struct zg_case_axes none;
    const struct zg_case_row *const id = &row->id;
    struct zg_option_cell algorithm = {.value = "-"};
    char *title = NULL;
    size_t n;
    FILE *const out = open_memstream(&title, &n);
    text[0] = '\0';
    if (!out)
        return text;
    axes = axes ? axes : &none;
    put_model(out, axes, row);
    put_task(out, axes, id);
    zg_option_cell_find(id->algorithm, "algorithm", &algorithm);
    if (!zg_case_axes_has_option(axes, "algorithm"))
        fprintf(out, ", %s", algorithm.value);
    if (!zg_case_axes_has(axes, "batch"))
        fprintf(out, ", batch %lld", (long long)id->batch);
    put_options(out, axes, id->algorithm);
    if (!zg_case_axes_has(axes, "threads"))
        fprintf(out, ", %lld thread%s", (long long)id->threads, id->threads == 1 ? "" : "s");
    if (fclose(out) == 0)
        zg_printable(text, size, title);
    free(title);
    return text;
}

void zg_case_title_print(const struct zg_summary_row *row)
{
    char name[1024], steps[64] = "";
    if (row->n > 0 && row->steps > 0)
        snprintf(steps, sizeof steps, " of the same %lld step%s", (long long)row->steps,
                 row->steps == 1 ? "" : "s");
    zg_page_print(stdout, "%s, %lld block%s%s", zg_case_show(NULL, row, name, sizeof name),
                  (long long)row->n, row->n == 1 ? "" : "s", steps);
}
