/* gap_table.c - one table a case: times, speed-ups, rates, what low precision keeps, the check. */
#include "harness/rows/gap_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/rows/case_row.h"
#include "harness/rows/precision.h"
#include "harness/rows/show.h"
#include "harness/stats/stats.h"

static void add_speedup(struct zg_table *table, const struct zg_summary_row *row,
                        const char *baseline, double median, double low, double high)
{
    char text[96];
    const struct zg_stats stats = {
        .n = row->n, .median = median, .low = low, .high = high, .has_interval = isfinite(low)};
    if (baseline && row->id.engine && strcmp(baseline, row->id.engine) == 0 && isfinite(median))
        snprintf(text, sizeof text, "1 (baseline)");
    else
        zg_stats_show_ratio(&stats, text, sizeof text);
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
    bool low, fidelity, derived; /* a dtype below fp32, what it keeps, what counters say */
};

static struct layout layout_of(const struct zg_summary_row *rows, int64_t n)
{
    struct layout layout = {0};
    for (int64_t i = 0; i < n; i++) {
        layout.low |= zg_dtypes_coarsest(rows[i].id.dtype) != ZG_FP32;
        layout.fidelity |= rows[i].fidelity_probes > 0;
        layout.derived |= rows[i].counts_estimated != ZG_NO_INTEGER;
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

static void add_fidelity(struct zg_table *table, const struct zg_summary_row *row)
{
    enum zg_dtype dtype = ZG_FP32, dtype_d = ZG_FP32;
    char text[96];
    if (row->id.dtype)
        zg_dtypes_parse("dtype", row->id.dtype, &dtype, &dtype_d, NULL);
    const double rms_bound = zg_fidelity_rms_bound(dtype, dtype_d);
    const double sign_bound = zg_fidelity_sign_bound(dtype, dtype_d);
    if (row->fidelity_probes > 0 && !isfinite(row->fidelity_rms)) {
        zg_table_real(table, row->fidelity_rms, "not finite");
        zg_table_real(table, row->fidelity_sign,
                      zg_real_show(text, sizeof text, "%.1f %%", 100 * row->fidelity_sign));
        return;
    }
    zg_table_real(table, row->fidelity_rms,
                  show_bounded(text, sizeof text, "%.2g", row->fidelity_rms, rms_bound,
                               row->fidelity_rms > rms_bound));
    zg_table_real(table, row->fidelity_sign,
                  show_bounded(text, sizeof text, "%.1f %%", 100 * row->fidelity_sign,
                               100 * sign_bound, row->fidelity_sign < sign_bound));
}

/* "~1.25" of multiplexed counts. */
static void add_derived(struct zg_table *table, const struct zg_summary_row *row, double value)
{
    char text[64];
    zg_table_real(
        table, value,
        zg_real_show(text, sizeof text, row->counts_estimated == 1 ? "~%.3g" : "%.3g", value));
}

static enum zg_status print_case(const struct zg_summary_row *rows, int64_t n,
                                 enum zg_format format, struct zg_error *err)
{
    const struct layout layout = layout_of(rows, n);
    const bool second = rows->second_baseline && rows->second_baseline[0];
    char second_text[160];
    snprintf(second_text, sizeof second_text, "over %s", second ? rows->second_baseline : "");
    const struct zg_summary_row *const baseline = baseline_of(rows, n);
    const struct zg_heading headings[] = {
        {"engine", "engine"},
        {"dtype", layout.low ? "dtype" : NULL},
        {"step", "time of a step"},
        {"speedup", "speed-up [95 %]"},
        {"second_speedup", second ? second_text : NULL},
        {"useful", "useful GFLOP/s"},
        {"share", "of peak"},
        {"then", "of peak then"},
        {"executed", "executed"},
        {"instructions_per_cycle", layout.derived ? "instr/cycle" : NULL},
        {"ghz", layout.derived ? "GHz" : NULL},
        {"bytes_per_flop", layout.derived ? "bytes/FLOP" : NULL},
        {"rss", "peak RSS MiB"},
        {"fidelity_rms", layout.fidelity ? "dL error" : NULL},
        {"fidelity_sign", layout.fidelity ? "sign match" : NULL},
        {"verified", "check"},
    };
    struct zg_table *table = NULL;
    char text[64];
    enum zg_status status =
        zg_table_open(&table, headings, sizeof headings / sizeof headings[0], err);
    for (int64_t i = 0; i < n && !status; i++) {
        const struct zg_summary_row *const row = &rows[i];
        zg_table_text(table, row->id.engine);
        zg_table_text(table, row->id.dtype);
        zg_table_real(table, row->wall_s_per_step_median,
                      zg_step_time_show(row->wall_s_per_step_median, text, sizeof text));
        add_speedup(table, row, row->baseline, row->speedup, row->speedup_ci_low,
                    row->speedup_ci_high);
        add_speedup(table, row, row->second_baseline, row->second_speedup,
                    row->second_speedup_ci_low, row->second_speedup_ci_high);
        zg_table_real(table, row->gflops_useful,
                      zg_real_show(text, sizeof text, "%.1f", row->gflops_useful));
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
        zg_table_text(
            table, zg_verified_show(
                       text, sizeof text, row->verified, row == baseline,
                       zg_dtype_coarser(zg_dtypes_coarsest(row->id.dtype),
                                        zg_dtypes_coarsest(baseline ? baseline->id.dtype : NULL))));
    }
    return zg_table_finish(&table, format, status, err);
}

enum zg_status zg_gap_table_print(const struct zg_summary_row *rows, int64_t n,
                                  enum zg_format format, struct zg_error *err)
{
    enum zg_status status = ZG_OK;
    if (!zg_format_is_for_people(format)) {
        struct zg_table *table = NULL;
        status = zg_table_of_rows(&table, &zg_schema_summary, rows, n, err);
        return zg_table_finish(&table, format, status, err);
    }
    for (int64_t begin = 0, end; begin < n && !status; begin = end) {
        end = zg_case_rows_end(rows, n, begin);
        int64_t titled = begin; /* an engine that was timed knows the number of blocks */
        for (int64_t i = begin; i < end; i++)
            titled = rows[i].n > rows[titled].n ? i : titled;
        printf("%s", begin > 0 ? "\n" : "");
        zg_case_title_print(&rows[titled]);
        printf("%s", format == ZG_FORMAT_MARKDOWN ? "\n" : "");
        status = print_case(rows + begin, end - begin, format, err);
    }
    return status;
}
