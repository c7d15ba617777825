/* summary_table.c - the table at the end: how far each engine came, how fast, and whether it went
 * the same way. */
#include <math.h>
#include <stdio.h>

#include "harness/base/page.h"
#include "harness/base/status_line.h"
#include "harness/rows/show.h"
#include "harness/train/summary.h"

static const struct zg_heading headings[] = {
    {"engine", "engine"},
    {"steps", "steps"},
    {"wall_s", "time"},
    {"wall_s_per_step", "a step"},
    {"dev_loss_last", "dev loss"},
    {"dev_metric_last", "dev"},
    {"dev_metric_best", "best (step)"},
    {"eval_metric", "eval"},
    {"target_wall_s", "to target"},
    {"speedup", "speed-up"},
    {"sign_match", "signs"},
    {"sign_match_high_signal", "of high signal"},
    {"loss_difference_last", "loss apart"},
};

/* "2 min 05 s", "12.3 s", "-" */
static const char *time_show(double s, char *text, size_t size)
{
    return s >= 60 ? zg_duration_show(s, text, (int64_t)size) : zg_step_time_show(s, text, size);
}

static void add_best(struct zg_table *table, const struct zg_train_row *row)
{
    char text[64], value[32];
    if (isfinite(row->dev_metric_best))
        snprintf(text, sizeof text, "%.3f (%lld)", row->dev_metric_best,
                 (long long)row->dev_metric_best_step);
    else if (isfinite(row->dev_loss_best))
        snprintf(text, sizeof text, "loss %s (%lld)",
                 zg_real_show(value, sizeof value, "%.4f", row->dev_loss_best),
                 (long long)row->dev_loss_best_step);
    else
        snprintf(text, sizeof text, "-");
    zg_table_real(table, row->dev_metric_best, text);
}

static void add_speedup(struct zg_table *table, const struct zg_train_row *row,
                        struct zg_marks *marks)
{
    char text[64];
    const struct zg_stats speedup = {.median = row->speedup,
                                     .low = row->speedup_ci_low,
                                     .high = row->speedup_ci_high,
                                     .has_interval = isfinite(row->speedup_ci_low)};
    zg_table_real(table, row->speedup,
                  isfinite(row->speedup) ? zg_ratio_show(&speedup, marks, text, sizeof text)
                                         : NULL);
}

static void add_share(struct zg_table *table, double share)
{
    char text[32];
    zg_table_real(table, share, zg_real_show(text, sizeof text, "%.1f %%", 100 * share));
}

/* The last columns hold one engine against another. */
static void add_row(struct zg_table *table, const struct zg_train_row *row, bool has_others,
                    struct zg_marks *marks)
{
    char text[64];
    zg_table_text(table, row->id.engine);
    zg_table_integer(table, row->steps);
    zg_table_real(table, row->wall_s, time_show(row->wall_s, text, sizeof text));
    zg_table_real(table, row->wall_s_per_step,
                  zg_step_time_show(row->wall_s_per_step, text, sizeof text));
    zg_table_real(table, row->dev_loss_last,
                  zg_real_show(text, sizeof text, "%.4f", row->dev_loss_last));
    zg_table_real(table, row->dev_metric_last,
                  zg_real_show(text, sizeof text, "%.3f", row->dev_metric_last));
    add_best(table, row);
    zg_table_real(table, row->eval_metric,
                  zg_real_show(text, sizeof text, "%.3f", row->eval_metric));
    zg_table_real(table, row->target_wall_s, time_show(row->target_wall_s, text, sizeof text));
    if (!has_others)
        return;
    add_speedup(table, row, marks);
    add_share(table, row->sign_match);
    add_share(table, row->sign_match_high_signal);
    zg_table_real(table, row->loss_difference_last,
                  zg_real_show(text, sizeof text, "%.2g", row->loss_difference_last));
}

/* "dev and eval are accuracy; target 0.8" */
static void print_legend(const struct zg_train_row *row)
{
    if (row->metric)
        zg_page_print(stdout,
                      "dev, eval: %s of %lld and %lld rows; to target: time of an engine's own "
                      "steps until dev reached %g",
                      row->metric, (long long)row->dev_rows, (long long)row->eval_rows,
                      row->target);
}

enum zg_status zg_train_table_print(const struct zg_train_row *rows, int64_t n,
                                    enum zg_format format, struct zg_error *err)
{
    struct zg_table *table = NULL;
    struct zg_marks marks = {0};
    if (!zg_format_is_for_people(format)) {
        const enum zg_status made = zg_table_of_rows(&table, &zg_schema_train, rows, n, err);
        return zg_table_finish(&table, format, made, err);
    }
    const int64_t n_columns = (int64_t)(sizeof headings / sizeof headings[0]) - (n > 1 ? 0 : 4);
    enum zg_status status = zg_table_open(&table, headings, n_columns, err);
    if (!status)
        zg_table_set_secondary(table, "loss_difference_last dev_loss_last sign_match steps");
    for (int64_t i = 0; i < n && !status; i++)
        add_row(table, &rows[i], n > 1, &marks);
    status = zg_table_finish(&table, format, status, err);
    if (status || n == 0)
        return status;
    zg_marks_print(&marks, format == ZG_FORMAT_MARKDOWN);
    print_legend(&rows[0]);
    return ZG_OK;
}
