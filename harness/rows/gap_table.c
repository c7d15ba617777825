/* gap_table.c - one table of all cases: in what they differ, times, speed-ups, rates, what low
 * precision keeps, the check. */
#include "harness/rows/gap_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/page.h"
#include "harness/rows/case_axes.h"
#include "harness/rows/precision.h"
#include "harness/rows/show.h"
#include "harness/stats/stats.h"

static void add_speedup(struct zg_table *table, const struct zg_summary_row *row,
                        struct zg_marks *marks, const char *baseline, double median, double low,
                        double high)
{
    char text[96];
    const struct zg_stats stats = {
        .n = row->n, .median = median, .low = low, .high = high, .has_interval = isfinite(low)};
    if (baseline && row->id.engine && strcmp(baseline, row->id.engine) == 0 && isfinite(median))
        snprintf(text, sizeof text, "1 (baseline)");
    else
        zg_ratio_show(&stats, marks, text, sizeof text);
    zg_table_real(table, median, text);
}

/* Of the rows of one case, the one that the others are held against; NULL: not there. */
static const struct zg_summary_row *baseline_of(const struct zg_summary_row *rows, int64_t n)
{
    for (int64_t i = 0; i < n; i++)
        if (zg_cell_same_text(rows[i].id.engine, rows[i].baseline))
            return &rows[i];
    return NULL;
}

/* What the table holds depends on the rows. */
struct layout {
    struct zg_case_axes axes;
    bool low, fidelity, derived; /* a dtype below fp32, what it keeps, what counters say */
    bool outside;                /* what it keeps is less than it should */
    bool blocks, steps;          /* the cases have other numbers of them */
    const char *second;          /* the second baseline; NULL: there is none */
};

/* An engine that was timed knows the number of blocks. */
static const struct zg_summary_row *timed_of(const struct zg_summary_row *rows, int64_t n)
{
    const struct zg_summary_row *timed = rows;
    for (int64_t i = 0; i < n; i++)
        timed = rows[i].n > timed->n ? &rows[i] : timed;
    return timed;
}

struct bounds { /* of what a row's dtype should keep */
    double rms, sign;
};

static struct bounds bounds_of(const struct zg_summary_row *row)
{
    enum zg_dtype dtype = ZG_FP32, dtype_d = ZG_FP32;
    if (row->id.dtype)
        zg_dtypes_parse("dtype", row->id.dtype, &dtype, &dtype_d, NULL);
    return (struct bounds){zg_fidelity_rms_bound(dtype, dtype_d),
                           zg_fidelity_sign_bound(dtype, dtype_d)};
}

static struct layout layout_of(const struct zg_summary_row *rows, int64_t n)
{
    struct layout layout = {0};
    zg_case_axes_find(&layout.axes, rows, n);
    for (int64_t i = 0; i < n; i++) {
        const struct bounds bounds = bounds_of(&rows[i]);
        layout.low |= zg_dtypes_coarsest(rows[i].id.dtype) != ZG_FP32;
        layout.fidelity |= rows[i].fidelity_probes > 0;
        layout.outside |= rows[i].fidelity_probes > 0 && !(rows[i].fidelity_rms <= bounds.rms &&
                                                           rows[i].fidelity_sign >= bounds.sign);
        layout.derived |= rows[i].counts_estimated != ZG_NO_INTEGER;
        if (!layout.second && rows[i].second_baseline && rows[i].second_baseline[0])
            layout.second = rows[i].second_baseline;
    }
    const struct zg_summary_row *first = NULL;
    for (int64_t begin = 0, end; begin < n; begin = end) {
        end = zg_case_rows_end(rows, n, begin);
        const struct zg_summary_row *const timed = timed_of(&rows[begin], end - begin);
        first = first ? first : timed;
        layout.blocks |= timed->n != first->n;
        layout.steps |= timed->steps != first->steps;
    }
    return layout;
}

/* "0.047 (bound 0.015)" where the bound is exceeded. */
static const char *show_bounded(char *text, size_t size, const char *format, double value,
                                double bound, bool exceeds)
{
    const size_t n = strlen(zg_real_show(text, size, format, value));
    if (isfinite(value) && exceeds && n < size) {
        snprintf(text + n, size - n, " (bound ");
        const size_t m = strlen(text);
        snprintf(text + m, size - m, format, bound);
        snprintf(text + strlen(text), size - strlen(text), ")");
    }
    return text;
}

