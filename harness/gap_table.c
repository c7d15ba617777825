/* gap_table.c - see gap_table.h. */
#include "harness/gap_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/stats.h"

static const char stdout_name[] = "standard output";

static bool is_for_people(enum zg_format format)
{
    return format == ZG_FORMAT_TABLE || format == ZG_FORMAT_MARKDOWN;
}

static const char *show(char *text, size_t size, const char *format, double value)
{
    if (isfinite(value))
        snprintf(text, size, format, value);
    else
        snprintf(text, size, "-");
    return text;
}

static const char *show_step_time(char *text, size_t size, double s)
{
    if (s >= 0.1)
        return show(text, size, "%.3f s", s);
    return s >= 1e-4 ? show(text, size, "%.2f ms", s * 1e3) : show(text, size, "%.2f us", s * 1e6);
}

static void add_speedup(struct zg_table *table, const struct zg_summary_row *row)
{
    char text[96];
    const struct zg_stats stats = {.n = row->n,
                                   .median = row->speedup,
                                   .low = row->speedup_ci_low,
                                   .high = row->speedup_ci_high,
                                   .has_interval = isfinite(row->speedup_ci_low)};
    if (row->baseline && row->engine && strcmp(row->baseline, row->engine) == 0 &&
        isfinite(row->speedup))
        snprintf(text, sizeof text, "1 (baseline)");
    else
        zg_stats_show_ratio(&stats, text, sizeof text);
    zg_table_real(table, row->speedup, text);
}

static const char *show_verified(int64_t verified)
{
    if (verified == ZG_NO_INTEGER)
        return "-";
    return verified ? "equal" : "DISAGREES";
}

static enum zg_status print_case(const struct zg_summary_row *rows, int64_t n,
                                 enum zg_format format, struct zg_error *err)
{
    static const struct zg_heading headings[] = {
        {"engine", "engine"},         {"step", "time of a step"}, {"speedup", "speed-up [95 %]"},
        {"useful", "useful GFLOP/s"}, {"share", "of peak"},       {"executed", "executed"},
        {"rss", "peak RSS MiB"},      {"verified", "check"},
    };
    struct zg_table *table = NULL;
    char text[64];
    enum zg_status status =
        zg_table_open(&table, headings, sizeof headings / sizeof headings[0], err);
    for (int64_t i = 0; i < n && !status; i++) {
        const struct zg_summary_row *const row = &rows[i];
        zg_table_text(table, row->engine);
        zg_table_real(table, row->wall_s_per_step_median,
                      show_step_time(text, sizeof text, row->wall_s_per_step_median));
        add_speedup(table, row);
        zg_table_real(table, row->gflops_useful,
                      show(text, sizeof text, "%.1f", row->gflops_useful));
        zg_table_real(table, row->peak_share,
                      show(text, sizeof text, "%.1f %%", 100 * row->peak_share));
        zg_table_real(table, row->executed_peak_share,
                      show(text, sizeof text, "%.1f %%", 100 * row->executed_peak_share));
        zg_table_real(table, row->peak_rss_mib, show(text, sizeof text, "%.0f", row->peak_rss_mib));
        zg_table_text(table, show_verified(row->verified));
    }
    if (!status)
        status = zg_table_print(table, stdout, stdout_name, format, err);
    zg_table_close(&table);
    return status;
}

static void print_title(const struct zg_summary_row *row)
{
    char steps[64] = "";
    if (row->n > 0 && row->steps > 0)
        snprintf(steps, sizeof steps, " of the same %lld step%s", (long long)row->steps,
                 row->steps == 1 ? "" : "s");
    char layers[96] = "";
    if (row->extrapolated == 1)
        snprintf(layers, sizeof layers,
                 " (%lld of %lld layers resident, repeated: throughput only)",
                 (long long)row->layers_resident, (long long)row->layers);
    printf(
        "%s%s%s, %s (%s, %s), %s, batch %lld, rank %lld, nu %lld, %lld thread%s, %lld block%s%s\n",
        row->model, row->synthetic == 1 ? " (synthetic weights: throughput only)" : "", layers,
        row->task, row->split, row->objective, row->algorithm, (long long)row->batch,
        (long long)row->rank, (long long)row->nu, (long long)row->threads,
        row->threads == 1 ? "" : "s", (long long)row->n, row->n == 1 ? "" : "s", steps);
}

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