/* So few probes that a single wrong sign exceeds the bound are counted: "19 of 20". */
static const char *show_signs(char *text, size_t size, const struct zg_summary_row *row,
                              double bound)
{
    const double n = (double)row->fidelity_probes, n_same = round(row->fidelity_sign * n);
    if (row->fidelity_probes > 0 && n_same < n && (n - 1) / n < bound)
        snprintf(text, size, "%.0f of %.0f signs", n_same, n);
    else
        show_bounded(text, size, "%.1f %%", 100 * row->fidelity_sign, 100 * bound,
                     row->fidelity_sign < bound);
    return text;
}

static void add_fidelity(struct zg_table *table, const struct zg_summary_row *row)
{
    const struct bounds bounds = bounds_of(row);
    char text[96];
    if (row->fidelity_probes > 0 && !isfinite(row->fidelity_rms)) {
        zg_table_real(table, row->fidelity_rms, "not finite");
        zg_table_real(table, row->fidelity_sign,
                      zg_real_show(text, sizeof text, "%.1f %%", 100 * row->fidelity_sign));
        return;
    }
    zg_table_real(table, row->fidelity_rms,
                  show_bounded(text, sizeof text, "%.2g", row->fidelity_rms, bounds.rms,
                               row->fidelity_rms > bounds.rms));
    zg_table_real(table, row->fidelity_sign, show_signs(text, sizeof text, row, bounds.sign));
}

/* "~1.25" of multiplexed counts. */
static void add_derived(struct zg_table *table, const struct zg_summary_row *row, double value)
{
    char text[64];
    zg_table_real(
        table, value,
        zg_real_show(text, sizeof text, row->counts_estimated == 1 ? "~%.3g" : "%.3g", value));
}

static int64_t make_headings(struct zg_heading *headings, const struct layout *layout,
                             char *second_text, size_t size)
{
    snprintf(second_text, size, "over %s", layout->second ? layout->second : "");
    const struct zg_heading others[] = {
        {"engine", "engine"},
        {"dtype", layout->low ? "dtype" : NULL},
        {"blocks", layout->blocks ? "blocks" : NULL},
        {"steps", layout->steps ? "steps" : NULL},
        {"step", "time of a step"},
        {"speedup", "speed-up [95 %]"},
        {"second_speedup", layout->second ? second_text : NULL},
        {"useful", "useful GFLOP/s"},
        {"share", "of peak"},
        {"then", "of peak then"},
        {"executed", "executed"},
        {"instructions_per_cycle", layout->derived ? "instr/cycle" : NULL},
        {"ghz", layout->derived ? "GHz" : NULL},
        {"bytes_per_flop", layout->derived ? "bytes/FLOP" : NULL},
        {"rss", "peak RSS MiB"},
        {"fidelity_rms", layout->fidelity ? "dL error" : NULL},
        {"fidelity_sign", layout->fidelity ? "sign match" : NULL},
        {"verified", "check"},
    };
    const int64_t n = zg_case_axes_headings(&layout->axes, headings);
    memcpy(headings + n, others, sizeof others);
    return n + (int64_t)(sizeof others / sizeof others[0]);
}

/* A bound that is exceeded stays. */
static void set_secondary(struct zg_table *table, const struct layout *layout)
{
    zg_table_set_secondary(table, layout->outside
                                      ? "blocks steps executed then bytes_per_flop ghz "
                                        "instructions_per_cycle rss useful share"
                                      : "blocks steps executed then bytes_per_flop ghz "
                                        "instructions_per_cycle rss useful share fidelity_sign "
                                        "fidelity_rms");
}