/* Rows of one case follow each other. */
static bool same_case(const struct zg_summary_row *a, const struct zg_summary_row *b)
{
#define TEXT(name)                                                                                 \
    &&(same_text(#name, "engine") || same_text(#name, "dtype") || same_text(a->name, b->name))
#define INTEGER(name) &&a->name == b->name
#define REAL(name)    &&a->name >= b->name && a->name <= b->name
    return true ZG_CASE_COLUMNS(TEXT, INTEGER, REAL);
#undef TEXT
#undef INTEGER
#undef REAL
}

enum zg_status zg_gap_table_print(const struct zg_summary_row *rows, int64_t n,
                                  enum zg_format format, struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    if (!is_for_people(format)) {
        struct zg_table *table = NULL;
        status = zg_table_of_rows(&table, &zg_schema_summary, rows, n, err);
        if (!status)
            status = zg_table_print(table, stdout, stdout_name, format, err);
        zg_table_close(&table);
        return status;
    }
    for (int64_t begin = 0, end; begin < n && !status; begin = end) {
        end = begin + 1;
        while (end < n && same_case(&rows[begin], &rows[end]))
            end++;
        int64_t titled = begin; /* an engine that was timed knows the number of blocks */
        for (int64_t i = begin; i < end; i++)
            titled = rows[i].n > rows[titled].n ? i : titled;
        printf("%s", begin > 0 ? "\n" : "");
        print_title(&rows[titled]);
        printf("%s", format == ZG_FORMAT_MARKDOWN ? "\n" : "");
        status = print_case(rows + begin, end - begin, format, err);
    }
    return status;
}

enum zg_status zg_verify_table_print(const struct zg_verify_row *rows, int64_t n,
                                     enum zg_format format, struct zg_error *err)
{
    static const struct zg_heading headings[] = {
        {"engine", "engine"},
        {"reference", "reference"},
        {"model", "model"},
        {"batch", "batch"},
        {"steps", "steps"},
        {"loss", "loss difference"},
        {"gradient", "gradient error"},
        {"sign", "signs equal"},
        {"weight", "weight difference"},
        {"check", "check"},
        {"reason", "reason"},
    };
    struct zg_table *table = NULL;
    enum zg_status status =
        is_for_people(format)
            ? zg_table_open(&table, headings, sizeof headings / sizeof headings[0], err)
            : zg_table_of_rows(&table, &zg_schema_verify, rows, n, err);
    for (int64_t i = 0; i < n && !status && is_for_people(format); i++) {
        const struct zg_verify_row *const row = &rows[i];
        char text[64];
        zg_table_text(table, row->engine);
        zg_table_text(table, row->reference);
        zg_table_text(table, row->model);
        zg_table_integer(table, row->batch);
        zg_table_integer(table, row->steps);
        zg_table_real(table, row->loss_difference_max,
                      show(text, sizeof text, "%.2g", row->loss_difference_max));
        zg_table_real(table, row->gradient_relative_error,
                      show(text, sizeof text, "%.2g", row->gradient_relative_error));
        zg_table_real(table, row->gradient_sign_match,
                      show(text, sizeof text, "%.0f %%", 100 * row->gradient_sign_match));
        zg_table_real(table, row->weight_difference_max,
                      show(text, sizeof text, "%.2g", row->weight_difference_max));
        zg_table_text(table, show_verified(row->passed));
        zg_table_text(table, row->reason);
    }
    if (!status)
        status = zg_table_print(table, stdout, stdout_name, format, err);
    zg_table_close(&table);
    return status;
}