static void add_row(struct zg_table *table, const struct layout *layout, struct zg_marks *marks,
                    const struct zg_summary_row *row, const struct zg_summary_row *baseline,
                    const struct zg_summary_row *timed)
{
    char text[64];
    zg_case_axes_cells(&layout->axes, &row->id, table);
    zg_table_text(table, row->id.engine);
    zg_table_text(table, row->id.dtype);
    zg_table_integer(table, timed->n);
    zg_table_integer(table, timed->steps);
    zg_table_real(table, row->wall_s_per_step_median,
                  zg_summary_time_show(row, marks, text, sizeof text));
    add_speedup(table, row, marks, row->baseline, row->speedup, row->speedup_ci_low,
                row->speedup_ci_high);
    add_speedup(table, row, marks, row->second_baseline, row->second_speedup,
                row->second_speedup_ci_low, row->second_speedup_ci_high);
    zg_table_real(table, row->gflops_useful, NULL);
    zg_table_real(table, row->peak_share,
                  zg_real_show(text, sizeof text, "%.1f %%", 100 * row->peak_share));
    zg_table_real(table, row->peak_share_then,
                  zg_real_show(text, sizeof text, "%.1f %%", 100 * row->peak_share_then));
    zg_table_real(table, row->executed_peak_share,
                  zg_real_show(text, sizeof text, "%.1f %%", 100 * row->executed_peak_share));
    add_derived(table, row, row->instructions_per_cycle);
    add_derived(table, row, row->ghz);
    add_derived(table, row, row->bytes_per_flop);
    zg_table_real(table, row->peak_rss_mib,
                  zg_real_show(text, sizeof text, "%.0f", row->peak_rss_mib));
    add_fidelity(table, row);
    zg_table_text(table,
                  zg_verified_show(
                      text, sizeof text, row->verified, row == baseline,
                      zg_dtype_coarser(zg_dtypes_coarsest(row->id.dtype),
                                       zg_dtypes_coarsest(baseline ? baseline->id.dtype : NULL))));
}

/* What all cases have in common. */
static void print_title(const struct layout *layout, const struct zg_summary_row *rows, int64_t n,
                        int64_t n_cases)
{
    char name[1024], cases[64] = "", blocks[96] = "", steps[96] = "";
    const struct zg_summary_row *const row = timed_of(rows, n);
    if (n_cases > 1)
        snprintf(cases, sizeof cases, ", %lld cases", (long long)n_cases);
    if (!layout->blocks)
        snprintf(blocks, sizeof blocks, "%s %lld block%s", n_cases > 1 ? " of" : ",",
                 (long long)row->n, row->n == 1 ? "" : "s");
    if (!layout->steps && row->n > 0 && row->steps > 0)
        snprintf(steps, sizeof steps, " of the same %lld step%s", (long long)row->steps,
                 row->steps == 1 ? "" : "s");
    zg_page_print(stdout, "%s%s%s%s", zg_case_show(&layout->axes, row, name, sizeof name), cases,
                  blocks, steps);
}

enum zg_status zg_gap_table_print(const struct zg_summary_row *rows, int64_t n,
                                  enum zg_format format, struct zg_error *err)
{
    const bool markdown = format == ZG_FORMAT_MARKDOWN;
    struct zg_heading headings[ZG_MAX_AXIS_COLUMNS + 20];
    struct zg_table *table = NULL;
    struct zg_marks marks = {0};
    char second_text[160];
    int64_t n_cases = 0;
    if (!zg_format_is_for_people(format)) {
        const enum zg_status status = zg_table_of_rows(&table, &zg_schema_summary, rows, n, err);
        return zg_table_finish(&table, format, status, err);
    }
    const struct layout layout = layout_of(rows, n);
    enum zg_status status = zg_table_open(
        &table, headings, make_headings(headings, &layout, second_text, sizeof second_text), err);
    if (!status)
        set_secondary(table, &layout);
    for (int64_t begin = 0, end; begin < n && !status; begin = end) {
        end = zg_case_rows_end(rows, n, begin);
        const struct zg_summary_row *const baseline = baseline_of(rows + begin, end - begin);
        const struct zg_summary_row *const timed = timed_of(rows + begin, end - begin);
        for (int64_t i = begin; i < end; i++)
            add_row(table, &layout, &marks, &rows[i], baseline, timed);
        n_cases++;
    }
    if (!status && n > 0)
        print_title(&layout, rows, n, n_cases);
    printf("%s", markdown ? "\n" : "");
    status = zg_table_finish(&table, format, status, err);
    if (!status)
        zg_marks_print(&marks, markdown);
    return status;
}
